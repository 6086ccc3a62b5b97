/* The trash: takes and branches of this film, and whole films. Each can be restored, or deleted for good. */
const trash = (() => {
  const opener = h('button', { class: 'button quiet small trash-opener', hidden: true, onclick: () => open() }, icon('trash', 16), h('span', {}));
  const ago = (stamp) => (stamp ? timeOf(stamp) : '');
  const contents = (takes, branches) => [takes && tn('{n} take', '{n} takes', takes), branches && tn('{n} branch', '{n} branches', branches)].filter(Boolean);
  const taking = (take) => {
    const words = { take: take.name, size: take.size || t('no room') };
    return take.continued ? tn('“{take}” takes {size}; what continues it, {n} take, goes with it.', '“{take}” takes {size}; what continues it, {n} takes, goes with it.',
      take.continued, words) : t('“{take}” takes {size}.', words);
  };

  const open = async () => {
    const body = h('div', { class: 'trash-body' });
    const dialog = dialogs.sheet(t('Trash'), 'films trash', body);
    await fill(dialog, body);
  };

  const fill = async (dialog, body) => {
    const all = await client.act('trash', { known: remember.get('known', []) });
    if (!all) { dialog.close(); return; }
    const again = async (verb, fields) => { if (await client.act(verb, fields)) await fill(dialog, body); };
    const takes = all.takes.map((take) => item(take, () => again('restore_takes', { takes: [take.id] }), take.needed ? null : {
      ask: taking(take), go: () => again('empty_trash', { takes: [take.id] }) }));
    const branches = all.branches.map((b) => item(b, () => again('restore_branch', { branch: b.id }), {
      ask: t('The branch “{branch}” is a list of segments. Its takes stay.', { branch: b.name }), go: () => again('empty_trash', { branches: [b.id] }) }, 'branch'));
    const films = all.films.map((f) => item(f, () => again('restore_film', { key: f.id }), {
      ask: t('“{film}”, with all its takes: {size}.', { film: f.name, size: f.size }), go: () => again('delete_films', { keys: [f.id] }) }));
    const ids = (list) => (list.length ? list.map((each) => each.id) : null);
    const parts = [
      part(t('Of this film'), [...takes, ...branches],
        t('A take that is restored is on no branch until you go on from it.'),
        takes.length ? () => again('restore_takes', { takes: ids(all.takes) }) : null,
        { size: all.takes_weigh, what: listed(contents(takes.length, branches.length)),
          go: () => again('empty_trash', { takes: ids(all.takes), branches: ids(all.branches) }) }),
      part(t('Films'), films, all.films_kept
        ? t('This studio is shared: it deletes films {days} days after they were thrown away here.', { days: all.films_kept }) : '', null,
        { size: all.films_weigh, what: tn('{n} film', '{n} films', films.length), go: () => again('delete_films', { keys: ids(all.films) }) }),
    ];
    const none = h('p', { class: 'hint' }, t('The trash is empty.'));
    body.replaceChildren(...(parts.some(Boolean) ? parts.filter(Boolean) : [none]));
  };

  const part = (title, items, hint, restoreAll, empty) => {
    if (!items.length) return null;
    const root = h('section', { 'aria-label': title });
    const emptyIt = button('trash', t('Empty · {size}', { size: empty.size }), () => confirm(root, t('{what}, {size}, will be deleted.', { what: empty.what, size: empty.size }), empty.go),
      { class: 'button', 'aria-label': t('Empty: {what}', { what: title }) });
    const all = restoreAll ? button('undo', t('Restore all'), restoreAll) : null;
    root.append(h('div', { class: 'trash-head' }, h('h3', {}, title), h('div', { class: 'pair' }, all, emptyIt)),
      ...(hint ? [h('p', { class: 'hint' }, hint)] : []), h('ul', { class: 'bin' }, ...items));
    return root;
  };

  const item = (thing, restore, remove, kind = 'film') => {
    const row = h('li', {},
      h('span', { class: 'bin-picture' }, thing.poster ? h('img', { src: thing.poster, alt: '' }) : icon(kind, 22)),
      h('div', { class: 'bin-words' }, h('b', { title: thing.name }, thing.name), h('small', {}, [thing.what, thing.size].filter(Boolean).join(' · ')),
        h('small', {}, [thing.when && t('thrown away {when}', { when: ago(thing.when) }), thing.needed && t('still needed by the film')].filter(Boolean).join(' · '))),
      h('div', { class: 'bin-does' },
        h('button', { class: 'button small', 'aria-label': t('Restore {name}', { name: thing.name }), onclick: restore }, t('Restore')),
        remove ? tool('close', t('Delete {name} for good', { name: thing.name }), () => confirm(row, remove.ask, remove.go)) : null));
    return row;
  };

  /* Ask in place, above what is to be deleted. */
  const confirm = (where, what, go) => {
    where.querySelector('.asks')?.remove();
    const box = h('div', { class: 'asks', role: 'group', 'aria-label': t('Delete for good?') },
      h('p', {}, `${what} ${t('This cannot be undone.')}`),
      h('div', { class: 'pair' },
        h('button', { class: 'button small danger', onclick: (e) => { e.target.disabled = true; go(); } }, t('Delete for good')),
        h('button', { class: 'button small', onclick: () => box.remove() }, t('Keep'))));
    where.append(box);
    box.scrollIntoView({ block: 'nearest' });
    box.querySelectorAll('button')[1].focus();
  };

  client.watch(({ view }) => {
    const { takes = 0, branches = 0 } = view?.trash || {};
    show(opener, takes + branches);
    say(opener.lastChild, `${t('Trash')} · ${contents(takes, branches).join(', ')}`);
  });
  return { opener, open };
})();
