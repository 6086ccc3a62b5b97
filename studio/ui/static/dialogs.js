/* The sheets that come up over the page: shortcuts, the model. The films' is in `library.js`, the picture's in `easel.js`, and that of exports in `export.js`. */
const dialogs = (() => {
  const holder = h('div', {});
  const sheet = (title, name, ...body) => {
    const dialog = h('dialog', { class: `sheet ${name}`, 'aria-label': title, onclose: () => dialog.remove(),
      onclick: (e) => { if (e.target === dialog) dialog.close(); } },
    h('div', { class: 'sheet-inner' },
      h('div', { class: 'sheet-head' }, h('h2', {}, title), tool('close', 'Close', () => dialog.close())), ...body.filter(Boolean)));
    holder.replaceChildren(dialog);
    dialog.showModal();
    return dialog;
  };

  const fetchFile = (url) => { const a = h('a', { href: url.split('?')[0], download: '' }); holder.append(a); a.click(); a.remove(); };

  const SHORTCUTS = [
    ['Ctrl Enter', 'Generate next'], ['Ctrl Shift Enter', 'Generate all'], ['Esc', 'Cancel; finished sections are kept'],
    ['P', 'Pause after this section; resume'],
    ['M', 'Place a marker at this moment of the film'],
    ['Ctrl Z', 'Undo'], ['Ctrl Shift Z', 'Redo'], ['Space', 'Play or pause'],
    ['I O', 'The film shows the take on the stage from this frame, or to it'],
    ['← →', 'Walk the timeline, when a frame has the focus'], ['Shift ← →', 'Move a planned segment'],
    ['↑ ↓ ← →', 'Walk the tree of takes; Enter goes there'],
    ['1 … 9', 'Among takes to choose from: walk; T takes one, S stars it, Delete drops it'],
    ['L', 'Films: the library'], ['B', 'The trash'], ['W', 'What this film weighs on the disk'], ['Ctrl V', 'Paste a reference picture'], ['?', 'This sheet'],
  ];
  const keys = () => sheet('Keyboard shortcuts', 'keys', h('dl', {}, ...SHORTCUTS.flatMap(([combo, does]) => [
    h('dt', {}, ...combo.split(' ').map((k) => h('kbd', {}, k))), h('dd', {}, does)])),
  h('p', { class: 'hint' }, 'On a Mac, ⌘ works like Ctrl.'));

  const model = () => {
    const { model: m, models, engine } = client.view;
    const others = models.filter((other) => other.name !== m.name);
    const dialog = sheet(m.title, 'model',
      h('p', { class: 'engine', 'data-state': engine.state }, engine.sentence),
      engine.placement.length ? h('ul', { class: 'placement' }, ...engine.placement.map((said) => h('li', {}, said))) : null,
      h('p', {}, m.summary),
      h('p', { class: 'hint' }, m.licence ? `Licence: ${m.licence}` : ''),
      others.length ? h('section', {}, h('h3', {}, 'Other models'), ...others.map((other) => h('div', { class: 'other' },
        h('button', { class: 'button', disabled: !other.ready,
          onclick: () => { dialog.close(); client.act('set_model', { name: other.name }); } }, `Use ${other.title}`),
        other.note ? h('p', { class: 'hint' }, other.note) : null))) : null);
  };
  return { root: holder, sheet, fetchFile, keys, model, open: () => holder.querySelector('dialog[open]') };
})();
