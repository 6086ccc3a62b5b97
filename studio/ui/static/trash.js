/* The trash: takes that were dropped. Each can be restored, with all that it continues. */
const trash = (() => {
  const opener = h('button', { class: 'button quiet small trash-opener', hidden: true, onclick: () => open() }, icon('trash', 16), h('span', {}));
  const open = () => {
    const list = h('ul', { class: 'shelf' });
    const all = button('undo', 'Restore all', () => { dialog.close(); client.act('restore_takes', { takes: client.view.trash.map((t) => t.id) }); },
      { class: 'button' });
    const dialog = dialogs.sheet('Trash', 'films',
      h('p', { class: 'hint' }, 'Takes that you dropped. Their files are kept. A take that is restored is on no branch until you go on from it.'), all, list);
    list.replaceChildren(...client.view.trash.map((t) => {
      const item = h('li', {}, h('div', { class: 'spine' },
        h('span', { class: 'spine-picture' }, t.poster ? h('img', { src: t.poster, alt: '' }) : icon('film', 30)),
        h('b', {}, `${t.depth + 1} · ${t.prompt || 'no prompt'}`), h('small', {}, `seed ${t.seed} · ${t.length}`),
        h('button', { class: 'button small', onclick: async () => { if (await client.act('restore_takes', { takes: [t.id] })) item.remove(); } }, 'Restore')));
      return item;
    }));
  };
  client.watch(({ view }) => {
    const count = view?.trash.length || 0;
    show(opener, count);
    say(opener.lastChild, `Trash · ${count} take${count === 1 ? '' : 's'}`);
  });
  return { opener };
})();
