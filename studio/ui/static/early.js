/* Changing an early beat: what becomes of the takes after a rendered segment that is edited, inserted, removed or moved. */
const early = (() => {
  const price = ({ takes: n, wait }) => (!n ? t('Nothing to make')
    : wait ? tn('{n} take to make, about {wait}', '{n} takes to make, about {wait}', n, { wait }) : tn('{n} take to make', '{n} takes to make', n));

  /* The strip over the timeline, once for each change. */
  const words = h('p', { role: 'status' });
  const frames = (answer) => h('input', { type: 'number', class: 'field-text frames', min: 1, max: answer.most, value: answer.frames,
    'aria-label': t('Frames of the bridge') });
  const choices = h('span', { class: 'early-choices' });
  const strip = h('div', { class: 'early', hidden: true }, icon('warn', 18), words, choices,
    tool('close', t('Leave it for now'), () => { dismissed = key; client.put({}); }));
  let key = '';
  let dismissed = '';
  const run = (fields) => { client.put({ selected: null, wholeFilm: false, choosing: null }); return client.act('change_early', fields); };
  const drawChoices = (answer) => {
    if (!answer) { choices.replaceChildren(); return; }
    const { keep, again, bridge } = answer.ways;
    const count = frames(answer);
    const blends = bridge.takes < again.takes;
    choices.replaceChildren(...[
      h('button', { class: 'button small', title: t('The old takes stay as they are'), onclick: () => client.act('keep_stale') }, t('Keep')),
      h('button', { class: 'button small', title: t('{price}; the seeds are kept', { price: price(again) }), onclick: () => run({ what: 'edit', then: 'again' }) },
        [t('Make again'), again.wait].filter(Boolean).join(' · ')),
      blends ? h('button', { class: 'button small', title: t('{price}: the changed segment, then the next one is blended in', { price: price(bridge) }),
        onclick: () => run({ what: 'edit', then: 'bridge', frames: Math.round(+count.value) || answer.frames }) },
      [t('Bridge'), bridge.wait].filter(Boolean).join(' · ')) : null,
      blends ? h('label', { class: 'hint' }, ...pieces(t('over {count} frames'), { count })) : null,
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
    say(words, after
      ? tn('Segment {number} was changed after it was made: its take and {n} after it are stale.',
        'Segment {number} was changed after it was made: its take and {n} after it are stale.', after, { number: view.stale.first + 1 })
      : t('Segment {number} was changed after it was made: its take is stale.', { number: view.stale.first + 1 }));
  });

  /* The sheet of a change that cannot be without an answer. `to`: the place that the segment is moved to. */
  const TITLES = {
    insert: (number) => t('Insert before segment {number}', { number }), remove: (number) => t('Remove segment {number}', { number }),
    move: (number, place) => t('Move segment {number} to place {place}', { number, place }),
  };
  const DOES = { insert: t('Insert'), remove: t('Remove'), move: t('Move') };
  const open = async (what, segment, to = null) => {
    const answer = await client.act('early_costs', { what, segment: segment.id, to });
    if (!answer) return;
    const { keep, again, bridge } = answer.ways;
    if (what === 'remove' && !again.takes) { run({ what, segment: segment.id, then: 'keep' }); return; }
    const prompt = what === 'insert' ? h('textarea', { rows: 3, class: 'field-text', maxlength: 2000, 'aria-label': t('Prompt of the new segment'),
      placeholder: t('What happens in the new segment?') }) : null;
    const count = frames(answer);
    const way = (value, title, hint, cost, ...more) => h('label', { class: 'way' },
      h('input', { type: 'radio', name: 'way', value, checked: value === 'bridge' }),
      h('span', {}, h('b', {}, title), h('small', {}, hint), ...more), h('span', { class: 'cost' }, price(cost)));
    const ways = h('div', { class: 'ways', role: 'radiogroup', 'aria-label': t('What becomes of the takes after it') },
      way('keep', t('Keep what follows'), t('The takes after it stay as they are. They join with a cut.'), keep),
      way('bridge', t('Bridge'), t('The takes after it stay, and the first of them is blended in.'), bridge,
        h('small', { class: 'over-frames' }, ...pieces(t('over {count} of at most {most} frames'), { count, most: answer.most }))),
      way('again', t('Make what follows again'), t('Every take after it is made anew, with its seed.'), again));
    const go = button(null, DOES[what], () => {
      const then = ways.querySelector('input:checked').value;
      dialog.close();
      run({ what, segment: segment.id, to, then, frames: Math.round(+count.value) || answer.frames, prompt: prompt ? prompt.value : null });
    }, { class: 'button primary' });
    const dialog = dialogs.sheet(TITLES[what](segment.index + 1, (to ?? 0) + 1), 'early-sheet',
      h('p', { class: 'hint' }, t('The change becomes a branch of its own; the branch that you are on stays as it is.')), prompt, ways, go);
    (prompt || go).focus();
  };
  return { strip, open };
})();
