/* The tool that marks what stands in front: strokes over it and over its ground, how far behind it the ground lies, and what was found. */
const subject = (() => {
  const ADD = '#8fe3ad';
  const TAKE = '#ff8577';
  const TINT = '#f2935c';
  const THICK = 0.02;               // of the brush, as a share of the picture's longer side
  let adds = true;
  let order = [];                   // which kind each stroke of this visit was, for "Undo stroke"
  let shape = null;                 // canvases of the mask: { tint, rim, share }; null: there is none yet
  let wanted = 0;                   // number of the newest question for a mask
  let asked = '';                   // strokes that the mask belongs to
  let parts = {};

  const now = () => easel.marks().subject || { strokes: [], ground: [], depth: 2 };
  const put = (changes, pause) => easel.change({ ...easel.marks(), subject: { ...now(), ...changes } }, pause);
  const count = () => now().strokes.length + now().ground.length;

  const brush = makeBrush({
    changed: () => easel.redraw(),
    told: (words) => easel.tell(words),
    done: (stroke) => {
      const { strokes } = client.view.marks.limits;
      if (count() >= strokes) { easel.tell(t('There are {strokes} strokes, which is the most. Undo one first.', { strokes })); return; }
      if (!adds && !now().strokes.length) { easel.tell(t('Mark what stands in front first; then take away what does not belong to it.')); return; }
      order.push(adds);
      easel.stroke();
      put(adds ? { strokes: [...now().strokes, stroke] } : { ground: [...now().ground, stroke] }, 0);
      easel.tell(adds ? t('Added a stroke over the subject.') : t('Added a stroke over the ground.'));
    },
  });

  const undo = () => {
    const { strokes, ground } = now();
    const last = order.length ? order.pop() : !ground.length;
    easel.stroke();
    if (last && strokes.length) put({ strokes: strokes.slice(0, -1), ground: strokes.length > 1 ? ground : [] }, 0);
    else put({ ground: ground.slice(0, -1) }, 0);
  };
  const clear = () => { order = []; easel.stroke(); easel.change({ ...easel.marks(), subject: null }, 0); };

  /* The canvas of a mask: tinted where the subject is, and a white rim around it. */
  const paint = (image) => {
    const layer = () => Object.assign(document.createElement('canvas'), { width: image.naturalWidth, height: image.naturalHeight });
    const [tint, rim] = [layer(), layer()];
    const [a, b] = [tint.getContext('2d', { willReadFrequently: true }), rim.getContext('2d')];
    a.drawImage(image, 0, 0);
    const { data } = a.getImageData(0, 0, tint.width, tint.height);
    let sum = 0;
    for (let i = 3; i < data.length; i += 4) sum += data[i];
    a.globalCompositeOperation = 'source-in';
    a.fillStyle = TINT;
    a.fillRect(0, 0, tint.width, tint.height);
    const wide = Math.max(1.5, image.naturalWidth / 400);
    for (let turn = 0; turn < 12; turn += 1) b.drawImage(image, wide * Math.cos(turn * Math.PI / 6), wide * Math.sin(turn * Math.PI / 6));
    b.globalCompositeOperation = 'destination-out';
    b.drawImage(image, 0, 0);
    return { tint, rim, share: sum / (255 * data.length / 4) };
  };
  const find = async () => {
    const { strokes, ground } = now();
    const key = JSON.stringify([strokes, ground]);
    if (key === asked) return;
    asked = key;
    if (!strokes.length) { shape = null; wanted += 1; easel.redraw(); return; }
    const mine = (wanted += 1);
    easel.redraw();
    const answer = await client.askAside('subject_mask');
    if (mine !== wanted) return;
    const image = answer?.mask && Object.assign(new Image(), { src: answer.mask });
    await image?.decode?.().catch(() => null);
    if (mine !== wanted) return;
    shape = image?.naturalWidth ? paint(image) : null;
    parts.waits = 0;
    easel.redraw();
  };

  const draw = (glass) => {
    const { strokes, ground } = now();
    const { pen, width, height } = glass;
    const thick = Math.max(3, THICK * Math.max(width, height));
    const fresh = asked === JSON.stringify([strokes, ground]);
    if (shape) {
      pen.globalAlpha = 0.42;
      pen.drawImage(shape.tint, 0, 0, width, height);
      pen.globalAlpha = 1;
      pen.filter = 'drop-shadow(0 0 1.5px #000)';
      pen.drawImage(shape.rim, 0, 0, width, height);
      pen.filter = 'none';
    }
    pen.globalAlpha = shape ? 0.5 : 0.85;
    for (const stroke of strokes) glass.line(stroke, thick, ADD);
    for (const stroke of ground) glass.line(stroke, thick, TAKE);
    pen.globalAlpha = 0.9;
    if (brush.stroke) glass.line(brush.stroke, thick, adds ? ADD : TAKE);
    pen.globalAlpha = 1;
    const at = brush.keyed ? brush.cursor : brush.hover;
    if (at) glass.ring(at, thick, adds ? ADD : TAKE, brush.keyed);
    const words = !strokes.length ? t('Nothing is marked: the whole picture lies at one distance.')
      : !fresh || (wanted && !shape) ? t('Finding its edge…') : t('Found: {share} % of the picture stands in front.', { share: Math.max(1, Math.round(100 * shape.share)) });
    say(parts.found.lastChild, words);
    parts.found.firstChild.replaceWith(icon(shape && strokes.length ? 'check' : 'info', 17));
    set(parts.found, 'data-kind', shape && strokes.length ? 'good' : null);
    for (const b of parts.kinds.children) set(b, 'aria-pressed', String((b.dataset.kind === 'add') === adds));
    parts.undo.disabled = parts.clear.disabled = !count();
    show(parts.deep, strokes.length);
    const { depth } = now();
    if (document.activeElement !== parts.depth) parts.depth.value = depth;
    parts.depth.style.setProperty('--at', (depth - 1) / 4);
    const far = depth < 1.05 ? t('One distance: they move together.') : t('The ground lies {times} times as far away.', { times: numeral(depth, 1) });
    say(parts.far, far);
    set(parts.depth, 'aria-valuetext', far);
    parts.deep.style.setProperty('--far', `${18 + 20 * (depth - 1)}%`);
  };

  const make = () => {
    order = [];
    shape = null;
    asked = '';
    const kind = (does, label, name) => h('button', { 'data-kind': does, onclick: () => { adds = does === 'add'; easel.redraw(); } }, icon(name, 15), label);
    const depth = h('input', { type: 'range', min: 1, max: 5, step: 0.1, 'aria-label': t('Depth'), onfocus: () => easel.stroke(),
      onpointerdown: () => easel.stroke(), oninput: () => put({ depth: Number(depth.value) }, 250) });
    parts = {
      depth, far: h('p', { class: 'hint' }),
      found: h('div', { class: 'frame-fact', role: 'status' }, icon('info', 17), h('span', {})),
      kinds: h('div', { class: 'switch wide', role: 'group', 'aria-label': t('What the brush does') },
        kind('add', t('Add'), 'plus'), kind('take', t('Take away'), 'minus')),
      undo: button('undo', t('Undo stroke'), undo), clear: button('trash', t('Clear'), clear),
    };
    parts.deep = h('div', { class: 'deep' },
      h('div', { class: 'deep-plan', 'aria-hidden': 'true' }, h('i', { class: 'eye' }), h('i', { class: 'near' }), h('i', { class: 'far' })),
      h('label', { class: 'slide' }, h('span', {}, t('Flat')), depth, h('span', {}, t('Deep'))), parts.far);
    find();
    return [
      h('p', { class: 'hint', id: 'mp-subject-keys' }, t('Draw over what stands in front of its ground. Then a camera that moves shows the two at their distances. '),
        h('span', { class: 'for-keys' }, t('With keys: arrows move the brush, space begins and ends a stroke.'))),
      parts.kinds, h('div', { class: 'pair' }, parts.undo, parts.clear), parts.found, parts.deep,
    ];
  };
  return { id: 'subject', label: t('Subject'), icon: 'brush', brush, make, draw, sent: find, describe: 'mp-subject-keys', marks: true,
    key: (e) => brush.key(e) };
})();
