/* Notices: what went wrong and what to do, until dismissed; and good news, which leaves by itself. */
const notices = (() => {
  const root = h('section', { class: 'notices', 'aria-label': 'Notices' });

  const add = ({ message, remedy = '', kind = 'error' }) => {
    const twin = [...root.children].find((n) => n.dataset.message === message);
    if (twin) twin.remove();
    const leave = () => note.remove();
    const note = h('div', { class: 'notice', role: kind === 'error' ? 'alert' : 'status', 'data-kind': kind, 'data-message': message },
      icon(kind === 'error' ? 'warn' : kind === 'done' ? 'check' : 'info', 20),
      h('div', {}, h('p', {}, message), remedy ? h('p', { class: 'remedy' }, remedy) : null),
      tool('close', 'Dismiss', leave));
    root.append(note);
    while (root.children.length > 4) root.firstChild.remove();
    if (kind !== 'error') setTimeout(leave, 8000);
  };

  /* What was found on opening a project, or later: once per visit. */
  const findings = (project, list) => list.forEach((message) => {
    const key = `memorypack.told ${project} ${message}`;
    if (sessionStorage.getItem(key)) return;
    sessionStorage.setItem(key, '1');
    add({ message, kind: 'found' });
  });

  /* How a job ended. One that failed before this page came is told as well, once. */
  const job = (before, now) => {
    if (!now || now.state === before?.state && now.take === before?.take) return;
    const key = `${now.state} ${now.take} ${now.message}`;
    if (now.state === 'failed' && sessionStorage.getItem('memorypack.failed') !== key) {
      sessionStorage.setItem('memorypack.failed', key);
      add({ message: now.message || 'This take could not be rendered.', remedy: now.remedy });
    }
    if (now.state === 'cancelled' && before && before.state !== 'cancelled') {
      const kept = now.section > 0
        ? 'The finished sections are kept; Finish completes the take.' : 'No section was finished, so nothing of this take is kept.';
      add({ message: 'Cancelled.', remedy: now.message || kept, kind: 'found' });
    }
  };
  return { root, add, findings, job };
})();
