/* Editing the memory: takes that are pinned into it, and places of its map that are painted over to be forgotten. */
const memoryMap = (() => {
  const BRUSH = 1.1;        // cells from the pointer's cell to others that it paints
  let dialog = null;
  let sent = '';            // what was last received or sent, so that a stroke in progress is not lost
  let forgets = true;       // whether the brush forgets, or takes that back
  let cells = new Set();
  let stroke = null;        // the cell painted last, while the pointer is down
  let cursor = null;        // the cell of the keyboard, as column and row from the picture's corner

  const picture = h('img', { alt: '' });
  const canvas = h('canvas', { tabindex: 0, role: 'application', 'aria-label': t('Map of the memory: arrow keys move, Space paints'),
    'aria-describedby': 'mp-map-now',
    onpointerdown: (e) => { if (!ready()) return; canvas.setPointerCapture(e.pointerId); stroke = at(e); cursor = null; paint(stroke); },
    onpointermove: (e) => { if (stroke) drag(at(e)); },
    onpointerup: () => finish(), onpointercancel: () => finish(),
    onkeydown: (e) => press(e), onblur: () => { cursor = null; drawCells(); } });
  const figure = h('figure', { class: 'map-figure' }, picture, canvas);
  const now = h('p', { class: 'hint', id: 'mp-map-now', role: 'status' });
  const kinds = [[true, t('Forget')], [false, t('Keep')]].map(([value, name]) =>
    h('button', { title: value ? t('Paint places that are to be forgotten') : t('Paint over forgotten places to keep them'), onclick: () => { forgets = value; client.put({}); } }, name));
  const nothing = button('undo', t('Forget nothing'), () => { cells = new Set(); send(); }, { class: 'button quiet small' });
  const tools = h('div', { class: 'map-tools' }, h('div', { class: 'switch', role: 'group', 'aria-label': t('Brush') }, ...kinds), nothing);
  const about = h('p', { class: 'hint' });
  const pin = button('pin', '', () => client.act(client.onStage().pinned ? 'unpin' : 'pin', { take: client.onStage().id }));
  const drop = button('brush', '', () => client.act(client.onStage().forgotten ? 'remember_take' : 'forget_take', { take: client.onStage().id }));
  const pins = h('ul', { class: 'pins', 'aria-label': t('Pinned takes') });
  const kept = new Map();
  const gone = h('ul', { class: 'pins', 'aria-label': t('Forgotten takes') });
  const dropped = new Map();
  const pinning = h('p', { class: 'hint' });
  const dropping = h('section', {}, h('h3', {}, t('Forgotten takes')), h('p', { class: 'hint' }, t('What a forgotten take wrote into the memory is not read by takes '
    + 'that are made from now on. What later takes had seen of it stays in what they wrote.')), gone, drop);

  const shown = () => client.view.memory.map;
  const ready = () => Boolean(shown().part && shown().segment && !shown().problem);
  const mod = (value, count) => ((value % count) + count) % count;
  /* The number of a cell on the map, which repeats beyond its edges. */
  const number = ([column, row]) => { const { rows, columns } = shown().part; return mod(row, rows) * columns + mod(column, columns); };
  const first = () => [Math.round(shown().part.left + 0.5), Math.round(shown().part.top + 0.5)];
  const at = (e) => {
    const box = canvas.getBoundingClientRect(), { left, top, width, height } = shown().part;
    return [Math.round(left + (width * (e.clientX - box.left)) / box.width), Math.round(top + (height * (e.clientY - box.top)) / box.height)];
  };

  const paint = ([column, row]) => {
    for (let y = -1; y <= 1; y++) {
      for (let x = -1; x <= 1; x++) {
        if (Math.hypot(x, y) > BRUSH) continue;
        const cell = number([column + x, row + y]);
        if (forgets) cells.add(cell); else cells.delete(cell);
      }
    }
    drawCells();
  };
  const drag = (to) => {
    const steps = Math.max(1, ...to.map((value, i) => Math.abs(value - stroke[i])));
    for (let i = 1; i <= steps; i++) paint(stroke.map((value, k) => Math.round(value + ((to[k] - value) * i) / steps)));
    stroke = to;
  };
  const finish = () => { if (!stroke) return; stroke = null; send(); };
  const send = () => {
    sent = [...cells].sort((a, b) => a - b).join();
    drawCells();
    return client.act('forget', { segment: shown().segment.id, cells: [...cells] });
  };
  const press = (e) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
    if (!ready() || (!step && e.key !== ' ')) return;
    e.preventDefault();
    const { width, height } = shown().part, [x, y] = first();
    cursor ||= [Math.round(width / 2), Math.round(height / 2)];
    if (step) cursor = [Math.min(Math.floor(width) - 1, Math.max(0, cursor[0] + step[0])), Math.min(Math.floor(height) - 1, Math.max(0, cursor[1] + step[1]))];
    else { paint([x + cursor[0], y + cursor[1]]); send(); }
    drawCells();
  };

  const drawCells = () => {
    const { part } = shown();
    if (!part || !dialog) return;
    const scale = 24;                       // pixels of the canvas for each cell
    canvas.width = Math.round(part.width * scale);
    canvas.height = Math.round(part.height * scale);
    const pen = canvas.getContext('2d');
    const [x0, y0] = first();
    for (let row = -1; row <= part.height; row++) {
      for (let column = -1; column <= part.width; column++) {
        const cell = [x0 + column, y0 + row];
        const [x, y] = [(cell[0] - 0.5 - part.left) * scale, (cell[1] - 0.5 - part.top) * scale];
        if (cells.has(number(cell))) {
          pen.fillStyle = '#171512d8';
          pen.fillRect(x, y, scale, scale);
          pen.strokeStyle = '#f2935c';
          pen.lineWidth = 2;
          pen.beginPath(); pen.moveTo(x + 5, y + 19); pen.lineTo(x + 19, y + 5); pen.stroke();
        }
        if (cursor && column === cursor[0] && row === cursor[1]) {
          pen.strokeStyle = '#fff'; pen.lineWidth = 4; pen.strokeRect(x + 2, y + 2, scale - 4, scale - 4);
        }
      }
    }
    const at = cursor && { column: cursor[0] + 1, row: cursor[1] + 1 };
    const here = !at ? '' : cells.has(number([x0 + cursor[0], y0 + cursor[1]])) ? t('Column {column}, row {row}: forgotten.', at) : t('Column {column}, row {row}: kept.', at);
    const all = !cells.size ? t('Nothing is forgotten.')
      : tn('{n} place is forgotten before segment {number}.', '{n} places are forgotten before segment {number}.', cells.size, { number: shown().segment?.number });
    say(now, [here, all].filter(Boolean).join(' '));
  };

  const makePin = ({ id }) => h('li', {}, icon('pin', 17), h('span', {}),
    h('button', { class: 'button small', onclick: () => client.act('unpin', { take: id }) }, t('Unpin')));
  const makeGone = ({ id }) => h('li', {}, icon('brush', 17), h('span', {}),
    h('button', { class: 'button small', onclick: () => client.act('remember_take', { take: id }) }, t('Remember')));
  const list = (box, lines, takes, make, name) => keyed(box, lines, takes, make, (line, one) => {
    say(line.children[1], `${t('Segment {number}', { number: one.segment })} · ${one.words}`);
    set(line.lastChild, 'aria-label', name({ number: one.segment, words: one.words }));
  });
  const draw = ({ view }) => {
    if (!dialog) return;
    if (view.id !== dialog.dataset.film) { dialog.close(); return; }
    const { part, segment, problem, takes, pins: pinned, forgotten } = shown();
    if (problem) { dialog.close(); return; }
    show(dropping, takes);
    say(pinning, takes ? t('What a pinned take wrote into the memory is always read by takes that are made from now on, also on other branches.')
      : t('What the memory knows of a pinned take’s places is never written over, and is offered to every take that is made from now on. '
        + 'Of a long take its last two sections count. The take pinned last outweighs the others.'));
    const received = (segment?.forget || []).join();
    if (!stroke && received !== sent) { sent = received; cells = new Set(segment?.forget || []); }
    if (view.memory.picture) set(picture, 'src', view.memory.picture);
    show(figure, !takes && part && view.memory.picture);
    show(tools, !takes && part && segment);
    show(now, !takes && part && segment);
    for (const [i, kind] of kinds.entries()) set(kind, 'aria-pressed', String(forgets === (i === 0)));
    nothing.disabled = !cells.size;
    say(about, takes ? t('This memory keeps what every section wrote. Choose which takes are always read, and which are not.')
      : !part ? t('This take was made before its map could be painted on, or its map is gone. Retake it to edit what it remembers.')
      : segment ? t('Paint over what the film is to forget before segment {number}; it shows new ground there. What the reference and the recent frames show stays.', { number: segment.number })
        : t('Add a segment after the head: what is forgotten is a setting of the segment that comes next.'));
    const take = client.onStage();
    show(pin, take);
    if (take) say(pin.lastChild, take.pinned ? t('Unpin the take of segment {number}', { number: take.depth + 1 }) : t('Pin the take of segment {number}', { number: take.depth + 1 }));
    show(drop, take);
    if (take) say(drop.lastChild, take.forgotten ? t('Remember the take of segment {number}', { number: take.depth + 1 }) : t('Forget the take of segment {number}', { number: take.depth + 1 }));
    list(pins, kept, pinned, makePin, (one) => t('Unpin the take of segment {number}, {words}', one));
    list(gone, dropped, forgotten, makeGone, (one) => t('Remember the take of segment {number}, {words}', one));
    if (!takes) drawCells();
  };

  const open = () => {
    const { problem } = shown();
    stage.pause();
    if (problem) { dialogs.sheet(t('Pin and forget'), '', h('p', {}, problem)); return; }
    sent = null;
    dialog = dialogs.sheet(t('Pin and forget'), 'memory-map', about, tools, figure, now,
      h('section', {}, h('h3', {}, t('Pinned takes')), pinning, pins, pin), dropping);
    dialog.dataset.film = client.view.id;
    dialog.addEventListener('close', () => { dialog = null; });
    draw(client);
  };
  client.watch((state) => { if (state.view) draw(state); });
  return { open };
})();
