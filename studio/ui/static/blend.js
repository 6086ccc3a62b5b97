/* The blend into a segment: a mark on the boundary before its frame, and a small sheet to set how long it takes. */
const blend = (() => {
  let at = null;                    // what the sheet belongs to: { segment, opener }
  const find = () => client.view?.segments.find((s) => s.id === at?.segment);
  const words = (frames) => (frames ? t('{seconds} s · {frames} frames', { seconds: Math.round(100 * frames / client.view.fps) / 100, frames }) : t('None'));

  const text = h('output', { class: 'strength' });
  const range = h('input', { type: 'range', min: 0, 'aria-label': t('Length of the blend'),
    onfocus: () => newStroke(range), onpointerdown: () => newStroke(range),
    oninput: () => {
      range.dataset.dirty = '1';
      const { segment } = at;
      const { stroke } = range.dataset;
      const frames = Number(range.value);
      showLength(frames);
      client.later(`blend ${segment}`, () => settle(range, client.ask('edit_segment', { segment, blend: frames, stroke })), 250);
    } });
  const showLength = (frames) => { say(text, words(frames)); set(range, 'aria-valuetext', words(frames)); };
  const sheet = h('div', { class: 'menu blend-sheet', popover: 'auto', role: 'dialog', 'aria-label': t('Blend'),
    ontoggle: (e) => {
      const open = e.newState === 'open';
      set(at?.opener || sheet, 'aria-expanded', at?.opener ? String(open) : null);
      if (!open) { client.flush(); at = null; }
    },
    /* here Escape only closes the sheet, and Space plays nothing */
    onkeydown: (e) => { if (e.key === 'Escape' || e.key === ' ') e.stopPropagation(); } },
  h('div', { class: 'lora-name' }, h('b', {}, t('Blend')), text), range,
  h('p', { class: 'hint' }, t('Over so long this segment takes over from the one before it. None: the model changes in its own time.')), shots.root);

  const open = (segment, opener) => {
    at = { segment, opener };
    delete range.dataset.dirty;
    drawSheet();
    sheet.showPopover();
    placeBeside(sheet, opener);
    range.focus();
  };
  const drawSheet = () => {
    const segment = find();
    if (!segment || !segment.index) { sheet.hidePopover(); return; }
    const step = Math.max(1, Math.round(client.view.fps / 4));
    set(range, 'step', step);
    set(range, 'max', Math.ceil(segment.blend_most / step) * step);
    set(sheet, 'aria-label', t('Beginning of segment {number}', { number: segment.index + 1 }));
    shots.draw(segment);
    for (const part of [range, text]) part.style.opacity = segment.shot ? 0.4 : 1;
    disable(range, segment.shot);
    if (range.dataset.dirty) return;
    if (+range.value !== segment.blend) range.value = segment.blend;
    showLength(segment.blend);
  };
  client.watch(() => { if (at) drawSheet(); });

  /* The mark on a segment's card. */
  const part = (segment) => {
    const length = h('span', {});
    const root = h('button', { class: 'seam', hidden: true, 'aria-haspopup': 'dialog', 'aria-expanded': 'false',
      onclick: () => open(segment, root) }, icon('blend', 16), length);
    const draw = (shown) => {
      show(root, shown.index > 0);
      const cut = Boolean(shown.shot);
      set(root, 'data-blend', cut || Boolean(shown.blend));
      say(length, cut ? t('Cut') : shown.blend ? shown.blend_length : '');
      const name = cut ? 'cut' : 'blend';
      if (root.dataset.icon !== name) { root.dataset.icon = name; root.firstChild.replaceWith(icon(name, 16)); }
      const words = cut ? t('a new shot at {place}', { place: shown.shot.words })
        : shown.blend ? t('blend over {length}', { length: shown.blend_length }) : t('it continues');
      set(root, 'aria-label', t('Beginning of segment {number}: {words}', { number: shown.index + 1, words }));
      set(root, 'title', cut ? t('A new shot, at {place}', { place: shown.shot.words }) : t('Blend, or begin a new shot'));
    };
    return { root, draw };
  };
  return { part, root: sheet, close: () => sheet.hidePopover() };
})();
