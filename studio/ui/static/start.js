/* The first screen: one sentence, a place for a picture or a video, and sample stories. */
const start = (() => {
  const gallery = h('ul', { class: 'samples' });
  const stories = h('section', { class: 'stories', 'aria-labelledby': 'mp-samples', hidden: true },
    h('h3', { id: 'mp-samples' }, t('Or begin with one of these')), gallery);
  const IDLE = t('or drop it here, or paste it');
  const words = h('span', { role: 'status' }, IDLE);
  const meter = h('i', {}), bar = h('span', { class: 'meter', hidden: true, 'aria-hidden': 'true' }, meter);
  /* What happens to the file that was chosen, and how much of it is done, 0 to 1; null: nobody knows. */
  const announce = (now, share = null) => {
    say(words, now || IDLE);
    show(bar, share !== null);
    meter.style.transform = `scaleX(${share || 0})`;
  };
  const fromWords = button('pencil', t('Begin from words alone'), () => client.act('begin_from_words'), { class: 'button', hidden: true });
  const heading = h('h2', {}, '');
  const others = h('p', { class: 'hint', hidden: true });
  const root = h('section', { class: 'start', hidden: true, 'aria-label': t('Begin a film') },
    h('div', { class: 'lead' },
      heading,
      h('p', {}, t('Choose a picture, write what should happen, and generate the film segment by segment; rewind or branch wherever you like.')),
      h('p', {}, t('Or begin with a video of yours, and go on from where it ends.'))),
    h('div', { class: 'ways' },
      h('button', { class: 'drop', onclick: () => picture.choose() },
        icon('picture', 46), h('b', {}, t('Choose a picture or a video')), words, bar),
      fromWords, others),
    stories);

  let requested = false;
  const fetchSamples = async () => {
    if (requested) return;
    requested = true;
    const answer = await client.ask('samples');
    const samples = answer?.samples || [];
    gallery.replaceChildren(...samples.map(sample));
    show(stories, samples.length);
  };

  const sample = (s) => h('li', { class: 'sample' },
    h('div', { class: 'sample-picture' }, s.picture ? h('img', { src: s.picture, alt: '', decoding: 'async' }) : null),
    h('div', { class: 'sample-words' },
      h('div', { class: 'sample-name' }, h('b', {}, s.name), h('small', {}, s.made ? tn('film · {n} segment', 'film · {n} segments', s.segments) : tn('{n} segment', '{n} segments', s.segments))),
      h('p', {}, s.first),
      h('div', { class: 'pair' },
        h('button', {
          class: 'button small primary', 'aria-label': tn('Open the story {name}, {n} segment', 'Open the story {name}, {n} segments', s.segments, { name: s.name }), onclick: () => begin(s),
        }, s.made ? t('Open film') : t('Open story')),
        h('button', {
          class: 'button small', 'aria-label': t('Use only the picture of {name}', { name: s.name }), onclick: () => usePicture(s.id),
        }, t('Use picture')))));

  const usePicture = async (id) => easel.openFor((await client.act('use_sample', { sample: id }))?.frame_of);
  const begin = async (s) => {
    const answer = await client.act('begin', { sample: s.id });
    if (answer) client.open(answer.project, true, s.made);
  };

  client.watch(({ view }) => {
    if (!view) return;
    const { from_words: begun, can, words: told } = view.beginning;
    const empty = !view.reference && !begun && !view.takes.length;
    show(root, empty);
    say(heading, can ? t('A film begins with a picture, or from words.') : t('A film begins with one picture.'));
    show(fromWords, can);
    say(others, told);
    show(others, told);
    if (empty) fetchSamples();
  });
  return { root, announce };
})();
