/* One segment of the timeline: its frame on the strip, its prompt, length and seed, and what can be done with it. */
const makeCard = ({ id }) => {
  const edit = (fields) => client.act('edit_segment', { segment: id, ...fields });
  const number = h('span', { class: 'number' });
  const badge = h('span', { class: 'badge' });
  const image = h('img', { alt: '', draggable: 'false', decoding: 'async' });
  const bar = h('div', { class: 'bar-of', role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100, hidden: true }, h('i', {}));
  const flag = h('span', { class: 'flag' });
  const trimmed = h('p', { class: 'trimmed', hidden: true, title: t('What the film shows of this take (Trim, on the stage)') }, icon('trim', 14), h('span', {}));
  const edge = h('p', { class: 'edge', hidden: true,
    title: t('The camera stopped at the picture’s edge. To go on, let it leave the picture (Picture, Frame).') },
  icon('frame', 14), t('Stops at the picture’s edge'));
  const ofVideo = h('p', { class: 'of-video', hidden: true, title: t('This segment is a video of yours. The film goes on from its last frame.') },
    icon('film', 15), h('span', {}));
  const pick = h('button', { class: 'cell', onclick: () => choose() }, image, number, badge, bar);

  const sendPrompt = () => settle(prompt, client.ask('edit_segment', { segment: id, prompt: prompt.value, stroke: prompt.dataset.stroke }));
  const prompt = h('textarea', { rows: 3, class: 'prompt', placeholder: t('What happens in this segment?'), maxlength: 2000,
    onfocus: () => { newStroke(prompt); phrases.wrote(prompt); },
    oninput: () => { prompt.dataset.dirty = '1'; client.later(`prompt ${id}`, sendPrompt); },
    onpaste: (e) => pasted.take(e, prompt),
    onblur: () => client.flush() });

  const filled = h('p', { class: 'filled', hidden: true });      // what the prompt's wildcards give
  const loras = lora.parts(id);
  const seam = blend.part(id);
  const wave = sound.part(id);
  const length = h('output', { class: 'length' });
  const shorter = tool('minus', t('One section shorter'), () => edit({ sections: card.segment.sections - 1 }));
  const longer = tool('plus', t('One section longer'), () => edit({ sections: card.segment.sections + 1 }));
  const seed = h('input', { class: 'seed', inputmode: 'numeric', maxlength: 10, 'aria-label': t('Seed'),
    oninput: () => { seed.dataset.dirty = '1'; },
    onchange: () => settle(seed, /^\s*\d+\s*$/.test(seed.value) ? edit({ seed: Number(seed.value) }) : Promise.resolve()),
    onkeydown: (e) => { if (e.key === 'Enter') seed.blur(); } });

  const verb = (name, does, short, words, run) => tool(name, words, run, { 'data-verb': does, class: short ? 'tool worded' : 'tool' }, short);
  const extra = (name, does, word, words, run) => tool(name, words, run, { 'data-verb': does, 'data-word': word });
  const take = () => ({ take: card.segment.take });
  const own = () => ({ segment: id });
  const move = (by) => moveSegment(card.segment, card.segment.index + by);
  const remake = (does) => () => { client.put({ selected: null, wholeFilm: false }); client.act(does, take()); };
  /* What is done to rendered segments less often is in a menu: `drawCard` puts it there. */
  const more = h('div', { class: 'menu more-verbs', popover: 'auto', role: 'group', 'aria-label': t('More for this segment'), onclick: () => more.hidePopover() });
  const opener = tool('more', t('More'), () => {
    more.togglePopover();
    const box = opener.getBoundingClientRect();
    more.style.top = `${Math.max(8, box.top - more.offsetHeight - 6)}px`;
    more.style.left = `${Math.max(8, Math.min(box.left, innerWidth - more.offsetWidth - 8))}px`;
  }, { class: 'tool opens-more' });
  const tools = h('div', { class: 'tools' },
    verb('finish', 'finish', t('Finish'), t('Finish the missing sections'), remake('finish')),
    verb('rewind', 'rewind', t('Rewind'), t('Rewind to here: the next take goes after this one'), () => client.act('rewind', take())),
    verb('branch', 'branch', t('Branch'), t('Branch from here: keep this path, begin another one'), () => client.act('branch', take())),
    verb('retake', 'retake', t('Retake'), t('Retake: the same place in the film, a new seed'), remake('retake')),
    extra('grid', 'audition', t('Audition'), t('Audition: several takes of this segment, to choose from'), () => audition.open(card.segment.take)),
    extra('recall', 'take_over', t('Take over from a take'), t('Give this segment what the take on the stage was made with'), () => reuse.open(card.segment)),
    extra('back', 'move_earlier', t('Move earlier'), t('Move this segment earlier (Shift+←)'), () => move(-1)),
    extra('forth', 'move_later', t('Move later'), t('Move this segment later (Shift+→)'), () => move(1)),
    extra('plus', 'add_segment', t('Insert after'), t('Add a segment after this one'), () => addAfter(card.segment)),
    extra('trash', 'remove_segment', t('Remove'), t('Remove this segment'), () => (card.segment.take ? early.open('remove', card.segment) : client.act('remove_segment', own()))));

  const card = h('li', { class: 'card', 'data-id': id }, flag, pick, wave.root, seam.root,
    h('div', { class: 'slip' }, h('div', { class: 'writing' }, prompt, loras.add), filled, loras.row, ofVideo, edge, trimmed,
      h('div', { class: 'numbers' },
        h('span', { class: 'stepper' }, shorter, length, longer),
        h('span', { class: 'seeds' }, seed, tool('dice', t('New random seed'), () => edit({ dice: true })))),
      tools, more));
  const choose = () => { if (card.segment.take) client.put({ selected: card.segment.take, wholeFilm: false, hovered: null }); };
  card.fields = { number, badge, image, bar, flag, edge, trimmed, ofVideo, pick, prompt, filled, seam, wave, loras, length, shorter, longer, seed, tools, more, opener, extra: [...tools.children].slice(4) };
  tools.append(opener);
  return card;
};

