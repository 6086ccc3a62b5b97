/* The tool for what moves by itself: a stroke says where it flows and whither; each has a name for prompts, a speed and a width. */
const flow = (() => {
  const NAMES = ['water', 'clouds', 'smoke', 'hair', 'flames', 'curtain'];
  const COLOURS = ['#7cc4ff', '#ffd36e', '#cdb0ff', '#8fe3ad'];
  let next = { name: 'water', width: 0.1, speed: 0.05 };        // of the flow that is drawn next
  let chosen = -1;                  // index of the selected flow; -1: none is
  let timer = 0;
  let parts = {};

  const flows = () => easel.marks().flows;
  const now = () => flows()[chosen] || next;
  const put = (list, pause) => easel.change({ ...easel.marks(), flows: list }, pause);
  /* Change the selected flow, or the one that is drawn next. */
  const alter = (changes, pause = 0) => {
    next = { ...next, ...changes };
    if (flows()[chosen]) put(flows().map((each, i) => (i === chosen ? { ...each, ...changes } : each)), pause);
    else easel.redraw();
  };
  const colour = (name) => COLOURS[[...new Set(flows().map((each) => each.name))].indexOf(name)] || COLOURS[new Set(flows().map((each) => each.name)).size] || COLOURS[3];
  const select = (index) => {
    chosen = index;
    if (flows()[index]) { const { name, width, speed } = flows()[index]; next = { name, width, speed }; }
    easel.redraw();
  };
  const remove = (index) => {
    easel.stroke();
    const { name } = flows()[index];
    chosen = -1;
    put(flows().filter((_, i) => i !== index), 0);
    easel.tell(t('Deleted the flow {number}, {name}.', { number: index + 1, name }));
    parts.area?.focus();
  };

  const under = (point) => {
    const { glass } = easel;
    const hits = flows().map((each, i) => [glass.distance(each.stroke, point), i, Math.max(12, each.width * glass.width / 2)])
      .filter(([far, , most]) => far <= most).sort((a, b) => a[0] - b[0]);
    return hits.length ? hits[0][1] : -1;
  };
  const brush = makeBrush({
    changed: () => easel.redraw(),
    told: (words) => easel.tell(words),
    done: (stroke) => {
      if (easel.glass.length(stroke) < 14) {                   // a click: it selects
        select(under(stroke[0]));
        easel.tell(chosen < 0 ? t('No flow is selected.') : t('Selected the flow {number}, {name}.', { number: chosen + 1, name: now().name }));
        return;
      }
      const { flows: most } = client.view.marks.limits;
      if (flows().length >= most) { easel.tell(t('There are {most} flows, which is the most. Delete one first.', { most })); return; }
      easel.stroke();
      chosen = flows().length;
      put([...flows(), { ...next, stroke }], 0);
      easel.tell(t('Drew a flow of {name}.', { name: next.name }));
    },
  });

  const drawOne = (glass, each, selected, seconds) => {
    const { pen } = glass;
    const tone = colour(each.name);
    const wide = each.width * glass.width;
    pen.globalAlpha = selected ? 0.34 : 0.2;
    glass.line(each.stroke, wide, tone);
    pen.globalAlpha = selected ? 1 : 0.75;
    if (selected) glass.line(each.stroke, 4.5, '#000a');
    glass.line(each.stroke, selected ? 2 : 1.4, tone);
    const long = glass.length(each.stroke);
    const gap = Math.max(26, Math.min(64, wide * 0.9));
    const many = Math.max(1, Math.floor(long / gap));
    const size = Math.max(6, Math.min(13, wide * 0.22));
    for (let i = 0; i < many; i += 1) {
      const way = ((i + 0.5) * long / many + seconds * each.speed * glass.width) % long;
      const { at, to } = glass.along(each.stroke, way);
      pen.globalAlpha = Math.min(1, 4 * way / long, 4 * (1 - way / long)) * (selected ? 1 : 0.85);
      glass.arrow(at, to, size + 2.5, '#0009');
      glass.arrow(at, to, size, '#fff');
    }
    pen.globalAlpha = 1;
    const end = glass.along(each.stroke, long);
    glass.arrow(end.at, end.to, size + 5, '#000a');
    glass.arrow(end.at, end.to, size + 3, tone);
  };
  const draw = (glass) => {
    const seconds = still.matches ? 0 : performance.now() / 1000;
    const list = flows();
    if (chosen >= list.length) chosen = -1;
    list.forEach((each, i) => drawOne(glass, each, i === chosen, seconds));
    list.forEach((each, i) => glass.label(each.name, each.stroke[0], colour(each.name), i === chosen));
    const wide = next.width * glass.width;
    if (brush.stroke) {
      glass.pen.globalAlpha = 0.4;
      glass.line(brush.stroke, wide, colour(next.name));
      glass.pen.globalAlpha = 1;
      glass.line(brush.stroke, 2, '#fff');
    }
    const at = brush.keyed ? brush.cursor : brush.hover;
    if (at) glass.ring(at, wide, '#fff', brush.keyed);
    cancelAnimationFrame(timer);
    if (list.length && !still.matches) timer = requestAnimationFrame(() => easel.paint());
  };

  const span = (share) => (share < 1.95 ? numeral(share, 1) : numeral(Math.round(share)));
  const sliders = {
    speed: { label: t('Speed'), ends: [t('Slow'), t('Fast')], told: (speed) => t('Crosses the picture in {seconds} seconds.', { seconds: span(1 / speed) }) },
    width: { label: t('Width of the brush'), ends: [t('Fine'), t('Broad')], told: (width) => t('The brush is {share} % of the picture wide.', { share: Math.round(100 * width) }) },
  };
  const slider = (key) => {
    const { label, ends } = sliders[key];
    const input = h('input', { type: 'range', min: 0, max: 100, step: 1, 'aria-label': label, onfocus: () => easel.stroke(),
      onpointerdown: () => easel.stroke(), oninput: () => {
        const [least, most] = client.view.marks.limits[key];
        alter({ [key]: Number((least * (most / least) ** (input.value / 100)).toPrecision(3)) }, 250);
      } });
    return { input, row: h('label', { class: 'slide', title: label }, h('span', {}, ends[0]), input, h('span', {}, ends[1])) };
  };

  const drawPanel = () => {
    const list = flows();
    const { limits } = client.view.marks;
    say(parts.title, list[chosen] ? t('Flow {number}', { number: chosen + 1 }) : list.length ? t('The next flow') : t('The first flow'));
    for (const b of parts.names.children) {
      if (b.dataset.name) set(b, 'aria-pressed', String(b.dataset.name === now().name));
    }
    if (document.activeElement !== parts.own) parts.own.value = NAMES.includes(now().name) ? '' : now().name;
    for (const key of ['speed', 'width']) {
      const [least, most] = limits[key];
      const at = 100 * Math.log(now()[key] / least) / Math.log(most / least);
      const { input } = parts[key];
      if (document.activeElement !== input || Math.abs(input.value - at) > 1.5) input.value = at;
      set(input, 'aria-valuetext', sliders[key].told(now()[key]));
    }
    say(parts.pace, sliders.speed.told(now().speed));
    parts.turn.disabled = parts.remove.disabled = !list[chosen];
    keyed(parts.list, parts.rows, list.map((each, index) => ({ ...each, id: index })), ({ id }) => h('li', {},
      h('button', { class: 'flow-row', onclick: () => select(id) }, h('i', {}), h('span', {}))), (row, each, index) => {
      const [pick] = row.children;
      pick.firstChild.style.background = colour(each.name);
      say(pick.lastChild, each.name);
      set(pick, 'aria-pressed', String(index === chosen));
      set(pick, 'aria-label', t('Flow {number}, {name}', { number: index + 1, name: each.name }));
    });
    show(parts.list, list.length);
  };

  const make = () => {
    chosen = -1;
    const own = h('input', { class: 'field-text own-name', maxlength: 24, placeholder: t('own word'), 'aria-label': t('Own word for the flow'),
      onchange: () => { const word = own.value.trim().toLowerCase(); if (word) { easel.stroke(); alter({ name: word }); } },
      onkeydown: (e) => { if (e.key === 'Enter') { e.preventDefault(); own.blur(); } } });
    parts = {
      own, rows: new Map(), list: h('ul', { class: 'flow-list', 'aria-label': t('Flows') }), title: h('h3', {}), pace: h('p', { class: 'hint' }),
      names: h('div', { class: 'flow-names', role: 'group', 'aria-label': t('Name of the flow') }, ...NAMES.map((name) =>
        h('button', { class: 'word', 'data-name': name, onclick: () => { easel.stroke(); alter({ name }); } }, name)), own),
      speed: slider('speed'), width: slider('width'),
      turn: button('turn', t('Turn round'), () => { easel.stroke(); alter({ stroke: [...now().stroke].reverse() }); }, { class: 'button small' }),
      remove: button('trash', 'Delete', () => remove(chosen), { class: 'button small' }),
    };
    return [
      h('p', { class: 'hint', id: 'mp-flow-keys' }, t('Draw along the way something flows. It flows in the film until a prompt stops it: “the water stops”. '),
        h('span', { class: 'for-keys' }, t('A click selects a flow. With keys: arrows move the brush, space begins and ends a stroke.')),
        h('span', { class: 'for-fingers' }, t('A tap selects a flow.'))),
      parts.list, parts.title, parts.names, parts.speed.row, parts.pace, parts.width.row, h('div', { class: 'pair' }, parts.turn, parts.remove),
    ];
  };
  const key = (e) => {
    if ((e.key === 'Delete' || e.key === 'Backspace') && flows()[chosen]) { remove(chosen); return true; }
    if (e.key === 'Escape' && chosen >= 0 && !brush.stroke) { select(-1); return true; }
    return brush.key(e);
  };
  return { id: 'flow', label: t('Flow'), icon: 'flow', brush, make, draw, drawPanel, key, describe: 'mp-flow-keys', marks: true };
})();
