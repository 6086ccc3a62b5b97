/* The top bar: the film's title, its model, picture shape and preset. */
const header = (() => {
  const title = h('input', { class: 'title', 'aria-label': 'Film title', maxlength: 120, spellcheck: 'false',
    onfocus: () => newStroke(title),
    oninput: () => { title.dataset.dirty = '1'; fit(); client.later('title', rename); },
    onblur: () => client.flush(),
    onkeydown: (e) => { if (e.key === 'Enter') title.blur(); } });
  const rename = () => settle(title, client.ask('rename', { name: title.value, stroke: title.dataset.stroke }));
  const fit = () => { title.size = Math.min(40, Math.max(6, title.value.length)); };

  const lamp = h('button', { class: 'lamp', onclick: () => dialogs.model() },
    h('i', { 'aria-hidden': 'true' }), h('span', { class: 'lamp-model' }), h('span', { class: 'lamp-state' }));
  const shapes = h('div', { class: 'shapes', role: 'group', 'aria-label': 'Picture shape' });
  const preset = makeMenu('Preset', (name) => client.act('apply_preset', { name }));
  const light = tool('sun', 'Switch between light and dark', () => {
    const dark = document.body.classList.toggle('dark');
    remember.put('dark', dark);
  }, { class: 'tool light' });
  light.append(icon('moon'));

  const root = h('header', { class: 'bar' },
    h('div', { class: 'brand' }, mark(30), h('h1', {}, h('b', {}, 'MemoryPack'), ' Studio')),
    h('div', { class: 'film' },
      title, tool('films', 'Open another film', () => dialogs.films())),
    h('div', { class: 'set' }, lamp, shapes, preset.opener, preset.list),
    h('div', { class: 'ends' },
      button('export', 'Export', () => dialogs.exports(), { class: 'button quiet', 'aria-label': 'Export' }),
      tool('keys', 'Keyboard shortcuts (?)', () => dialogs.keys()), light));

  const outline = ([w, hgt]) => {
    const k = 15 / Math.max(w, hgt);
    return svg('svg', {
      width: 18, height: 18, viewBox: '-9 -9 18 18', 'aria-hidden': 'true', class: 'icon', fill: 'none', stroke: 'currentColor', 'stroke-width': 1.6,
    },
      svg('rect', { x: -w * k / 2, y: -hgt * k / 2, width: w * k, height: hgt * k, rx: 1.6 }));
  };
  let drawn = '';
  const options = (view) => {
    preset.draw(view.presets, view.preset);
    const wanted = JSON.stringify(view.sizes);
    if (wanted === drawn) return;
    drawn = wanted;
    shapes.replaceChildren(...view.sizes.map(({ size, shape }) => h('button', {
      class: 'tool', 'data-size': size.join('x'), 'aria-label': `${shape}, ${size.join(' by ')} pixels`,
      title: `${shape}, ${size.join(' × ')}`, onclick: () => client.act('set_size', { width: size[0], height: size[1] }),
    }, outline(size))));
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
    for (const b of shapes.children) set(b, 'aria-pressed', String(b.dataset.size === view.size.join('x')));
  });
  return { root };
})();
