/* What a take uses of each earlier segment: its first section made again without it, and how much changes, as bars. */
const memoryUse = (() => {
  const list = h('ol', { class: 'uses', 'aria-label': t('Earlier segments') });
  const sentence = h('p', { class: 'test-sentence' });

  const row = ({ number, prompt, known, share, figures }) => h('li', { 'data-known': known || null },
    h('b', {}, t('Segment {number}', { number })), h('span', { class: 'use-prompt' }, prompt || t('no prompt')),
    h('div', { class: 'use-bar', 'aria-hidden': 'true' }, h('i', { style: `transform: scaleX(${share})` })),
    h('span', { class: 'figures' }, figures || '…'));
  const draw = (mine, offer) => {
    const { segments, sentence: words } = mine ?? offer;
    const now = JSON.stringify(segments);
    if (list.dataset.shown !== now) {
      list.dataset.shown = now;
      list.replaceChildren(...segments.map(row));
    }
    say(sentence, words);
    show(sentence, words);
  };

  return makeQuestion({
    title: t('What does it use?'),
    words: {
      begin: t('Find out'), wait: t('Another take is being looked at; wait for it.'),
      stopped: t('Stopped. What is known so far is shown, and not kept.'),
    },
    verbs: { offer: 'memory_use', begin: 'measure_memory_use', cancel: 'cancel_memory_use' },
    live: 'memoryUse',
    about: (offer) => [h('p', { class: 'hint' },
      t('The first section of segment {number} is made as it was, and once more without each earlier segment, from the same noise. How much changes is how much it uses. None of them becomes a take.',
        { number: offer.number }), ' ', offer.way)],
    answer: [list, sentence],
    draw,
  });
})();