/* Move a segment, and add one after it. Where something is rendered, the artist says what becomes of what follows. */
const moveSegment = (segment, to) => {
  const { segments } = client.view;
  if (!segments[to]) return null;
  return segment.take || segments[to].take ? early.open('move', segment, to) : client.act('move_segment', { segment: segment.id, to });
};
const addAfter = (segment) => {
  const next = client.view.segments[segment.index + 1];
  return next?.take ? early.open('insert', next) : client.act('add_segment', { segment: segment.id });
};

/* What the job does with this segment: 'making', 'queued' or 'failed'; null: nothing. */
const jobOf = (segment, job) => {
  if (job?.state === 'failed' && job.index === segment.index && !segment.take) return 'failed';
  if (!client.busy()) return null;
  if (segment.index === job.index) return job.state === 'queued' ? 'queued' : 'making';
  if (job.audition.length) return null;            // its takes are all of one segment
  const last = job.index + Math.max(1, job.planned - job.finished) - 1;
  return segment.index > job.index && segment.index <= last ? 'queued' : null;
};

const drawCard = (card, segment, { view, job }) => {
  const f = card.fields;
  card.segment = segment;
  const take = client.take(segment.take);
  const working = jobOf(segment, job);
  const state = working || (take?.state === 'missing' ? 'missing' : segment.state);
  const resting = take?.state === 'missing' ? take.badge : segment.badge;
  const words = { queued: t('Queued'), making: job && making(job), failed: t('Failed') }[working] || resting;
  const next = !client.busy() && view.next?.index === segment.index;

  set(card, 'data-state', state);
  set(card, 'data-beyond', segment.beyond && !working);
  set(card, 'data-next', next);
  set(card, 'data-cut', Boolean(segment.shot));
  set(card, 'data-shown', Boolean(take) && client.onStage()?.id === take.id && !client.making());
  set(card, 'aria-current', segment.head ? 'step' : null);
  card.style.setProperty('--sections', segment.sections);
  say(f.flag, segment.head ? t('Head') : next ? nextWords(view.next) : '');
  show(f.flag, segment.head || next);
  say(f.number, String(segment.index + 1));
  say(f.badge, words);
  set(f.pick, 'aria-label', [[t('Segment {number}', { number: segment.index + 1 }), words, segment.head && t('head')].filter(Boolean).join(', '), segment.prompt]
    .filter(Boolean).join(': '));
  set(f.pick, 'title', take ? t('Show on the stage') : null);
  const picture = working === 'making' ? job.preview : take?.poster;
  if (picture) set(f.image, 'src', picture);
  show(f.image, picture);
  show(f.bar, working === 'making');
  if (working === 'making') {
    f.bar.firstChild.style.transform = `scaleX(${job.progress})`;
    set(f.bar, 'aria-valuenow', Math.round(job.progress * 100));
    set(f.bar, 'aria-label', t('Progress of segment {number}', { number: segment.index + 1 }));
  }
  set(f.prompt, 'aria-label', t('Prompt of segment {number}', { number: segment.index + 1 }));
  refill(f.prompt, segment.prompt);
  say(f.filled, segment.filled || segment.unfilled.split(/(?<=\.) /)[0]);       // of a trouble the first sentence; the rest is its title
  set(f.filled, 'data-wrong', Boolean(segment.unfilled));
  set(f.filled, 'title', segment.filled ? t('With its wildcards replaced: {prompt}', { prompt: segment.filled }) : segment.unfilled || null);
  show(f.filled, segment.filled || segment.unfilled);
  f.loras.draw(segment);
  f.seam.draw(segment);
  f.wave.draw();
  show(f.edge, segment.at_edge && !working);
  say(f.trimmed.lastChild, take?.trim ? t('In the film: {part}', { part: take.trim.said }) : '');
  show(f.trimmed, take?.trim && !working);
  say(f.ofVideo.lastChild, segment.video?.name || '');
  show(f.ofVideo, segment.video);
  set(card, 'data-video', Boolean(segment.video));
  say(f.length, segment.length);
  set(f.length, 'title', segment.estimate);
  disable(f.shorter, segment.sections <= 1);
  disable(f.longer, segment.video && segment.sections >= segment.video.most);
  set(f.seed, 'aria-label', t('Seed of segment {number}', { number: segment.index + 1 }));
  refill(f.seed, segment.seed);
  const idle = !client.busy() || !segment.take;             // a rendered segment stays where it is while the film is generating
  const free = (other) => other && jobOf(other, job) !== 'making' && (!client.busy() || !other.take);
  const fits = {
    finish: segment.state === 'partial', rewind: segment.take && !segment.head, branch: segment.take, retake: segment.take && (!segment.video || segment.state === 'stale'),
    audition: segment.take && !segment.video,
    take_over: client.onStage() && !segment.video,
    add_segment: idle && !(client.busy() && view.segments[segment.index + 1]?.take),
    remove_segment: idle && working !== 'making' && view.segments.length > 1,
    move_earlier: idle && working !== 'making' && free(view.segments[segment.index - 1]),
    move_later: idle && working !== 'making' && free(view.segments[segment.index + 1]),
  };
  const place = segment.take ? f.more : f.tools;
  for (const b of f.extra) if (b.parentElement !== place) place.append(b);
  if (f.tools.lastChild !== f.opener) f.tools.append(f.opener);
  show(f.opener, segment.take);
  for (const b of [...f.tools.children, ...f.more.children]) {
    const { verb } = b.dataset;
    if (!verb) continue;
    show(b, fits[verb]);
    disable(b, client.busy() && ['finish', 'retake', 'audition'].includes(verb));
  }
};

const nextWords = (next) =>
  next.completes ? t('Next: finish this') : next.forks ? t('Next goes here, on a new branch') : t('Next goes here');

const stepWords = (job) => (job.doing === 'reading the video' ? t('frame {step} of {steps}', job) : t('step {step} of {steps}', job));

const making = (job) => {
  if (job.doing === 'stopping') return t('Stopping');
  const parts = job.sections > 1 ? [t('Section {number} of {count}', { number: job.section + 1, count: job.sections })] : [];
  parts.push(job.left ? t('{time} left', { time: job.left }) : job.step ? stepWords(job) : job.doing_words || t('starting'));
  const words = parts.join(' · ');
  return words[0].toUpperCase() + words.slice(1);
};
