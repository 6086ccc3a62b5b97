/* The tool that frames the first view of the film or of a shot: a rectangle over the whole picture, in the film's shape. */
const frame = (() => {
  const CORNERS = { nw: [1, 1], ne: [0, 1], sw: [1, 0], se: [0, 0] };        // the corner that stays, as shares of the rectangle
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  let at = null;            // x, y, width and height now, as shares of the picture
  let unsent = false;       // whether `at` is newer than what the studio knows
  let parts = {};
  let source = null;        // the picture that is framed: its facts, and how a frame is sent

  const facts = () => ({ ...source.facts(), film: client.view.size });
  const clamp = (value, least, most) => Math.min(Math.max(value, least), Math.max(least, most));
  const percent = (share) => `${Math.round(100 * share)} %`;

  /* The rectangle of this width around a point that stays: at `sx`, `sy` of the rectangle before and after. */
  const sized = (width, sx = 0.5, sy = 0.5) => {
    const { whole, least } = facts();
    const ratio = whole[3] / whole[2];
    const [px, py] = [at[0] + sx * at[2], at[1] + sy * at[3]];
    const room = (p, s) => Math.min(s > 0 ? p / s : Infinity, s < 1 ? (1 - p) / (1 - s) : Infinity);
    const most = sx === 0.5 && sy === 0.5 ? whole[2] : Math.min(whole[2], room(px, sx), room(py, sy) / ratio);
    const w = clamp(width, least, most);
    return moved([px - sx * w, py - sy * w * ratio, w, w * ratio]);
  };
  const moved = ([x, y, w, hgt]) => [clamp(x, 0, 1 - w), clamp(y, 0, 1 - hgt), w, hgt];

  /* Show a new rectangle, and send it to the studio after a pause. */
  const change = (wanted, pause = 300) => {
    at = wanted;
    unsent = true;
    draw();
    client.later('frame', send, pause);
  };
  const send = async () => {
    const sent = at;
    await source.send({ frame: sent, stroke: parts.box.dataset.stroke });
    setTimeout(() => { if (at === sent) { unsent = false; client.put({}); } }, 250);       // the studio's view has come by then
  };
  const choose = (which) => { newStroke(parts.box); change(which === 'whole' ? facts().whole : facts().default, 0); };

  /* `inHand`: the artist works on the frame; otherwise a thin outline reminds of it. */
  const draw = (inHand = true) => {
    set(parts.box, 'data-faint', !inHand);
    set(parts.box, 'tabindex', inHand ? 0 : -1);
    show(parts.shade, inHand);
    const { width, height, film, whole, least, beyond } = facts();
    const [x, y, w, hgt] = at;
    const place = { left: x, top: y, width: w, height: hgt };
    for (const [side, share] of Object.entries(place)) parts.box.style[side] = `${100 * share}%`;
    const corners = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0], [x, y], [x, y + hgt], [x + w, y + hgt], [x + w, y], [x, y]];
    parts.shade.style.clipPath = `polygon(evenodd, ${corners.map((c) => c.map((share) => `${100 * share}%`).join(' ')).join(', ')})`;
    set(parts.shade, 'data-beyond', beyond);
    set(parts.box, 'aria-valuenow', Math.round(100 * w / whole[2]));
    set(parts.box, 'aria-valuetext', 
      t('{left} from the left, {top} from the top, {width} wide, {height} high', { left: percent(x), top: percent(y), width: percent(w), height: percent(hgt) }));
    const size = Math.log(w / least) / Math.log(whole[2] / least);
    if (document.activeElement !== parts.size || Math.abs(parts.size.value - 100 * size) > 1.5) parts.size.value = 100 * size;
    set(parts.size, 'aria-valuetext', t('{share} of the picture’s width', { share: percent(w) }));
    parts.size.style.setProperty('--at', size);
    drawWords({ pixels: [w * width, hgt * height].map(Math.round), enlarged: film[0] / (w * width), film, beyond });
    for (const b of [parts.whole, parts.default]) {
      const same = facts()[b.dataset.frame].every((share, i) => Math.abs(share - at[i]) < 0.0005);
      set(b, 'aria-pressed', String(same));
    }
  };

  /* What the frame means for the film, in sentences. */
  const drawWords = ({ pixels, enlarged, film, beyond }) => {
    const [x, y, w, hgt] = at;
    const soft = enlarged > 1.05;
    const times = (ratio) => (ratio < 9.95 ? numeral(ratio, 1) : Math.round(ratio));
    set(parts.sharp, 'data-kind', soft ? 'warn' : 'good');
    parts.sharp.firstChild.replaceWith(icon(soft ? 'warn' : 'check', 17));
    say(parts.sharp.children[1], soft ? t('The picture is enlarged {times} times here: it will look soft.', { times: times(enlarged) })
      : enlarged < 0.95 ? t('Sharp: {size} pixels, shrunk {times} times.', { size: pixels.join(' × '), times: times(1 / enlarged) }) : t('Sharp: pixel for pixel.'));
    const room = [x / w, (1 - x - w) / w, y / hgt, (1 - y - hgt) / hgt].map((share) => percent(Math.max(0, share)));
    say(parts.room, beyond
      ? t('Room around the first view: left {left}, right {right}, above {above}, below {below}.',
        { left: room[0], right: room[1], above: room[2], below: room[3] })
      : `${w * hgt > 0.995 ? t('Nothing is cut off.') : t('{share} of the picture is cut off.', { share: percent(1 - w * hgt) })} ${
        t('{size} is too small for the film to know what lies outside the frame.', { size: film.join(' × ') })}`);
    show(parts.default, beyond);
  };

  const key = (e) => {
    const arrow = ARROWS[e.key];
    const grow = e.shiftKey && arrow ? arrow[0] - arrow[1] : { '+': 1, '=': 1, '-': -1, _: -1 }[e.key];
    if ((!arrow && !grow) || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    if (grow) change(sized(at[2] * (grow > 0 ? 1.03 : 1 / 1.03)));
    else change(moved([at[0] + arrow[0] * at[2] * 0.02, at[1] + arrow[1] * at[3] * 0.02, at[2], at[3]]));
  };

  /* One pointer moves the rectangle or drags a corner; two, as fingers, size it. */
  const fingers = new Map();
  let drag = null;
  const shareOf = (e) => {
    const area = parts.picture.getBoundingClientRect();
    return [(e.clientX - area.left) / area.width, (e.clientY - area.top) / area.height];
  };
  const spread = () => {
    const [a, b] = [...fingers.values()];
    return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  };
  const press = (e) => {
    if (e.button > 0 || fingers.size > 1) return;
    e.preventDefault();
    parts.picture.setPointerCapture(e.pointerId);
    if (!fingers.size) newStroke(parts.box);
    fingers.set(e.pointerId, e);
    parts.box.focus({ preventScroll: true });
    const [x, y] = shareOf(e);
    const corner = e.target.dataset.corner;
    const inside = x >= at[0] && x <= at[0] + at[2] && y >= at[1] && y <= at[1] + at[3];
    drag = fingers.size > 1 ? { pinch: spread(), width: at[2] } : { corner, from: [x, y], start: inside || corner ? at : null };
    if (!drag.pinch && !drag.start) drag.start = at = moved([x - at[2] / 2, y - at[3] / 2, at[2], at[3]]);      // come to the pointer
    set(parts.picture, 'data-drag', corner || 'move');
    if (at === drag.start && !inside && !corner) change(at);
  };
  const follow = (e) => {
    if (!fingers.has(e.pointerId) || !drag) return;
    fingers.set(e.pointerId, e);
    if (drag.pinch) { if (fingers.size > 1) change(sized(drag.width * spread() / drag.pinch)); return; }
    const [x, y] = shareOf(e);
    const [dx, dy] = [x - drag.from[0], y - drag.from[1]];
    const [sx, sy, w, hgt] = drag.start;
    if (!drag.corner) { change(moved([sx + dx, sy + dy, w, hgt])); return; }
    const stays = CORNERS[drag.corner];
    const grown = ((stays[0] ? -dx : dx) / w + (stays[1] ? -dy : dy) / hgt) / 2;
    at = drag.start;
    change(sized(w * (1 + grown), ...stays));
  };
  const lift = (e) => {
    fingers.delete(e.pointerId);
    drag = null;
    set(parts.picture, 'data-drag', null);
    if (unsent) client.flush();
  };
  const wheel = (e) => {
    e.preventDefault();
    change(sized(at[2] * Math.exp(clamp(e.deltaY, -60, 60) / 600)));
  };

  /* The picture with its transparent places left open, for the checker under it to show. */
  const drawOpen = async (canvas, { url, opacity, width, height }) => {
    const images = [url, opacity].map((src) => Object.assign(new Image(), { src }));
    await Promise.all(images.map((image) => image.decode())).catch(() => null);
    const scale = Math.min(1, 1600 / Math.max(width, height));
    [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
    const pen = canvas.getContext('2d');
    pen.drawImage(images[0], 0, 0, canvas.width, canvas.height);
    pen.globalCompositeOperation = 'destination-in';
    pen.drawImage(images[1], 0, 0, canvas.width, canvas.height);
  };
  const alphaRow = (reference) => {
    if (!reference.opacity) return [];
    const canvas = h('canvas', { class: 'open-alpha', 'aria-hidden': 'true' });
    drawOpen(canvas, reference);
    const pick = (open, label) => h('button', { 'aria-pressed': String(!open), onclick: (e) => {
      show(canvas, open);
      for (const b of e.target.parentNode.children) set(b, 'aria-pressed', String(b === e.target));
    } }, label);
    show(canvas, false);
    const row = h('div', { class: 'frame-fact' }, icon('info', 17),
      h('span', {}, t('Transparent places are filled with a soft grey in the film.')),
      h('div', { class: 'switch', role: 'group', 'aria-label': t('Transparent places') }, pick(false, t('Filled')), pick(true, t('Transparent'))));
    return [canvas, row];
  };

  const make = (reference, from) => {
    source = from;
    const handles = Object.keys(CORNERS).map((corner) => h('i', { class: 'corner', 'data-corner': corner }));
    const box = h('div', { class: 'frame-box', tabindex: 0, role: 'slider', 'aria-label': t('Frame'), 'aria-valuemin': 0, 'aria-valuemax': 100,
      'aria-describedby': 'mp-frame-keys', onkeydown: key, onfocus: () => newStroke(box) }, ...handles);
    const shade = h('div', { class: 'frame-shade' });
    const [canvas, alpha] = alphaRow(reference);
    const size = h('input', { type: 'range', min: 0, max: 100, step: 0.5, 'aria-label': t('Size of the frame'), onfocus: () => newStroke(box),
      oninput: () => {
        const { whole, least } = facts();
        change(sized(least * (whole[2] / least) ** (size.value / 100)));
      } });
    const preset = (which, label, title) => h('button', { class: 'button', 'data-frame': which, title, onclick: () => choose(which) }, label);
    parts = { box, shade, size, room: h('span', {}),
      whole: preset('whole', t('Whole picture'), t('As much of the picture as the film’s shape takes in')),
      default: preset('default', t('Default'), t('Room on all sides, and more where the prompts move the camera')),
      sharp: h('div', { class: 'frame-fact', role: 'status' }, icon('check', 17), h('span', {})) };
    at = reference.frame;
    unsent = false;
    const panel = [
      h('p', { class: 'hint', id: 'mp-frame-keys' },
        from.begins, ' ',
        h('span', { class: 'for-keys' }, t('Drag it, or move it with the arrow keys; + and − change its size.')),
        h('span', { class: 'for-fingers' }, t('Drag it, or its corners; two fingers change its size.'))),
      h('label', { class: 'frame-size' }, h('span', {}, t('Size')), size),
      h('div', { class: 'pair' }, parts.whole, parts.default),
      h('div', { class: 'frame-facts' }, parts.sharp, h('div', { class: 'frame-fact' }, icon('picture', 17), parts.room), alpha ?? null),
    ];
    return { layers: [canvas, shade, box].filter(Boolean), panel };
  };

  /* What the studio knows now, unless the artist is ahead of it. */
  const follows = () => { if (!unsent && !fingers.size) at = source.facts().frame; };
  const close = () => { fingers.clear(); drag = null; };
  const focus = () => parts.box.focus({ focusVisible: false });
  return { id: 'frame', label: t('Frame'), icon: 'frame', make, attach: (area) => { parts.picture = area; }, draw, follows, press, follow, lift, wheel, close, focus };
})();
