/* The left column: the reference picture, and what the model remembers when it renders the next section. */
const memory = (() => {
  const image = h('img', { alt: t('Reference picture'), draggable: 'false' });
  const outline = h('i', { hidden: true });
  const thumb = h('div', { class: 'thumb-picture' }, image, outline);
  const toEasel = h('button', { class: 'button small open-easel', title: t('Frame the first view, mark what stands in front, draw what flows'),
    'aria-haspopup': 'dialog', onclick: () => easel.open() }, icon('frame', 15), t('Picture'));
  const fromWords = button('pencil', t('Begin from words alone'), () => client.act('begin_from_words'), { class: 'button small', hidden: true });
  const remove = tool('close', t('Remove the reference picture'), () => client.act('clear_reference'));
  const gone = h('p', { class: 'gone', hidden: true }, t('The picture’s file is missing. Choose it again.'));
  const name = h('span', { class: 'file' });
  const measure = h('small', {});
  const sentence = h('p', { class: 'sees' });
  const start = h('i', { class: 'start-latent', title: t('Reference picture') });
  const packed = h('i', { class: 'packed', title: t('Memory of everything earlier') });
  const recent = h('span', { class: 'recent' });
  let frames = [];          // bars, oldest first
  let sizes = '';           // of the context that they are drawn for
  const now = h('i', { class: 'now', title: t('The next section') });

  const map = h('img', { alt: t('What the memory holds, from above: every place the film has shown, and the present view in a frame') });
  const atlas = h('figure', { class: 'atlas', hidden: true, title: t('What the memory holds. The frame is the present view.') }, map);

  const test = button('recall', t('Does it remember?'), () => memoryTest.open(), { class: 'button small', hidden: true,
    title: t('Make the next section with its own memory, without, and with that of another branch') });
  const ask = button('film', t('What is remembered of this?'), () => moment.open(), { class: 'button small', hidden: true,
    title: t('Show what the memory gives back for the place of the frame on the stage') });
  const uses = button('compare', t('What does it use?'), () => memoryUse.open(), { class: 'button small', hidden: true,
    title: t('Make the take’s first section again without each earlier segment, and see what changes') });
  const edit = button('brush', t('Pin and forget'), () => memoryMap.open(), { class: 'button small', hidden: true,
    title: t('Pin takes into the memory, and choose what it is to forget') });

  const root = h('aside', { class: 'panel side', 'aria-label': t('Reference and memory') },
    h('div', { class: 'side-facts' },
      h('h2', { class: 'visually-hidden' }, t('Reference')),
      h('figure', { class: 'reference' }, h('div', { class: 'thumb' }, thumb), gone,
        h('figcaption', {}, h('div', { class: 'picture-facts' }, name, measure),
          h('div', { class: 'picture-verbs' }, toEasel,
            fromWords, tool('picture', t('Replace the reference picture'), () => picture.choose()), remove))),
      h('h2', { class: 'label' }, t('What the model sees next')),
      h('div', { class: 'packs', 'aria-hidden': 'true' }, start, packed, recent, now),
      sentence, atlas),
    h('div', { class: 'memory-verbs' }, test, uses, ask, edit));

  client.watch(({ view }) => {
    if (!view) return;
    const { reference, beginning, memory: seen } = view;
    if (reference?.url) set(image, 'src', reference.url);
    show(thumb.parentNode, reference?.url);
    thumb.style.setProperty('--shape', reference ? reference.width / reference.height : 1);
    const places = reference?.frame || [0, 0, 1, 1];
    ['left', 'top', 'width', 'height'].forEach((side, i) => { outline.style[side] = `${100 * places[i]}%`; });
    show(outline, view.frame);
    show(toEasel, view.frame);
    show(gone, !reference?.url);
    say(gone, reference ? t('The picture is missing. Drop {name} here: {width} × {height}, checksum {checksum}.', reference)
      : beginning.from_words ? beginning.words : t('No reference picture. Choose or drop one.'));
    show(fromWords, beginning.can && !beginning.from_words && !reference);
    show(remove, reference);
    say(name, reference?.name || '');
    say(measure, reference ? `${reference.width} × ${reference.height}` : '');
    set(name, 'title', reference?.name);
    say(sentence, seen.sentence);
    if (sizes !== String(seen.context)) {
      sizes = String(seen.context);
      frames = seen.context.flatMap((count, i) => Array.from({ length: count }, () => h('i', { 'data-kept': ['fourth', 'half', 'full'][i] })));
      recent.replaceChildren(...frames);
    }
    show(start, seen.starts);
    set(start, 'data-on', Boolean(reference || beginning.from_words));
    set(start, 'title', beginning.from_words ? t('The film’s first frame') : t('Reference picture'));
    show(packed, seen.remembers);
    if (seen.picture) set(map, 'src', seen.picture);
    show(atlas, seen.picture);
    const { takes, pins, forgotten, segment } = seen.map;
    const forgets = takes ? forgotten.length : segment?.forget.length;
    say(edit.lastChild, [t('Pin and forget'), pins.length && t('{n} pinned', { n: pins.length }), forgets && t('{n} forgotten', { n: forgets })].filter(Boolean).join(' · '));
    for (const verb of [test, edit]) show(verb, seen.remembers && client.onStage());
    show(uses, client.onStage());
    show(ask, seen.asks && client.onStage());
    set(packed, 'data-on', seen.packed);
    frames.forEach((bar, i) => set(bar, 'data-on', i >= frames.length - seen.recent));
  });
  return { root };
})();
