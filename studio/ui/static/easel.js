/* The sheet of the picture: the artist frames the first view on it, marks what stands in front, and draws what flows. */
const easel = (() => {
  const TOOLS = [frame, subject, flow];
  const glass = makeGlass();
  /* What the sheet is for: the film's reference, with all tools, or the picture that a shot begins with, which is only framed. */
  const FILM = {
    title: t('Picture'), begins: t('The film begins with this part of the picture.'), facts: () => ({ ...client.view.frame, ...client.view.reference }),
    send: (fields) => client.ask('set_frame', fields), there: () => client.view.frame && client.view.reference?.url, marks: () => client.view.marks,
  };
  const shotOf = (segment) => {
    const framing = () => client.view.segments.find((s) => s.id === segment.id)?.shot?.framing;
    return {
      title: t('Picture of the shot from segment {number} on', { number: segment.index + 1 }), begins: t('The shot begins with this part of the picture.'), facts: () => framing() ?? {},
      send: (fields) => client.ask('set_shot_frame', { segment: segment.id, ...fields }), there: () => framing()?.url, marks: () => null,
    };
  };
  let source = FILM;
  let dialog = null;
  let chosen = frame;               // the tool in hand
  let marks = null;                 // all marks now
  let unsent = false;               // whether `marks` are newer than what the studio knows
  let awaited = null;               // the picture that was just uploaded: its sheet opens when it arrives
  let frames = 0;
  let escaped = false;
  let parts = {};

  const stroke = () => newStroke(parts.area);
  const tell = (words) => say(parts.told, words);
  const shareOf = (e) => {
    const area = parts.area.getBoundingClientRect();
    return [(e.clientX - area.left) / area.width, (e.clientY - area.top) / area.height];
  };

  /* Show new marks, and send them to the studio after a pause. When they are refused, those from before come back. */
  const change = (wanted, pause = 300) => {
    marks = wanted;
    unsent = true;
    redraw();
    client.later('marks', send, pause);
  };
  const send = async () => {
    const sent = marks;
    const answer = await client.ask('set_marks', { marks: sent, stroke: parts.area.dataset.stroke });
    setTimeout(() => {                                         // the studio's view has come by then
      if (marks !== sent) return;
      unsent = false;
      client.put({});
      if (answer && dialog) TOOLS.forEach((each) => each.sent?.());
    }, 250);
  };

  /* Draw once per frame, however many things changed. */
  const redraw = () => { frames ||= requestAnimationFrame(() => { frames = 0; draw(); }); };
  const draw = () => {
    if (!dialog) return;
    const known = source.marks();
    for (const each of TOOLS) {
      const on = each === chosen;
      set(parts.tabs[each.id], 'aria-selected', String(on));
      set(parts.tabs[each.id], 'tabindex', on ? 0 : -1);
      show(parts.tabs[each.id], !each.marks || known);
      show(parts.panels[each.id], on);
    }
    const off = chosen.marks ? known?.off : '';
    set(parts.area, 'data-tool', off ? 'off' : chosen.id);
    show(parts.off, off);
    say(parts.off.lastChild, off || '');
    if (chosen.marks) show(parts.panels[chosen.id], !off);
    set(parts.surface, 'aria-describedby', chosen.describe);
    set(parts.surface, 'aria-label', t('{tool}: the picture to draw on', { tool: chosen.label }));
    show(parts.surface, chosen.marks && !off);
    frame.draw(chosen === frame);
    drawBeyond(known);
    show(parts.tools, known);
    parts.undo.disabled = !client.view.can_undo;
    parts.redo.disabled = !client.view.can_redo;
    paint();
    if (chosen.marks && marks && !off) chosen.drawPanel?.();
  };
  /* Draw the marks alone, as while they move. */
  const paint = () => {
    if (!dialog) return;
    glass.wipe();
    if (chosen.marks && marks && !source.marks()?.off) chosen.draw(glass);
  };
  const drawBeyond = (known) => {
    show(parts.beyond, known && !known.off);
    if (!known || !marks) return;
    set(parts.leave, 'aria-checked', String(marks.beyond));
    say(parts.leaveTold, marks.beyond ? t('The ground beyond its edge is made up.') : t('It slows down and stops at the edge.'));
  };

  const take = (each, focus = true) => {
    chosen.brush?.drop();
    chosen = each;
    draw();
    if (focus) parts.tabs[each.id].focus();
  };
  const walk = (e) => {
    const shown = TOOLS.filter((each) => !parts.tabs[each.id].hidden);
    const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!by) return;
    e.preventDefault();
    take(shown[(shown.indexOf(chosen) + by + shown.length) % shown.length]);
  };

  /* Pointers on the picture go to the tool in hand. */
  const held = new Set();
  const press = (e) => {
    if (e.button > 0 || (chosen.marks && source.marks()?.off !== '')) return;
    e.preventDefault();
    parts.area.setPointerCapture(e.pointerId);
    held.add(e.pointerId);
    if (chosen === frame) frame.press(e);
    else { parts.surface.focus({ preventScroll: true, focusVisible: false }); chosen.brush.press(e, shareOf(e)); }
  };
  const follow = (e) => (chosen === frame ? frame.follow(e) : chosen.brush.follow(e, shareOf(e)));
  const lift = (e) => {
    held.delete(e.pointerId);
    if (chosen === frame) frame.lift(e);
    else chosen.brush.lift(e);
  };

  const make = (reference) => {
    parts = { tabs: {}, panels: {} };
    for (const each of TOOLS) {
      parts.tabs[each.id] = h('button', { role: 'tab', id: `mp-tool-${each.id}`, 'aria-controls': `mp-panel-${each.id}`, onclick: () => take(each), onkeydown: walk },
        icon(each.icon, 17), each.label);
    }
    const body = frame.make(reference, source);
    parts.surface = h('div', { class: 'surface', tabindex: 0, role: 'application', onkeydown: (e) => {
      if (!chosen.key(e)) return;
      e.preventDefault();
      e.stopPropagation();
      if (e.key === 'Escape') { escaped = true; setTimeout(() => { escaped = false; }, 100); }      // it was for the tool, not for the sheet
    },
     
      onblur: () => { if (chosen.brush) { chosen.brush.keyed = false; redraw(); } } });
    parts.area = h('div', { class: 'frame-picture', onpointerdown: press, onpointermove: follow, onpointerup: lift, onpointercancel: lift,
      onpointerleave: () => chosen.brush?.leave() },
    h('img', { src: reference.url, alt: t('The whole picture'), draggable: 'false' }), ...body.layers, glass.canvas, parts.surface);
    parts.area.addEventListener('wheel', (e) => { if (chosen === frame) frame.wheel(e); }, { passive: false });
    parts.area.style.setProperty('--shape', reference.width / reference.height);
    parts.leaveTold = h('small', {});
    parts.leave = h('button', { class: 'toggle', role: 'switch', 'aria-label': t('The camera may leave the picture'), onclick: () => {
      stroke();
      change({ ...marks, beyond: !marks.beyond }, 0);
    } }, h('i', {}));
    parts.beyond = h('div', { class: 'beyond' }, h('span', {}, h('b', {}, t('The camera may leave the picture')), parts.leaveTold), parts.leave);
    body.panel.push(parts.beyond);
    for (const each of TOOLS) {
      parts.panels[each.id] = h('div', { class: 'tool-panel', role: 'tabpanel', id: `mp-panel-${each.id}`, 'aria-labelledby': `mp-tool-${each.id}` },
        ...(each === frame ? body.panel : source.marks() ? each.make() : []));
    }
    parts.off = h('div', { class: 'frame-fact', 'data-kind': 'warn' }, icon('warn', 17), h('span', {}));
    parts.told = h('p', { class: 'visually-hidden', role: 'status' });
    parts.undo = tool('undo', t('Undo'), () => client.act('undo'));
    parts.redo = tool('redo', t('Redo'), () => client.act('redo'));
    parts.tools = h('div', { class: 'easel-tools', role: 'tablist', 'aria-label': t('Tools') }, ...Object.values(parts.tabs));
    frame.attach(parts.area);
    return h('div', { class: 'easel' },
      parts.tools,
      h('div', { class: 'frame-room' }, parts.area),
      h('div', { class: 'easel-side' }, ...Object.values(parts.panels), parts.off, parts.told,
        h('div', { class: 'easel-ends' }, parts.undo, parts.redo, button('check', t('Done'), () => dialog.close(), { class: 'button primary' }))));
  };

  const open = (from = FILM) => {
    source = from;
    if (!source.there()) return;
    const reference = source.facts();
    marks = source.marks();
    unsent = false;
    chosen = frame;
    const body = make(reference);
    dialog = dialogs.sheet(source.title, 'framing', body);
    dialog.dataset.picture = reference.id;
    dialog.addEventListener('close', () => { client.flush(); held.clear(); frame.close(); dialog = null; });
    dialog.addEventListener('keydown', (e) => {
      if (!(e.ctrlKey || e.metaKey) || e.key.toLowerCase() !== 'z' || e.target.matches('input:not([type=range])')) return;
      e.preventDefault();
      client.act(e.shiftKey ? 'redo' : 'undo');
    });
    dialog.addEventListener('cancel', (e) => { if (escaped) e.preventDefault(); });
    new ResizeObserver(() => redraw()).observe(parts.area);
    draw();
    frame.focus();
  };

  client.watch(({ view }) => {
    if (awaited && view?.reference?.id === awaited) { awaited = null; open(); }
    if (!dialog) return;
    if (!source.there() || source.facts().id !== dialog.dataset.picture) { dialog.close(); return; }
    if (!unsent) {
      const before = JSON.stringify(marks?.subject);
      marks = source.marks();
      if (JSON.stringify(marks?.subject) !== before && marks) subject.sent();
    }
    if (!held.size) frame.follows();
    draw();
  });
  /* Open the sheet for the picture of this id, as soon as the studio shows it; null: of none. */
  const openFor = (picture) => { awaited = picture; if (picture) client.put({}); };
  return { open: () => open(), openFor, openShot: (segment) => open(shotOf(segment)), change, redraw, paint, stroke, tell, glass, marks: () => marks || { beyond: false, subject: null, flows: [] } };
})();
