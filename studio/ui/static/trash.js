/* The trash: takes and branches of this film, and whole films. Each can be restored, or deleted for good. */
const trash = (() => {
  const opener = h('button', { class: 'button quiet small trash-opener', hidden: true, onclick: () => open() }, icon('trash', 16), h('span', {}));
  const ago = (stamp) => (stamp ? new Date(stamp).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }) : '');
  const many = (count, word) => `${count} ${word}${count === 1 ? '' : word === 'branch' ? 'es' : 's'}`;

  const open = async () => {
    const body = h('div', { class: 'trash-body' });
    const dialog = dialogs.sheet('Trash', 'films trash', body);
    await fill(dialog, body);
  };

  const fill = async (dialog, body) => {
    const all = await client.act('trash', { known: remember.get('known', []) });
    if (!all) { dialog.close(); return; }
    const again = async (verb, fields) => { if (await client.act(verb, fields)) await fill(dialog, body); };
    const takes = all.takes.map((t) => item(t, () => again('restore_takes', { takes: [t.id] }), t.needed ? null : {
      ask: `“${t.name}” takes ${t.size || 'no room'}${t.continued ? `; what continues it, ${many(t.continued, 'take')}, goes with it` : ''}.`,
      go: () => again('empty_trash', { takes: [t.id] }) }));
    const branches = all.branches.map((b) => item(b, () => again('restore_branch', { branch: b.id }), {
      ask: `The branch “${b.name}” is a list of segments. Its takes stay.`, go: () => again('empty_trash', { branches: [b.id] }) }));
    const films = all.films.map((f) => item(f, () => again('restore_film', { key: f.id }), {
      ask: `“${f.name}”, with all its takes: ${f.size}.`, go: () => again('delete_films', { keys: [f.id] }) }));
    const ids = (list) => (list.length ? list.map((each) => each.id) : null);
    const parts = [
      part('Of this film', [...takes, ...branches],
        'A take that is restored is on no branch until you go on from it.',
        takes.length ? () => again('restore_takes', { takes: ids(all.takes) }) : null,
        { size: all.takes_weigh, what: [takes.length && many(takes.length, 'take'), branches.length && many(branches.length, 'branch')].filter(Boolean).join(' and '),
          go: () => again('empty_trash', { takes: ids(all.takes), branches: ids(all.branches) }) }),
      part('Films', films, '', null,
        { size: all.films_weigh, what: many(films.length, 'film'), go: () => again('delete_films', { keys: ids(all.films) }) }),
    ];
    const none = h('p', { class: 'hint' }, 'The trash is empty.');
    body.replaceChildren(...(parts.some(Boolean) ? parts.filter(Boolean) : [none]));
  };

  const part = (title, items, hint, restoreAll, empty) => {
    if (!items.length) return null;
    const root = h('section', { 'aria-label': title });
    const emptyIt = button('trash', `Empty · ${empty.size}`, () => confirm(root, `${empty.what}, ${empty.size}, will be deleted.`, empty.go),
      { class: 'button', 'aria-label': `Empty: ${title}` });
    const all = restoreAll ? button('undo', 'Restore all', restoreAll) : null;
    root.append(h('div', { class: 'trash-head' }, h('h3', {}, title), h('div', { class: 'pair' }, all, emptyIt)),
      ...(hint ? [h('p', { class: 'hint' }, hint)] : []), h('ul', { class: 'bin' }, ...items));
    return root;
  };

  const item = (thing, restore, remove) => {
    const row = h('li', {},
      h('span', { class: 'bin-picture' }, thing.poster ? h('img', { src: thing.poster, alt: '' }) : icon(thing.what.startsWith('Branch') ? 'branch' : 'film', 22)),
      h('div', { class: 'bin-words' }, h('b', { title: thing.name }, thing.name), h('small', {}, [thing.what, thing.size].filter(Boolean).join(' · ')),
        h('small', {}, [thing.when && `thrown away ${ago(thing.when)}`, thing.needed && 'still needed by the film'].filter(Boolean).join(' · '))),
      h('div', { class: 'bin-does' },
        h('button', { class: 'button small', 'aria-label': `Restore ${thing.name}`, onclick: restore }, 'Restore'),
        remove ? tool('close', `Delete ${thing.name} for good`, () => confirm(row, remove.ask, remove.go)) : null));
    return row;
  };

  /* Ask in place, above what is to be deleted. */
  const confirm = (where, what, go) => {
    where.querySelector('.asks')?.remove();
    const box = h('div', { class: 'asks', role: 'group', 'aria-label': 'Delete for good?' },
      h('p', {}, `${what} This cannot be undone.`),
      h('div', { class: 'pair' },
        h('button', { class: 'button small danger', onclick: (e) => { e.target.disabled = true; go(); } }, 'Delete for good'),
        h('button', { class: 'button small', onclick: () => box.remove() }, 'Keep')));
    where.append(box);
    box.scrollIntoView({ block: 'nearest' });
    box.querySelectorAll('button')[1].focus();
  };

  client.watch(({ view }) => {
    const { takes = 0, branches = 0 } = view?.trash || {};
    show(opener, takes + branches);
    say(opener.lastChild, `Trash · ${[takes && many(takes, 'take'), branches && many(branches, 'branch')].filter(Boolean).join(', ')}`);
  });
  return { opener, open };
})();
