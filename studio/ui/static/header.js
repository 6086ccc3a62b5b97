/* The top bar: the film's title, its model, picture shape and preset. */
const header = (() => {
  const title = h('input', { class: 'title', 'aria-label': t('Film title'), maxlength: 120, spellcheck: 'false',
    onfocus: () => newStroke(title),
    oninput: () => { title.dataset.dirty = '1'; fit(); client.later('title', rename); },
    onblur: () => client.flush(),
    onkeydown: (e) => { if (e.key === 'Enter') title.blur(); } });
  const rename = () => settle(title, client.ask('rename', { name: title.value, stroke: title.dataset.stroke }));
  const fit = () => put(title, 'size', Math.min(40, Math.max(6, title.value.length)));

  const lamp = h('button', { class: 'lamp', onclick: () => dialogs.model() },
    h('i', { 'aria-hidden': 'true' }), h('span', { class: 'lamp-model' }), h('span', { class: 'lamp-state' }));
  const shapes = h('div', { class: 'shapes', role: 'group', 'aria-label': t('Picture shape') });
  const size = makeMenu(t('Size'), (name) => setSize(name.split('x').map(Number)));
  const preset = makeMenu(t('Preset'), (name) => (name === OWN ? presetSheet.open() : client.act('apply_preset', { name })));
  const OWN = '…';                  // no preset has this name: what opens the sheet of own ones
  const light = tool('sun', t('Switch between light and dark'), () => {
    const dark = document.body.classList.toggle('dark');
    remember.put('dark', dark);
  }, { class: 'tool light' });
  light.append(icon('moon'));
  const tongue = makeMenu(t('Language'), chooseLanguage, 'globe');
  tongue.draw(Object.entries(LANGUAGES).map(([code, name]) => ({ name: code, title: name, lang: code })), language);

  const root = h('header', { class: 'bar' },
    h('div', { class: 'brand' }, mark(30), h('h1', {}, h('b', {}, 'MemoryPack'), h('span', {}, ' Studio'))),
    h('div', { class: 'film' },
      title, tool('films', t('Open another film'), () => library.open())),
    h('div', { class: 'set' }, lamp, shapes, size.opener, size.list, preset.opener, preset.list),
    h('div', { class: 'ends' },
      button('export', t('Export'), () => exportSheet.open(), { class: 'button quiet', 'aria-label': t('Export') }),
      tool('keys', t('Keyboard shortcuts (?)'), () => dialogs.keys()), tongue.opener, tongue.list, light, ...account.parts));

  const outline = ([w, hgt]) => {
    const k = 15 / Math.max(w, hgt);
    return svg('svg', {
      width: 18, height: 18, viewBox: '-9 -9 18 18', 'aria-hidden': 'true', class: 'icon', fill: 'none', stroke: 'currentColor', 'stroke-width': 1.6,
    },
      svg('rect', { x: -w * k / 2, y: -hgt * k / 2, width: w * k, height: hgt * k, rx: 1.6 }));
  };
  const setSize = ([width, height]) => client.act('set_size', { width, height });
  const area = ([w, hgt]) => w * hgt;
  const shapeOf = (view) => view.sizes.find((one) => one.size.join() === view.size.join())?.shape;
  /* A button for each shape takes the size of that shape nearest to the present one; the menu has all sizes of the present shape. */
  const nearest = (view, shape) => view.sizes.filter((one) => one.shape === shape).map((one) => one.size)
    .reduce((a, b) => (Math.abs(area(b) - area(view.size)) < Math.abs(area(a) - area(view.size)) ? b : a));
  let drawn = '';
  const options = (view) => {
    const own = { name: OWN, title: t('Your own…'), description: t('Set steps and guidance yourself, under a name.') };
    preset.draw(view.settings.can_save ? [...view.presets, own] : view.presets, view.preset);
    const present = shapeOf(view), same = view.sizes.filter((one) => one.shape === present);
    size.draw(same.map((one) => ({ name: one.size.join('x'), title: one.size.join(' × '), description: one.note })), view.size.join('x'));
    show(size.opener, same.length >= 2);
    const wanted = JSON.stringify([view.sizes, view.size]);
    if (wanted === drawn) return;
    drawn = wanted;
    const names = [...new Set(view.sizes.map((one) => one.shape))];
    shapes.replaceChildren(...names.map((shape) => {
      const best = shape === present ? view.size : nearest(view, shape);
      return h('button', {
        class: 'tool', 'aria-label': t('{shape}, {width} by {height} pixels', { shape, width: best[0], height: best[1] }), title: `${shape}, ${best.join(' × ')}`,
        'aria-pressed': String(shape === present), onclick: () => setSize(best),
      }, outline(best));
    }));
  };

  client.watch(({ view }) => {
    if (!view) return;
    options(view);
    refill(title, view.name);
    fit();
    const names = `${view.name} · MemoryPack Studio`;
    if (document.title !== names) document.title = names;
    set(lamp, 'data-state', view.engine.state);
    set(lamp, 'title', view.engine.sentence);
    set(lamp, 'aria-label', `${view.model.title}. ${view.engine.sentence}`);
    say(lamp.children[1], view.model.title);
    say(lamp.children[2], view.engine.short);
  });
  return { root };
})();
