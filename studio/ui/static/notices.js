/* Notices: what went wrong and what to do, until dismissed; and good news, which leaves by itself. */
const notices = (() => {
  const root = h('section', { class: 'notices', 'aria-label': 'Notices' });

  const add = ({ message, remedy = '', kind = 'error', dismissed = null }) => {
    const twin = [...root.children].find((n) => n.dataset.message === message);
    if (twin) twin.remove();
    const leave = () => note.remove();
    const note = h('div', { class: 'notice', role: kind === 'error' ? 'alert' : 'status', 'data-kind': kind, 'data-message': message },
      icon(kind === 'error' ? 'warn' : kind === 'done' ? 'check' : 'info', 20),
      h('div', {}, h('p', {}, message), remedy ? h('p', { class: 'remedy' }, remedy) : null),
      tool('close', 'Dismiss', () => { leave(); dismissed?.(); }));
    note.passing = !dismissed;
    root.append(note);
    const passing = [...root.children].filter((n) => n.passing);
    passing.slice(0, -4).forEach((n) => n.remove());
    if (kind !== 'error' && !dismissed) setTimeout(leave, 8000);
    return note;
  };

  /* What was found on opening a project, or later: until it is dismissed, on this page or another one. */
  const told = new Map();           // project and finding -> its notice
  const findings = (project, list) => {
    const now = new Map(list.map((message) => [`${project} ${message}`, message]));
    for (const n of root.querySelectorAll('[data-film]')) if (n.dataset.film !== project) n.remove();   // of another film
    for (const [key, note] of told) if (!now.has(key)) { note.remove(); told.delete(key); }
    for (const [key, message] of now) {
      if (!told.has(key)) told.set(key, add({ message, kind: 'found', dismissed: () => desk.ask('dismiss', { finding: message }) }));
    }
  };

  /* What is otherwise now than a job began, quietly: the newest such word, until it is dismissed or another job begins. */
  let noted = { key: '', note: null };
  const changed = (now, project) => {
    const key = now?.note ? `${project} ${now.note}` : '';
    if (key === noted.key) return;
    noted.note?.remove();
    noted = { key, note: null };
    if (!key || sessionStorage.getItem('memorypack.noted') === key) return;
    noted.note = add({ message: now.note, kind: 'found', dismissed: () => sessionStorage.setItem('memorypack.noted', key) });
    noted.note.dataset.film = project;
  };

  /* How a job ended. One that failed before this page came is told as well, once. */
  const job = (before, now, project) => {
    changed(now, project);
    if (!now || now.state === before?.state && now.take === before?.take) return;
    const key = `${now.state} ${now.take} ${now.message}`;
    if (now.state === 'failed' && sessionStorage.getItem('memorypack.failed') !== key) {
      sessionStorage.setItem('memorypack.failed', key);
      add({ message: now.message || 'This take could not be rendered.', remedy: now.remedy }).dataset.film = project;
    }
    if (now.state === 'cancelled' && before && before.state !== 'cancelled') {
      const kept = now.section > 0
        ? 'The finished sections are kept; Finish completes the take.' : 'No section was finished, so nothing of this take is kept.';
      add({ message: 'Cancelled.', remedy: now.message || kept, kind: 'found' });
    }
  };
  return { root, add, findings, job };
})();
