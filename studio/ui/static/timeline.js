/* The timeline: what to do next, and the strip of segments in film order. */
const timeline = (() => {
  const cards = new Map();
  const totals = h('span', { class: 'totals' });
  const undo = tool('undo', t('Undo (Ctrl+Z)'), () => client.act('undo'));
  const redo = tool('redo', t('Redo (Ctrl+Shift+Z)'), () => client.act('redo'));
  const status = h('p', { class: 'status' });
  const spoken = h('p', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
  const next = button('next', t('Generate next'), () => client.generateNext(), {
    class: 'button primary', title: t('Ctrl+Enter'), 'aria-keyshortcuts': 'Control+Enter',
  });
  const again = button('recall', t('Make its memory again'), () => client.act('make_again', { take: client.view.again }), { class: 'button',
    title: t('Renders this take, and those before it as far as they are without memory, once more from their seeds') });
  const several = button('grid', t('Audition'), () => audition.open(), { class: 'button quiet', title: t('Several takes of the next segment, to choose from') });
  const all = button('all', t('Generate all'), () => client.generateAll(), { title: t('Ctrl+Shift+Enter'), 'aria-keyshortcuts': 'Control+Shift+Enter' });
  const cancel = button('stop', t('Cancel'), () => client.act('cancel'), { class: 'button stop', title: t('Esc'), 'aria-keyshortcuts': 'Escape' });
  const pause = button('pause', t('Pause'), () => client.act('pause'), { title: t('P · stops after this section; Resume goes on, also after a restart') });
  const resume = button('play', t('Resume'), () => client.resume(), { class: 'button primary', title: t('Ctrl+Enter') });
  const goOn = h('input', { type: 'checkbox', onchange: () => client.act('go_on', { on: goOn.checked }) });
  const goingOn = h('label', { class: 'go-on', title: t('When the studio was stopped or the machine crashed, this film goes on by itself after the next start') },
    goOn, t('Go on after a restart'));
  const list = h('ol', { class: 'cards', 'aria-label': t('Segments') });
  const add = h('button', { class: 'add', onclick: () => addSegment() }, icon('plus', 26), h('span', {}, t('Add segment')));
  const strip = h('div', { class: 'strip' }, list, add);
  const root = h('section', { class: 'timeline', 'aria-label': t('Timeline') },
    h('div', { class: 'deck' },
      h('h2', { class: 'label' }, t('Timeline')), totals, undo, redo, filmWords.opener, sound.opener, drift.opener, goingOn, status, h('span', { class: 'gap' }), spoken, pause, cancel, again, several, all, next, resume),
    early.strip, strip, drift.panel, phrases.root);

  /* After a segment was added and drawn, its prompt gets the focus. */
  let adding = null;
  const addSegment = () => { adding = client.view.segments.length; client.act('add_segment'); };
  const toEnd = () => requestAnimationFrame(() => {
    strip.scrollTo({ left: strip.scrollWidth, behavior: still.matches ? 'auto' : 'smooth' });
    [...cards.values()].at(-1)?.fields.prompt.focus({ preventScroll: true });
  });

  const progress = (job) => {
    if (job.state === 'queued') {
      if (!job.before) return t('Queued: another film is being made first');
      const line = tn('{n} film before yours', '{n} films before yours', job.before);
      return job.wait ? `${line} · ${t('about {time} until it begins', { time: job.wait })}` : line;
    }
    const parts = [t('Segment {number}', { number: job.index + 1 })];
    if (job.making.length > 1 && !['stopping', 'pausing'].includes(job.doing)) {
      const run = { number: job.finished + job.making.length, count: job.planned, time: job.total };
      parts.push(t('{count} takes at once', { count: job.making.length }));
      parts.push(job.total ? t('take {number} of {count}, {time} in all', run) : t('take {number} of {count}', run));
      return parts.join(' · ');
    }
    if (job.sections > 1) parts.push(t('section {number} of {count}', { number: job.section + 1, count: job.sections }));
    if (job.doing === 'stopping') return `${parts[0]} · ${t('stopping; finished sections are kept')}`;
    if (job.doing === 'pausing') return `${parts.join(' · ')} · ${t('pausing after this section')}`;
    parts.push(job.step ? stepWords(job) : job.doing_words || t('starting'));
    if (job.left) parts.push(t('{time} left', { time: job.left }));
    if (job.retry) parts.push(t('retry {number} of {count}', { number: job.retry, count: job.retries }));
    const run = { number: Math.min(job.finished + 1, job.planned), count: job.planned, time: job.total };   // the last one is done, and judged
    if (job.planned > 1) parts.push(job.total ? t('take {number} of {count}, {time} in all', run) : t('take {number} of {count}', run));
    return parts.join(' · ');
  };
  const left = (job) => {
    const takes = job.planned - job.finished;
    const place = { number: job.index + 1, section: job.section + 1, sections: job.sections };
    const first = job.sections > 1 ? t('Left: segment {number} from section {section} of {sections}', place) : t('Left: segment {number}', place);
    return takes > 1 ? `${first}, ${tn('{n} take', '{n} takes', takes)}` : first;
  };
  const waiting = (view) => {
    if (view.engine.state === 'starting' && !view.blocked) return t('The engine is warming up; you can write, and even generate, already');
    if (view.engine.state === 'failed') return view.engine.sentence;
    if (remaking()) return t('Making the memory again · take {number} of {count}', { number: client.again.made + 1, count: client.again.of });
    if (client.again?.state === 'failed' && client.again.take === view.again) return client.again.message;
    if (view.again) return t('The memory after this take was removed to save room');
    if (view.blocked) return view.blocked;
    const times = { next: view.estimate, all: view.estimate_all };
    return !view.estimate ? '' : view.estimate_all === view.estimate ? t('About {next} for the next take', times)
      : t('About {next} for the next take, {all} for all that is left', times);
  };

  const remaking = () => ['queued', 'running'].includes(client.again?.state);

  let followed = null;
  const reveal = (view) => {
    const wanted = client.busy() ? client.job.index : view.next?.index ?? -1;
    const key = `${view.id} ${view.branch} ${view.head} ${wanted}`;
    if (followed === key) return;
    const first = followed === null;
    followed = key;
    requestAnimationFrame(() => bringIn(view.segments[wanted]?.id, first));
  };
  const bringIn = (id, first) => {
    const card = cards.get(id);
    if (!card || strip.contains(document.activeElement) && document.activeElement.matches('textarea, input')) return;
    const left = card.offsetLeft - strip.clientWidth / 2 + card.clientWidth / 2;
    strip.scrollTo({ left, behavior: first || still.matches ? 'auto' : 'smooth' });
  };

  client.watch((now) => {
    const { view, job } = now;
    if (!view) return;
    const busy = client.busy();
    keyed(list, cards, view.segments, makeCard, (card, segment) => drawCard(card, segment, now));
    const at = view.segments.findIndex((s) => s.id === roving);
    view.segments.forEach((s, i) => { put(cards.get(s.id).fields.pick, 'tabIndex', i === Math.max(0, at) ? 0 : -1); });
    say(totals, tn('{n} segment · {planned} planned · {made} made', '{n} segments · {planned} planned · {made} made', view.plan.segments,
      { planned: view.plan.length, made: view.film.length }));
    set(totals, 'title', t('The whole timeline: {costs}', { costs: view.plan.costs }));
    disable(undo, !view.can_undo);
    disable(redo, !view.can_redo);
    const paused = job?.state === 'paused';
    say(status, busy ? progress(job) : paused ? `${job.note || t('Paused.')} ${left(job)}` : waiting(view));
    set(status, 'data-failed', view.engine.state === 'failed' && !busy);
    show(cancel, busy); show(pause, busy); show(resume, paused);
    show(goingOn, paused || (busy && job.planned > 1));
    put(goOn, 'checked', view.go_on);
    disable(pause, ['pausing', 'stopping'].includes(job?.doing));
    next.classList.toggle('primary', !paused);
    show(next, !busy); show(all, !busy); show(several, !busy);
    disable(cancel, job?.doing === 'stopping');
    show(again, view.again && !busy);
    disable(again, remaking());
    for (const b of [next, all, several]) disable(b, !view.next);
    say(next.lastChild, view.next?.completes ? t('Finish segment') : t('Generate next'));
    set(all, 'title', view.estimate_all ? t('Ctrl+Shift+Enter · about {time}', { time: view.estimate_all }) : t('Ctrl+Shift+Enter'));
    const quarter = busy && Math.floor(job.progress * 4) * 25;     // not every step: it is read aloud
    say(spoken, busy ? t('Making segment {number}, {share} percent', { number: job.index + 1, share: quarter }) : job?.state === 'done' ? t('The take is done') : '');
    if (adding !== null && view.segments.length > adding) { adding = null; toEnd(); } else reveal(view);
  });

  /* Arrow keys walk the strip; one card is in the tab order. */
  let roving = null;
  list.addEventListener('focusin', (e) => {
    const id = e.target.closest('.card')?.dataset.id;
    if (id && id !== roving) { roving = id; for (const [key, card] of cards) card.fields.pick.tabIndex = key === id ? 0 : -1; }
  });
  list.addEventListener('keydown', (e) => {
    if (!e.target.matches('.cell') || e.ctrlKey || e.metaKey || e.altKey) return;
    const ids = client.view.segments.map((s) => s.id);
    const here = ids.indexOf(e.target.closest('.card').dataset.id);
    const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: ids.length - 1 }[e.key];
    if (to == null || !ids[to]) return;
    e.preventDefault();
    if (e.shiftKey) { moveSegment(client.view.segments[here], to); return; }
    const card = cards.get(ids[to]);
    card.fields.pick.focus();
    card.scrollIntoView({ inline: 'nearest', block: 'nearest' });
  });

  const firstPrompt = () => {
    const { view } = client;
    const segment = view.segments[view.next?.index ?? view.segments.length - 1];
    return segment && cards.get(segment.id).fields.prompt;
  };
  return { root, firstPrompt };
})();
