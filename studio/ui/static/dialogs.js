/* The sheets that come up over the page: shortcuts, the model. The films' is in `library.js`, the picture's in `easel.js`, and that of exports in `export.js`. */
const dialogs = (() => {
  const holder = h('div', {});
  const sheet = (title, name, ...body) => {
    const dialog = h('dialog', { class: `sheet ${name}`, 'aria-label': title, onclose: () => dialog.remove(),
      onclick: (e) => { if (e.target === dialog) dialog.close(); } },
    h('div', { class: 'sheet-inner' },
      h('div', { class: 'sheet-head' }, h('h2', {}, title), tool('close', t('Close'), () => dialog.close())), ...body.filter(Boolean)));
    holder.replaceChildren(dialog);
    dialog.showModal();
    return dialog;
  };

  const fetchFile = (url) => { const a = h('a', { href: url.split('?')[0], download: '' }); holder.append(a); a.click(); a.remove(); };

  const [CTRL, SHIFT, ENTER] = [t('Ctrl'), t('Shift'), t('Enter')];
  const SHORTCUTS = [
    [[CTRL, ENTER], t('Generate next')], [[CTRL, SHIFT, ENTER], t('Generate all')], [[t('Esc')], t('Cancel; finished sections are kept')],
    ['P', t('Pause after this section; resume')],
    ['M', t('Place a marker at this moment of the film')],
    [[CTRL, 'Z'], t('Undo')], [[CTRL, SHIFT, 'Z'], t('Redo')], [[t('Space')], t('Play or pause')],
    [['I', 'O'], t('The film shows the take on the stage from this frame, or to it')],
    [['←', '→'], t('Walk the timeline, when a frame has the focus')], [[SHIFT, '←', '→'], t('Move a planned segment')],
    [['↑', '↓', '←', '→'], t('Walk the tree of takes; Enter goes there')],
    [['1', '…', '9'], t('Among takes to choose from: walk; T takes one, S stars it, Delete drops it')],
    ['L', t('Films: the library')], ['B', t('The trash')], ['W', t('What this film weighs on the disk')], [[CTRL, 'V'], t('Paste a reference picture')], ['?', t('This sheet')],
  ];
  const keys = () => sheet(t('Keyboard shortcuts'), 'keys', h('dl', {}, ...SHORTCUTS.flatMap(([combo, does]) => [
    h('dt', {}, ...[...combo].map((k) => h('kbd', {}, k))), h('dd', {}, does)])),
  h('p', { class: 'hint' }, t('On a Mac, ⌘ works like Ctrl.')));

  const model = () => {
    const { model: m, models, engine } = client.view;
    const others = models.filter((other) => other.name !== m.name);
    const dialog = sheet(m.title, 'model',
      h('p', { class: 'engine', 'data-state': engine.state }, engine.sentence),
      engine.placement.length ? h('ul', { class: 'placement' }, ...engine.placement.map((said) => h('li', {}, said))) : null,
      engine.workers.length ? h('ul', { class: 'placement workers' }, ...engine.workers.map(({ words }) => h('li', {}, words))) : null,
      engine.waiting ? h('p', {}, engine.waiting) : null,
      h('p', {}, m.summary),
      h('p', { class: 'hint' }, m.licence ? t('Licence: {licence}', { licence: m.licence }) : ''),
      others.length ? h('section', {}, h('h3', {}, t('Other models')), ...others.map((other) => h('div', { class: 'other' },
        h('button', { class: 'button', disabled: !other.ready,
          onclick: () => { dialog.close(); client.act('set_model', { name: other.name }); } }, t('Use {model}', { model: other.title })),
        other.note ? h('p', { class: 'hint' }, other.note) : null))) : null);
  };
  return { root: holder, sheet, fetchFile, keys, model, open: () => holder.querySelector('dialog[open]') };
})();
