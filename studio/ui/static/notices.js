/* Notices: errors with a remedy, which stay until dismissed, and other messages, which leave by themselves. */
const notices = (() => {
  const root = h('section', { class: 'notices', 'aria-label': t('Notices') });

  const add = ({ message, remedy = '', kind = 'error', dismissed = null }) => {
    const twin = [...root.children].find((n) => n.dataset.message === message);
    if (twin) twin.remove();
    const leave = () => note.remove();
    const note = h('div', { class: 'notice', role: kind === 'error' ? 'alert' : 'status', 'data-kind': kind, 'data-message': message },
      icon(kind === 'error' ? 'warn' : kind === 'done' ? 'check' : 'info', 20),
      h('div', {}, h('p', {}, message), remedy ? h('p', { class: 'remedy' }, remedy) : null),
      tool('close', t('Dismiss'), () => { leave(); dismissed?.(); }));
    note.passing = !dismissed;
    root.append(note);
    const passing = [...root.children].filter((n) => n.passing);
    passing.slice(0, -4).forEach((n) => n.remove());
    if (kind !== 'error' && !dismissed) setTimeout(leave, 8000);
    return note;
  };

  /* The findings of a project, each until it is dismissed on this page or another one. */
  const findingNotes = new Map();           // project and finding -> its notice
  const findings = (project, list) => {
    const now = new Map(list.map((finding) => [`${project} ${finding.id}`, finding]));
    for (const n of root.querySelectorAll('[data-film]')) if (n.dataset.film !== project) n.remove();   // of another film
    for (const [key, note] of findingNotes) if (!now.has(key)) { note.remove(); findingNotes.delete(key); }
    for (const [key, { id, message }] of now) {
      if (!findingNotes.has(key)) findingNotes.set(key, add({ message, kind: 'found', dismissed: () => client.ask('dismiss', { finding: id }) }));
    }
  };

  /* The newest note of a job, such as smaller tiles, until it is dismissed or another job begins. */
  let lastNote = { key: '', note: null };
  const showNote = (now, project) => {
    const key = now?.note ? `${project} ${now.note}` : '';
    if (key === lastNote.key) return;
    lastNote.note?.remove();
    lastNote = { key, note: null };
    if (!key || sessionStorage.getItem('memorypack.noted') === key) return;
    lastNote.note = add({ message: now.note, kind: 'found', dismissed: () => sessionStorage.setItem('memorypack.noted', key) });
    lastNote.note.dataset.film = project;
  };

  /* How a job ended. A failure from before this page was opened is shown as well, once. */
  const job = (before, now, project) => {
    showNote(now, project);
    if (!now || now.state === before?.state && now.take === before?.take) return;
    const key = `${now.state} ${now.take} ${now.message}`;
    if (now.state === 'failed' && sessionStorage.getItem('memorypack.failed') !== key) {
      sessionStorage.setItem('memorypack.failed', key);
      add({ message: now.message || t('This take could not be rendered.'), remedy: now.remedy }).dataset.film = project;
    }
    if (now.state === 'cancelled' && before && before.state !== 'cancelled') {
      const kept = now.section > 0
        ? t('The finished sections are kept; Finish completes the take.') : t('No section was finished, so nothing of this take is kept.');
      add({ message: t('Cancelled.'), remedy: now.message || kept, kind: 'found' });
    }
  };
  return { root, add, findings, job };
})();
