/* Changing an early beat: what becomes of the takes after a rendered segment that is edited, inserted, removed or moved. */
const early = (() => {
  const plural = (n, word) => `${n} ${word}${n === 1 ? '' : 's'}`;
  const price = ({ takes: n, wait }) => (n ? `${plural(n, 'take')} to make${wait ? `, about ${wait}` : ''}` : 'Nothing to make');

  /* The strip over the timeline, once for each change. */
  const words = h('p', { role: 'status' });
  const frames = (answer) => h('input', { type: 'number', class: 'field-text frames', min: 1, max: answer.most, value: answer.frames,
    'aria-label': 'Frames of the bridge' });
  const choices = h('span', { class: 'early-choices' });
  const strip = h('div', { class: 'early', hidden: true }, icon('warn', 18), words, choices,
    tool('close', 'Leave it for now', () => { dismissed = key; client.put({}); }));
  let key = '';
  let dismissed = '';
  const run = (fields) => { client.put({ selected: null, wholeFilm: false, choosing: null }); return client.act('change_early', fields); };
  const drawChoices = (answer) => {
    if (!answer) { choices.replaceChildren(); return; }
    const { keep, again, bridge } = answer.ways;
    const count = frames(answer);
    const blends = bridge.takes < again.takes;
    choices.replaceChildren(...[
      h('button', { class: 'button small', title: 'The old takes stay as they are', onclick: () => client.act('keep_stale') }, 'Keep'),
      h('button', { class: 'button small', title: `${price(again)}; the seeds are kept`, onclick: () => run({ what: 'edit', then: 'again' }) },
        `Make again${again.wait ? ` · ${again.wait}` : ''}`),
      blends ? h('button', { class: 'button small', title: `${price(bridge)}: the changed segment, then the next one is blended in`,
        onclick: () => run({ what: 'edit', then: 'bridge', frames: Math.round(+count.value) || answer.frames }) },
      `Bridge${bridge.wait ? ` · ${bridge.wait}` : ''}`) : null,
      blends ? h('label', { class: 'hint' }, 'over ', count, ' frames') : null,
    ].filter(Boolean));
  };
  client.watch(({ view }) => {
    if (!view) return;
    const on = view.stale && !client.busy();
    const now = on ? `${view.id} ${view.branch} ${view.stale.first} ${view.stale.takes} ${view.segments[view.stale.first].prompt}` : '';
    if (now && now !== key) {
      key = now;
      drawChoices(null);
      client.askAside('early_costs', { what: 'edit' }).then((answer) => { if (key === now) drawChoices(answer); });
    }
    if (!on) key = '';
    show(strip, on && now !== dismissed);
    if (!on) return;
    const after = view.stale.takes - 1;
    say(words, `Segment ${view.stale.first + 1} was changed after it was made: its take${after ? ` and ${after} after it are` : ' is'} stale.`);
  });

  /* The sheet of a change that cannot be without an answer. `to`: the place that the segment is moved to. */
  const TITLES = { insert: (n) => `Insert before segment ${n}`, remove: (n) => `Remove segment ${n}`, move: (n, to) => `Move segment ${n} to place ${to}` };
  const DOES = { insert: 'Insert', remove: 'Remove', move: 'Move' };
  const open = async (what, segment, to = null) => {
    const answer = await client.act('early_costs', { what, segment: segment.id, to });
    if (!answer) return;
    const { keep, again, bridge } = answer.ways;
    if (what === 'remove' && !again.takes) { run({ what, segment: segment.id, then: 'keep' }); return; }
    const prompt = what === 'insert' ? h('textarea', { rows: 3, class: 'field-text', maxlength: 2000, 'aria-label': 'Prompt of the new segment',
      placeholder: 'What happens in the new segment?' }) : null;
    const count = frames(answer);
    const way = (value, title, hint, cost, ...more) => h('label', { class: 'way' },
      h('input', { type: 'radio', name: 'way', value, checked: value === 'bridge' }),
      h('span', {}, h('b', {}, title), h('small', {}, hint), ...more), h('span', { class: 'cost' }, price(cost)));
    const ways = h('div', { class: 'ways', role: 'radiogroup', 'aria-label': 'What becomes of the takes after it' },
      way('keep', 'Keep what follows', 'The takes after it stay as they are. They join with a cut.', keep),
      way('bridge', 'Bridge', 'The takes after it stay, and the first of them is blended in.', bridge,
        h('small', { class: 'over-frames' }, 'over ', count, ` of at most ${answer.most} frames`)),
      way('again', 'Make what follows again', 'Every take after it is made anew, with its seed.', again));
    const go = button(null, DOES[what], () => {
      const then = ways.querySelector('input:checked').value;
      dialog.close();
      run({ what, segment: segment.id, to, then, frames: Math.round(+count.value) || answer.frames, prompt: prompt ? prompt.value : null });
    }, { class: 'button primary' });
    const dialog = dialogs.sheet(TITLES[what](segment.index + 1, (to ?? 0) + 1), 'early-sheet',
      h('p', { class: 'hint' }, 'The change becomes a branch of its own; the branch that you are on stays as it is.'), prompt, ways, go);
    (prompt || go).focus();
  };
  return { strip, open };
})();
