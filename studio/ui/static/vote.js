/* The blind vote: two takes without their names, which one is better, and what the votes say together. */
const vote = (() => {
  let dialog = null;
  let booth = null;         // while pairs are shown: the two players, their pair, and what is asked
  let contest = {};         // what is voted on: all takes, those of one segment (`place`), or two branches against each other

  const RESULTS = { ArrowLeft: 'left', ArrowRight: 'right', ArrowDown: 'alike' };

  /* Segments with two takes or more. */
  const places = () => {
    const counts = new Map();
    for (const take of client.view.takes) if (take.clip) counts.set(take.depth, (counts.get(take.depth) || 0) + 1);
    return [...counts].filter(([, count]) => count > 1).sort(([one], [other]) => one - other);
  };
  const possible = () => Boolean(client.view) && places().length > 0;

  /* Ask the studio; without an answer the sheet closes, because the reason is said on the page under it. */
  const ask = async (verb, fields = {}) => {
    const asked = dialog;
    const answer = await client.act(verb, fields);
    if (!answer) asked?.close();
    return asked === dialog ? answer : null;
  };

  const nameOf = (field) => field.getAttribute('aria-label') || field.textContent;

  /* What is voted on, and the table of what was voted. */
  const desk = async () => {
    leave();
    const held = document.activeElement?.closest('.vote-choices') ? nameOf(document.activeElement) : null;
    const { branches } = client.view;
    const several = branches.length > 1;
    const select = (label, options, chosen, changed) => {
      const field = h('select', { class: 'select', 'aria-label': label, onchange: () => { changed(field.value); desk(); } },
        ...options.map(([value, name]) => h('option', { value }, name)));
      field.value = chosen;
      return field;
    };
    const kind = (twoBranches, label) => h('button', { 'aria-pressed': String(Boolean(contest.branch) === twoBranches), disabled: twoBranches && !several,
      onclick: () => {
        const here = branches.find((b) => b.current).id;
        contest = twoBranches ? { branch: here, other: branches.find((b) => b.id !== here).id } : {};
        desk();
      } }, label);
    const names = branches.map((b) => [b.id, b.name]);
    const choices = contest.branch
      ? [select(t('One branch'), names, contest.branch, (id) => { contest = { ...contest, branch: id }; }), h('span', {}, t('against')),
        select(t('The other branch'), names, contest.other, (id) => { contest = { ...contest, other: id }; })]
      : [select(t('Segments'), [['', t('All segments')], ...places().map(([at, count]) => [String(at), t('Segment {number} · {n} takes', { number: at + 1, n: count })])],
        contest.place == null ? '' : String(contest.place), (at) => { contest = at ? { place: +at } : {}; })];
    const same = contest.branch && contest.branch === contest.other;
    const answer = same ? { rows: [], pairs: 0 } : await ask('ratings', contest);
    if (!answer) return;
    const begin = button('play', t('Begin voting'), next, { class: 'button primary' });
    begin.disabled = !answer.pairs;
    const count = tn('{n} pair to compare; you may stop at any time.', '{n} pairs to compare; you may stop at any time.', answer.pairs);
    const none = same ? t('Choose two different branches.') : t('There is no pair here: a pair is two takes of the same segment.');
    fill(
      h('p', { class: 'hint' }, t('Two takes of the same segment play in step, without names, prompts or seeds. Which pair comes next, and which take is '
        + 'on which side, is drawn at random among the pairs with the fewest votes.')),
      h('div', { class: 'vote-choices' }, h('div', { class: 'switch', role: 'group', 'aria-label': t('What is voted on') },
        kind(false, t('Takes')), kind(true, t('Two branches'))), ...choices),
      h('div', { class: 'vote-begin' }, begin, h('p', { class: 'hint', role: 'status' }, answer.pairs ? count : none)),
      results(answer.rows));
    ([...body.querySelectorAll('.vote-choices :is(button, select)')].find((field) => nameOf(field) === held) || begin).focus();
  };

  const results = (rows) => {
    if (!rows.length) return null;
    const heads = contest.branch ? [t('Branch')] : [t('Segment'), t('Seed'), t('Branch')];
    const facts = (row) => (contest.branch ? [row.branch] : [row.segment, row.seed, row.branch || '–']);
    const cells = (tag, values) => values.map((value, i) =>
      h(tag, { scope: tag === 'th' ? 'col' : null, class: i < heads.length ? 'of' : null }, String(value)));
    const interval = (row) => (row.low == null ? '–' : t('{low} to {high}', { low: Math.round(row.low), high: Math.round(row.high) }));
    const save = async () => {
      const answer = await ask('export_ratings', contest);
      if (answer) dialogs.fetchFile(answer.url);
    };
    return h('section', { class: 'ratings' }, h('h3', {}, t('Ratings')),
      h('div', { class: 'ratings-scroll', tabindex: 0, role: 'region', 'aria-label': t('Ratings') }, h('table', {},
        h('thead', {}, h('tr', {}, ...cells('th', [...heads, 'Elo', t('95 % interval'), t('Votes'), t('Won'), t('Lost'), t('Alike')]))),
        h('tbody', {}, ...rows.map((row) => h('tr', {}, ...cells('td',
          [...facts(row), Math.round(row.elo), interval(row), row.votes, row.wins, row.losses, row.ties])))))),
      h('p', { class: 'hint' }, t('Elo with K = 32 from 1500, in the order of the votes; alike counts half. The interval draws the votes again, 1000 times; '
        + 'it needs five votes that are not all the same.'), ' ', contest.branch ? '' : t('Ratings compare takes of the same segment.')),
      button('export', t('Table as CSV'), save));
  };

  /* Show the next pair. */
  const next = async () => {
    if (!booth) enter();
    booth.shown = null;
    const answer = await ask('next_pair', contest);
    if (!answer || !booth) return;
    const takes = answer.pair && [client.take(answer.pair.left), client.take(answer.pair.right)];
    if (!takes?.every((take) => take?.clip)) { desk(); return; }
    booth.shown = answer.pair;
    booth.turn += 1;
    if (takes[0].ratio) booth.root.style.setProperty('--ratio', takes[0].ratio);
    takes.forEach((take, i) => booth.players[i].draw({ clip: take.clip, poster: null, words: '', frames: take.frames, rate: client.view.fps, ratio: take.ratio }));
    booth.pair.draw(takes.map((take) => take.frames), client.view.fps, String(booth.turn));
    if (!still.matches) booth.pair.toggle(true);
    drawPlaying();
    booth.back.disabled = !booth.given;
    if (!dialog.contains(document.activeElement)) dialog.focus();      // it was on a button that is off now
    say(booth.count, booth.given ? tn('{n} vote in this sitting.', '{n} votes in this sitting.', booth.given) : t('Look as long as you like.'));
  };
  const give = async (result) => {
    const pair = booth?.shown;
    if (!pair) return;                                  // the one before is still on its way
    booth.shown = null;
    if (!await ask('vote', { ...pair, result }) || !booth) return;
    booth.given += 1;
    next();
  };
  const takeBack = async () => {
    if (!booth?.shown || !booth.given) return;
    booth.shown = null;
    if (!await ask('drop_vote') || !booth) return;
    booth.given -= 1;
    next();
  };

  /* On a phone the pictures lie one above the other. */
  const either = (beside, above) => [h('span', { class: 'if-beside' }, beside), h('span', { class: 'if-above' }, above)];
  const sides = [[t('Left'), t('Upper'), 'left', t('Left is better')], [t('Right'), t('Lower'), 'right', t('Right is better')]].map(
    ([beside, above, result, better]) => ({ result, name: () => either(beside, above), better: () => either(better, above),
  }));
  const drawPlaying = () => {
    const on = booth.pair.playing();
    booth.playing.firstChild.replaceWith(icon(on ? 'pause' : 'play', 17));
    say(booth.playing.lastChild, on ? t('Pause') : t('Play'));
  };
  const togglePlaying = () => { booth.pair.toggle(); drawPlaying(); };

  /* A click leaves the focus where it is, so that Space pauses and does not press the button again. */
  const keepFocus = (e) => e.preventDefault();

  const enter = () => {
    const players = [makePlayer(), makePlayer()];
    const better = ({ better: words, result }) => h('button', { class: 'button', 'data-result': result, onclick: () => give(result) },
      icon(result, 17), h('span', {}, ...words()));
    const alike = button('down', t('Alike'), () => give('alike'), { class: 'button', 'data-result': 'alike' });
    const pictures = sides.map(({ name }, i) => h('div', {}, players[i].root, h('b', {}, ...name())));
    booth = { players, pair: makePair(...players), given: 0, turn: 0, shown: null, count: h('p', { class: 'hint', role: 'status' }),
      root: h('div', { class: 'booth' }, ...pictures),
      back: button('undo', t('Take back the last vote'), takeBack, { class: 'button quiet', 'aria-label': t('Take back the last vote'), disabled: true }),
      playing: button('pause', t('Pause'), togglePlaying, { class: 'button quiet' }) };
    fill(
      h('h3', { class: 'visually-hidden' }, t('Which one is better?')),
      booth.root,
      h('div', { class: 'booth-answers', role: 'group', 'aria-label': t('Which one is better?'), onmousedown: keepFocus },
        better(sides[0]), alike, better(sides[1])),
      h('div', { class: 'booth-ends', onmousedown: keepFocus }, booth.back, booth.playing, booth.count, button('check', t('Finish'), desk)),
      h('p', { class: 'hint for-keys' }, ...pieces(t('Keys: {left}{right} the better one, {down} alike, {space} pause, {escape} close'), {
        left: h('kbd', {}, '←'), right: h('kbd', {}, '→'), down: h('kbd', {}, '↓'), space: h('kbd', {}, t('Space')), escape: h('kbd', {}, t('Esc')) })));
    set(dialog, 'data-booth', true);
    dialog.focus();
  };
  const leave = () => { booth?.pair.release(); for (const player of booth?.players || []) player.toggle(false); booth = null; set(dialog, 'data-booth', null); };

  const key = (e) => {
    if (!booth || e.ctrlKey || e.metaKey || e.altKey || e.repeat) return;
    if (RESULTS[e.key]) { e.preventDefault(); give(RESULTS[e.key]); }
    if (e.key === ' ' && !e.target.closest('button')) { e.preventDefault(); togglePlaying(); }
  };

  let body = null;
  const fill = (...parts) => body.replaceChildren(...parts.filter(Boolean));
  const open = () => {
    if (!possible()) return;
    body = h('div', { class: 'vote-body' });
    contest = {};
    dialog = dialogs.sheet(t('Blind vote'), 'voting', body);
    set(dialog, 'tabindex', -1);
    dialog.dataset.film = client.view.id;
    dialog.addEventListener('keydown', key);
    dialog.addEventListener('close', () => { leave(); dialog = null; });
    stage.pause();
    desk();
  };
  client.watch(({ view }) => { if (dialog && view?.id !== dialog.dataset.film) dialog.close(); });
  return { open, possible };
})();
