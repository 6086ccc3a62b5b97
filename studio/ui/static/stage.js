/* The stage: the selected take, the film so far, two takes side by side, or the take being made. */
const stage = (() => {
  const a = makePlayer();
  const b = makePlayer();
  const picks = [a, b].map((_, i) => h('select', { class: 'select pick-take', 'aria-label': i ? 'Take B' : 'Take A',
    onchange: (e) => desk.put(i ? { against: e.target.value } : { shown: e.target.value }) }));
  const panes = h('div', { class: 'panes' },
    h('div', { class: 'side-a' }, a.root, picks[0]), h('div', { class: 'side-b' }, b.root, picks[1]));
  const empty = h('p', { class: 'nothing' });
  const meter = h('div', { class: 'meter', role: 'progressbar', 'aria-label': 'Take in the making', 'aria-valuemin': 0, 'aria-valuemax': 100 },
    h('i', {}));
  const ghost = h('img', { class: 'ghost', alt: '', hidden: true });
  const screen = h('div', { class: 'screen' }, ghost, panes, empty, meter);

  const playing = tool('pause', 'Play or pause (Space)', () => toggle());
  const scrub = h('input', { type: 'range', class: 'scrub', min: 0, max: 0, step: 1, value: 0, 'aria-label': 'Frame',
    oninput: () => { a.seek(+scrub.value); b.seek(+scrub.value); } });
  const counter = h('output', { class: 'counter' });
  const mode = (whole, name) => h('button', {
    'data-whole': String(whole), onclick: () => desk.put({ whole, against: null, shown: whole ? null : desk.shown }),
  }, name);
  const modes = h('div', { class: 'switch', role: 'group', 'aria-label': 'What plays' }, mode(false, 'Segment'), mode(true, 'Film so far'));
  const compare = button('compare', 'Compare', () => desk.put({
    against: desk.against ? null : rival(), whole: false, shown: desk.onStage()?.id ?? null,
  }), { class: 'button quiet small', 'aria-label': 'Compare', title: 'Compare two takes side by side' });
  const live = button('play', 'Watch live', () => desk.put({ shown: null, whole: false, against: null }), { class: 'button small alive' });
  const transport = h('div', { class: 'transport' }, playing, scrub, counter, live, modes, compare);
  const root = h('section', { class: 'stage', 'aria-label': 'Stage' }, screen, transport);

  const toggle = () => { const on = !a.playing(); a.toggle(on); b.toggle(on); if (on && desk.against) { a.restart(); b.restart(); } };

  /* The take to compare with first: another take of the same place in the film, else any other. */
  const rival = () => {
    const here = desk.onStage();
    const others = desk.view.takes.filter((t) => t.id !== here?.id && t.clip);
    return (others.find((t) => t.depth === here?.depth) || others.at(-1))?.id || null;
  };

  const title = (take) => `${take.depth + 1} · ${take.prompt || 'no prompt'}`;
  const choices = (select, chosen) => {
    const wanted = desk.view.takes.filter((t) => t.clip);
    const key = wanted.map((t) => t.id + t.prompt + t.seed).join();
    if (select.dataset.key !== key) {
      select.dataset.key = key;
      const words = (t) => [title(t), `seed ${t.seed}`, desk.branchOf(t)].filter(Boolean).join(' · ');
      select.replaceChildren(...wanted.map((t) => h('option', { value: t.id }, words(t))));
    }
    if (chosen && select.value !== chosen) select.value = chosen;
  };

  /* The film so far is joined when it is first asked for, and again when the head moves. */
  let film = { key: '', url: null };
  const joined = () => {
    const { view } = desk;
    const key = `${view.id} ${view.head} ${view.film.frames}`;
    if (film.key !== key) {
      film = { key, url: null };
      desk.askAside('film').then((answer) => { if (film.key === key) { film.url = answer?.url || null; desk.put({}); } });
    }
    return film.url;
  };

  /* Where one segment ends and the next begins, as marks on the film's scrub bar. */
  let ends = [];
  const drawMarks = (film) => {
    let frames = 0;
    const made = film ? desk.view.segments.filter((s) => !s.beyond).map((s) => desk.take(s.take)).filter((t) => t?.clip) : [];
    ends = made.map((t) => (frames += t.frames));
    const marks = ends.slice(0, -1).map((end) => `linear-gradient(#fff9, #fff9) ${(100 * end) / frames}% 50% / 2px 12px no-repeat`);
    scrub.style.background = marks.join(', ');
  };
  const drawTake = (pane, take, rate, words) =>
    pane.draw({ clip: take?.clip, poster: take?.poster, words, frames: take?.frames || 1, rate, ratio: take?.ratio });
  const drawFilm = (view, take) => a.draw({
    clip: joined(), poster: take?.poster, words: `The film so far · ${view.film.length}`,
    frames: view.film.frames, rate: view.fps, ratio: take?.ratio,
  });
  const drawLive = (job) => {
    const before = desk.take(desk.view.head);
    const rate = desk.view.fps;
    const preview = job.preview || before?.poster || desk.view.reference?.url;
    a.draw({ preview, words: `Making segment ${job.index + 1}`, rate });
    a.root.dataset.waiting = job.preview ? '' : '1';
  };

  desk.watch(({ view, job, against, whole }) => {
    if (!view) return;
    const making = desk.making();
    const take = desk.onStage();
    const rivalTake = !making && desk.take(against);
    a.root.dataset.waiting = '';
    let frames = take?.frames || 0;
    if (making) { drawLive(job); frames = 0; }
    else if (whole && !desk.peek) { drawFilm(view, take); frames = view.film.frames; }
    else drawTake(a, take, view.fps, take && !rivalTake ? title(take) : '');
    if (rivalTake) drawTake(b, rivalTake, view.fps, '');
    screen.classList.toggle('two', Boolean(rivalTake));
    show(panes.children[1], rivalTake);
    show(picks[0], rivalTake);
    if (rivalTake) { choices(picks[0], take?.id); choices(picks[1], rivalTake.id); }

    show(empty, !making && !take);
    say(empty, view.reference
      ? 'Write the first segment below and press Generate. It starts from the reference picture.' : 'Choose a reference picture to begin.');
    const backdrop = !making && !take && view.reference?.url;
    if (backdrop) set(ghost, 'src', backdrop);
    show(ghost, backdrop);
    show(panes, making || take);
    show(transport, making || take);
    show(meter, making);
    if (making) {
      const percent = Math.round(job.progress * 100);
      meter.firstChild.style.transform = `scaleX(${job.progress})`;
      set(meter, 'aria-valuenow', percent);
    }
    show(live, job?.state === 'running' && !making);
    for (const m of modes.children) { set(m, 'aria-pressed', String((m.dataset.whole === 'true') === whole)); m.disabled = !view.head; }
    set(compare, 'aria-pressed', String(Boolean(rivalTake)));
    compare.disabled = view.takes.filter((t) => t.clip).length < 2 || making;
    scrub.max = Math.max(0, frames - 1);
    scrub.disabled = playing.disabled = making || !frames;
    set(scrub, 'data-idle', making); show(counter, !making);
    drawMarks(whole && !making && !desk.peek);
    root.style.setProperty('--ratio', view.size[0] / view.size[1]);
  });

  /* The counter follows the clip, not the studio. */
  const tick = () => {
    if (!element.isConnected) return;
    if (a.has() && desk.view) {
      const frame = a.frame();
      if (document.activeElement !== scrub || a.playing()) scrub.value = frame;
      const total = +scrub.max + 1;
      scrub.style.setProperty('--at', total > 1 ? frame / (total - 1) : 0);
      const parts = [`${String(frame + 1).padStart(String(total).length, ' ')} / ${total}`, `${((frame + 1) / desk.view.fps).toFixed(1)} s`];
      if (ends.length) parts.push(`segment ${Math.min(ends.length, ends.filter((end) => end <= frame).length + 1)}`);
      say(counter, parts.join(' · '));
      const name = a.playing() ? 'pause' : 'play';
      if (playing.dataset.icon !== name) { playing.dataset.icon = name; playing.replaceChildren(icon(name)); }
    } else { say(counter, ''); scrub.style.setProperty('--at', 0); }
    requestAnimationFrame(tick);
  };
  return { root, toggle, run: tick };
})();
