/* The stage: the selected take, the film so far, two takes side by side, or the take being rendered. */
const stage = (() => {
  const a = makePlayer();
  const b = makePlayer();
  const comparison = makeComparison(a, b);
  const picks = [a, b].map((_, i) => h('select', { class: 'select pick-take', 'aria-label': i ? t('Take B') : t('Take A'),
    onchange: (e) => client.put(i ? { against: e.target.value } : { selected: e.target.value }) }));
  const panes = h('div', { class: 'panes' },
    h('div', { class: 'side-a' }, a.root, picks[0]), h('div', { class: 'side-b' }, b.root, picks[1]));
  const empty = h('p', { class: 'nothing' });
  const meter = h('div', { class: 'meter', role: 'progressbar', 'aria-label': t('Take in the making'), 'aria-valuemin': 0, 'aria-valuemax': 100 },
    h('i', {}));
  const first = h('img', { alt: '' });
  const ghost = h('div', { class: 'ghost', hidden: true }, h('span', {}, first));       // the film's first view, before there is a film
  const screen = h('div', { class: 'screen' }, takes.root, ghost, panes, empty, meter);

  const playing = tool('pause', t('Play or pause (Space)'), () => toggle());
  const scrub = h('input', { type: 'range', class: 'scrub', min: 0, max: 0, step: 1, value: 0, 'aria-label': t('Frame on the stage'),
    oninput: () => lead().seek(+scrub.value) });
  const counter = h('output', { class: 'counter' });
  /* Both change with every frame that plays, so each has a place of a known size: nothing around it is laid out again for that. */
  const [scrubPlace, counterPlace] = [h('span', { class: 'scrub-place' }, scrub), h('span', { class: 'counter-place' }, counter)];
  const mode = (wholeFilm, name) => h('button', {
    'data-whole': String(wholeFilm), onclick: () => client.put({ wholeFilm, against: null, selected: wholeFilm ? null : client.selected }),
  }, name);
  const modes = h('div', { class: 'switch', role: 'group', 'aria-label': t('What plays') }, mode(false, t('Segment')), mode(true, t('Film so far')));
  const compare = button('compare', t('Compare'), () => client.put({
    against: client.against ? null : otherTake(), wholeFilm: false, selected: client.onStage()?.id ?? null,
  }), { class: 'button quiet small', 'aria-label': t('Compare'), title: t('Compare two takes side by side') });
  const others = button('grid', t('Takes'), () => takes.open(client.onStage()?.parent ?? null), { class: 'button quiet small' });
  const ballot = button('vote', t('Vote'), () => vote.open(), { class: 'button quiet small', 'aria-label': t('Blind vote'),
    title: t('Two takes without their names: which one is better?') });
  const colours = button('look', t('Look'), () => look.open(client.onStage().id), { class: 'button quiet small', 'aria-label': t('Look'),
    title: t('Match the colours of this take to another picture'), 'aria-haspopup': 'dialog' });
  const cutter = button('trim', t('Trim'), () => trim.open(client.onStage().id), { class: 'button quiet small', 'aria-label': t('Trim'),
    title: t('What the film shows of this take, and how often'), 'aria-haspopup': 'dialog' });
  const live = button('play', t('Watch live'), () => client.put({ selected: null, wholeFilm: false, against: null }), { class: 'button small alive' });
  const transport = h('div', { class: 'transport' }, playing, sound.hear, scrubPlace, counterPlace, live, modes, others, colours, cutter, compare, ballot);
  const root = h('section', { class: 'stage', 'aria-label': t('Stage') }, screen, comparison.bar, transport);

  const lead = () => (comparison.pair.on() ? comparison.pair : a);      // whose time the transport shows
  const toggle = () => { if (takes.on()) takes.toggle(); else lead().toggle(!lead().playing()); };

  /* The stage does not play behind the takes to choose from, and goes on when they are gone. */
  let resting = false;
  const rest = (covered) => {
    if (covered && lead().playing()) { resting = true; lead().toggle(false); }
    if (!covered && resting) { resting = false; lead().toggle(true); }
  };

  /* The take to compare with first: another take of the same place in the film, else any other. */
  const otherTake = () => {
    const here = client.onStage();
    const others = client.view.takes.filter((take) => take.id !== here?.id && take.clip);
    return (others.find((take) => take.depth === here?.depth) || others.at(-1))?.id || null;
  };

  const title = (take) => `${take.depth + 1} · ${take.words || take.prompt || t('no prompt')}`;
  const choices = (select, chosen) => {
    const wanted = client.view.takes.filter((take) => take.clip);
    const key = wanted.map((take) => take.id + take.prompt + take.seed).join();
    if (select.dataset.key !== key) {
      select.dataset.key = key;
      const words = (take) => [title(take), t('seed {seed}', { seed: take.seed }), client.branchOf(take)].filter(Boolean).join(' · ');
      select.replaceChildren(...wanted.map((take) => h('option', { value: take.id }, words(take))));
    }
    if (chosen && select.value !== chosen) select.value = chosen;
  };

  /* The film so far is joined when it is first asked for, and again when the head moves. */
  let film = { key: '', url: null };
  const joined = () => {
    const { view } = client;
    const looks = view.segments.filter((s) => !s.beyond).map((s) => client.take(s.take)?.look).map((l) => l && [l.match, l.strength]);
    const trims = view.segments.filter((s) => !s.beyond).map((s) => client.take(s.take)?.trim);
    const key = `${view.id} ${view.head} ${view.film.frames} ${JSON.stringify([looks, trims])}`;
    if (film.key !== key) {
      film = { key, url: null };
      client.askAside('film').then((answer) => { if (film.key === key) { film.url = answer?.url || null; client.put({}); } });
    }
    return film.url;
  };

  /* Where one segment ends and the next begins, as marks on the film's scrub bar. */
  let ends = [];
  const drawMarks = (film) => {
    let frames = 0;
    const made = film ? client.view.segments.filter((s) => !s.beyond).map((s) => client.take(s.take)).filter((take) => take?.clip) : [];
    ends = made.map((take) => (frames += take.shown));
    const marks = ends.slice(0, -1).map((end) => `linear-gradient(#fff9, #fff9) ${(100 * end) / frames}% 50% / 2px 12px no-repeat`);
    const part = !film && client.onStage()?.trim && client.onStage();
    if (part) {                                   // what the film does not show of the take is darkened
      const [from, to] = [part.trim.first, part.trim.end].map((at) => (100 * at) / part.frames);
      marks.push(`linear-gradient(90deg, #000a ${from}%, transparent 0 ${to}%, #000a 0) 0 50% / 100% 12px no-repeat`);
    }
    scrub.style.background = marks.join(', ');
  };
  const drawTake = (pane, take, rate, words) =>
    pane.draw({ clip: take?.clip, poster: take?.poster, words, frames: take?.frames || 1, rate, ratio: take?.ratio });
  const drawFilm = (view, take) => a.draw({
    clip: joined(), poster: take?.poster, words: t('The film so far · {length}', { length: view.film.length }),
    frames: view.film.frames, rate: view.fps, ratio: take?.ratio,
  });
  const drawLive = (job) => {
    const before = client.take(client.view.head);
    const rate = client.view.fps;
    const preview = job.preview || before?.poster || client.view.reference?.url;
    a.draw({ preview, words: t('Making segment {number}', { number: job.index + 1 }), rate });
    set(a.root, 'data-waiting', job.preview ? '' : '1');
  };

  client.watch(({ view, job, against, wholeFilm }) => {
    if (!view) return;
    const making = client.making();
    const take = client.onStage();
    const secondTake = !making && client.take(against);
    if (!making) set(a.root, 'data-waiting', '');
    let frames = take?.frames || 0;
    if (making) { drawLive(job); frames = 0; }
    else if (wholeFilm && !client.hovered) { drawFilm(view, take); frames = view.film.frames; }
    else drawTake(a, take, view.fps, take && !secondTake ? title(take) + (take.trim ? ` · ${take.trim.said}` : '') : '');
    if (secondTake) { drawTake(b, secondTake, view.fps, ''); frames = Math.max(frames, secondTake.frames); }
    screen.classList.toggle('two', Boolean(secondTake));
    show(panes.children[1], secondTake);
    show(picks[0], secondTake);
    comparison.draw(panes, secondTake && take, secondTake, view.fps);
    if (secondTake) { choices(picks[0], take?.id); choices(picks[1], secondTake.id); }

    show(empty, !making && !take);
    const { from_words: fromWords } = view.beginning;
    say(empty, !view.reference && !fromWords ? t('Choose a reference picture to begin.')
      : view.reference && !view.reference.url ? t('The reference picture is not here. Drop its file on the page.')
        : job?.state === 'paused' ? t('This film is paused before its first take. Press Resume to make it.')
          : fromWords ? t('Write the first segment below and press Generate. It begins from words alone.')
            : t('Write the first segment below and press Generate. It starts from the reference picture.'));
    const backdrop = !making && !take && view.reference?.url;
    if (backdrop) {
      const [x, y, w, hgt] = view.reference.frame;
      set(first, 'src', backdrop);
      Object.assign(first.style, { width: `${100 / w}%`, height: `${100 / hgt}%`, left: `${-100 * x / w}%`, top: `${-100 * y / hgt}%` });
    }
    show(ghost, backdrop);
    show(panes, making || take);
    show(transport, (making || take) && !takes.on());
    rest(takes.on());
    show(meter, making);
    if (making) {
      const percent = Math.round(job.progress * 100);
      meter.firstChild.style.transform = `scaleX(${job.progress})`;
      set(meter, 'aria-valuenow', percent);
    }
    show(live, job?.state === 'running' && !making);
    for (const m of modes.children) { set(m, 'aria-pressed', String((m.dataset.whole === 'true') === wholeFilm)); disable(m, !view.head); }
    set(compare, 'aria-pressed', String(Boolean(secondTake)));
    const alike = take ? view.takes.filter((other) => other.parent === take.parent).length : 0;
    show(others, alike > 1 && !making);
    say(others.lastChild, t('Takes · {n}', { n: alike }));
    set(others, 'title', t('All {n} takes of this place, to choose from', { n: alike }));
    disable(compare, view.takes.filter((other) => other.clip).length < 2 || making);
    show(colours, take?.clip && !secondTake && !wholeFilm);
    set(colours, 'data-held', Boolean(take?.look));
    disable(colours, making); disable(cutter, making);
    show(cutter, take?.clip && !secondTake && !wholeFilm);
    set(cutter, 'data-held', Boolean(take?.trim));
    disable(ballot, !vote.possible());
    set(scrub, 'max', Math.max(0, frames - 1));
    disable(scrub, making || !frames); disable(playing, making || !frames);
    set(scrubPlace, 'data-idle', making); show(counterPlace, !making);
    drawMarks(wholeFilm && !making && !client.hovered);
    root.style.setProperty('--ratio', view.size[0] / view.size[1]);
  });

  /* The frame counter follows the clip that plays. The page is drawn again only where the frame is another one. */
  let told = '';
  const tell = (frame, total) => {
    const now = `${client.view.id} ${frame} ${total} ${ends}`;
    if (now !== told) {
      told = now;
      scrub.style.setProperty('--at', total > 1 ? frame / (total - 1) : 0);
      const parts = [`${String(frame + 1).padStart(String(total).length, ' ')} / ${total}`, t('{n} s', { n: numeral((frame + 1) / client.view.fps, 1) })];
      if (ends.length) parts.push(t('segment {number}', { number: Math.min(ends.length, ends.filter((end) => end <= frame).length + 1) }));
      const words = parts.join(' · ');
      if (words.length !== counter.textContent.length) counterPlace.style.width = `calc(${words.length}ch + 2px)`;      // its font is monospaced
      say(counter, words);
    }
  };
  const tick = () => {
    if (!element.isConnected) return;
    if (a.has() && client.view) {
      const frame = lead().frame();
      if (document.activeElement !== scrub || lead().playing()) put(scrub, 'value', String(frame));
      tell(frame, +scrub.max + 1);
      const name = lead().playing() ? 'pause' : 'play';
      if (playing.dataset.icon !== name) { playing.dataset.icon = name; playing.replaceChildren(icon(name)); }
    } else if (told) { told = ''; say(counter, ''); scrub.style.setProperty('--at', 0); }
    requestAnimationFrame(tick);
  };
  /* The take and its frame that are on the stage, also within the film so far; null without one. */
  const here = () => {
    const { view, wholeFilm } = client;
    if (client.making()) return null;
    const made = view.segments.filter((s) => !s.beyond).map((s) => client.take(s.take)).filter((take) => take?.clip);
    if (!wholeFilm || !made.length) { const take = client.onStage(); return take?.clip ? { take: take.id, at: a.frame() } : null; }
    let at = a.frame();
    for (const take of made) { if (at < take.shown) return { take: take.id, at: trim.frameOf(take, at) }; at -= take.shown; }
    return { take: made.at(-1).id, at: trim.frameOf(made.at(-1), made.at(-1).shown - 1) };
  };
  /* The moment of the film that the stage shows, in seconds: of the take on it, where that lies in its own film. Null without one. */
  const moment = () => {
    const at = here();
    if (!at || client.against) return null;
    const take = client.take(at.take);
    let frames = client.wholeFilm ? a.frame() : trim.placeOf(take, at.at);
    for (let before = !client.wholeFilm && client.take(take.parent); before; before = client.take(before.parent)) frames += before.shown;
    return { seconds: (frames + 0.5) / client.view.fps, playing: lead().playing() };
  };
  return { root, here, moment, toggle, pause: () => lead().toggle(false), run: tick };
})();
