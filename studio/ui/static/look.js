/* The look of a take: its colours matched to another picture of the film, beside the take as it was made. */
const look = (() => {
  let dialog = null;
  let id = null;            // the take
  let parts = null;

  const NOTHING = '', FIRST = 'first', PICTURE = 'reference';
  const take = () => client.take(id);
  const after = () => {
    const { segments } = client.view;
    const here = segments.findIndex((s) => s.take === id);
    return here < 0 ? 0 : segments.slice(here + 1).filter((s) => s.take).length;
  };

  /* Without an answer the sheet closes, because the reason is said on the page under it. */
  const act = async (verb, fields) => {
    const asked = dialog;
    const answer = await client.act(verb, { take: id, ...fields });
    if (!answer) asked?.close();
    return answer;
  };
  const send = (fields) => act('set_look', fields);
  const choose = () => (parts.match.value ? send({ match: parts.match.value }) : act('drop_look'));
  const slide = () => {
    parts.strength.dataset.dirty = '1';
    draw();
    client.later(`look ${id}`, () => settle(parts.strength, send({ strength: +parts.strength.value / 100, stroke: parts.strength.dataset.stroke })));
  };

  /* While it is held, the take is seen as it was made. */
  const before = (on) => {
    if (!parts) return;
    parts.root.dataset.before = on ? '1' : '';
    set(parts.hold, 'aria-pressed', String(on));
    say(parts.tag, on ? t('As it was made') : take()?.look ? t('With this look') : '');
    show(parts.tag, on || take()?.look);
  };
  const holding = (e) => (e.key === ' ' || e.key === 'Enter');

  const options = () => {
    const { view } = client;
    const others = view.segments.map((s) => client.take(s.take)).filter((other) => other?.clip && other.id !== id);
    const here = take().look?.match;
    const cut = view.segments.slice(1, take().depth + 1).some((s) => s.shot);
    const extra = here && client.take(here) && !others.some((other) => other.id === here) ? [client.take(here)] : [];
    return [[NOTHING, t('Nothing: as it was made')], [FIRST, cut ? t('The shot’s first frame') : t('The film’s first frame')],
      ...(view.reference?.url ? [[PICTURE, cut ? t('The shot’s picture') : t('The reference picture')]] : []),
      ...[...others, ...extra].map((other) => [other.id,
        `${t('Segment {number}', { number: other.depth + 1 })} · ${other.words || other.prompt || t('no prompt')}`.slice(0, 90)])];
  };

  const draw = () => {
    const now = take();
    if (!dialog || !now) return;
    const held = now.look;
    const wanted = options();
    const key = JSON.stringify(wanted);
    if (parts.match.dataset.key !== key) {
      parts.match.dataset.key = key;
      parts.match.replaceChildren(...wanted.map(([value, name]) => h('option', { value }, name)));
    }
    if (document.activeElement !== parts.match || !held || parts.match.value !== held.match) parts.match.value = held?.match ?? NOTHING;
    refill(parts.strength, Math.round(100 * (held?.strength ?? 1)));
    parts.strength.disabled = !held;
    parts.context.checked = Boolean(held?.context);
    parts.context.disabled = !held || Boolean(client.view.look_context && !held.context);
    say(parts.seen, [client.view.look_context, now.seen].filter(Boolean).join(' '));
    show(parts.seen, client.view.look_context || now.seen);
    say(parts.percent, `${parts.strength.value} %`);
    set(parts.strength, 'aria-valuetext', t('{share} percent', { share: parts.strength.value }));
    parts.strength.style.setProperty('--at', parts.strength.value / 100);
    say(parts.state, held?.problem || (held?.making ? t('Matching the colours…') : ''));
    set(parts.state, 'data-failed', Boolean(held?.problem));
    const many = after();
    show(parts.spread, held && many);
    say(parts.spread.lastChild, many === 1 ? t('Apply to the take after it') : t('Apply to all {n} takes after it', { n: many }));
    parts.hold.disabled = !held || held.making || Boolean(held.problem);
    before(parts.root.dataset.before === '1' && !parts.hold.disabled);

    const { shown, made, pair } = parts;
    const base = { poster: now.poster, frames: now.frames, rate: client.view.fps, ratio: now.ratio };
    shown.draw({ ...base, clip: now.clip });
    const both = held && now.made && now.made !== now.clip;
    if (both) { made.draw({ ...base, clip: now.made }); pair.draw([now.frames, now.frames], client.view.fps, now.clip); }
    else { pair.release(); made.draw(base); }
  };

  const open = (wanted) => {
    id = wanted;
    if (!take()) return;
    const shown = makePlayer();
    const made = makePlayer();
    const hold = h('button', { class: 'button', 'aria-pressed': 'false', onpointerdown: (e) => { hold.setPointerCapture(e.pointerId); before(true); },
      onpointerup: () => before(false), onpointercancel: () => before(false), onblur: () => before(false), oncontextmenu: (e) => e.preventDefault(),
      onkeydown: (e) => { if (holding(e)) { e.preventDefault(); before(true); } },
      onkeyup: (e) => { if (holding(e)) { e.preventDefault(); before(false); } } }, icon('look', 17), h('span', {}, t('Hold to see it as it was made')));
    parts = {
      shown, made, hold, pair: makePair(shown, made),
      root: h('div', { class: 'look-picture' }, h('div', { class: 'look-shown' }, shown.root), h('div', { class: 'look-made' }, made.root)),
      tag: h('p', { class: 'look-tag', hidden: true }),
      match: h('select', { class: 'select', 'aria-label': t('Match to'), onchange: choose }),
      strength: h('input', { type: 'range', class: 'look-strength', min: 0, max: 100, step: 5, 'aria-label': t('Strength'),
        onfocus: () => newStroke(parts.strength), oninput: slide }),
      percent: h('output', {}), state: h('p', { class: 'hint look-state', role: 'status' }),
      context: h('input', { type: 'checkbox', onchange: () => send({ context: parts.context.checked }) }),
      seen: h('p', { class: 'hint' }),
      spread: button('all', '', () => send({ after: true }), { class: 'button' }),
    };
    parts.root.append(parts.tag);
    dialog = dialogs.sheet(t('Look of segment {number}', { number: take().depth + 1 }), 'look-sheet', parts.root,
      h('div', { class: 'look-row' }, h('label', { class: 'look-match' }, h('span', {}, t('Match to')), parts.match),
        h('label', { class: 'look-how' }, h('span', {}, t('Strength')), parts.strength, parts.percent)),
      h('label', { class: 'look-context' }, parts.context, h('span', {}, t('The section after it sees it so, too'))), parts.seen,
      h('div', { class: 'look-buttons' }, hold, parts.spread),
      parts.state,
      h('p', { class: 'hint' }, t('Colours and contrast are matched, nothing else; stage, film and exports show it so. The take stays as it was made, and so does '
        + 'what the long-term memory keeps of it. The change grows over this take if the one before is held to no look.')));
    const opened = dialog;
    dialog.addEventListener('close', () => {
      if (dialog !== opened) return;
      client.flush();
      parts.pair.release();
      for (const player of [shown, made]) player.toggle(false);
      dialog = parts = null;
    });
    stage.pause();
    draw();
    parts.match.focus();
  };
  client.watch(({ view }) => { if (dialog && view) { if (take()) draw(); else dialog.close(); } });
  return { open };
})();
