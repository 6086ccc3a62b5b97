/* The memory test: one section after the take on the stage, made with its own memory, without, and with that of another branch. */
const memoryTest = (() => {
  const group = makeGroup();
  let before = null;        // id of the test that had ended when the sheet came up
  let shown = null;         // the result that is on the sheet

  const sentence = h('p', { class: 'test-sentence' });
  const absent = h('p', { class: 'hint' });
  const grid = h('ul', { class: 'test-grid', 'aria-label': t('The sections') });
  const playing = button('pause', t('Pause'), () => { group.toggle(); drawPlaying(); }, { class: 'button quiet small' });
  const found = h('div', { class: 'test-found' }, sentence, grid, h('div', { class: 'test-foot' }, playing, absent));
  const prompt = h('textarea', { rows: 2, class: 'field-text', maxlength: 2000, 'aria-label': t('Prompt of the section') });

  const drawPlaying = () => {
    const on = group.playing();
    playing.firstChild.replaceWith(icon(on ? 'pause' : 'play', 17));
    say(playing.lastChild, on ? t('Pause') : t('Play'));
  };
  const cell = ({ name, clip, figures, difference }) => {
    const video = h('video', { src: clip, playsinline: true, preload: 'auto', tabindex: -1, 'aria-label': name });
    video.muted = true;
    return h('li', { class: 'test-cell' }, video, h('b', {}, name), h('span', { class: 'figures' }, figures),
      difference ? h('img', { src: difference, alt: t('Where it differs most from the section with its own memory: {figures}', { figures }) }) : null);
  };
  const drawResult = (result) => {
    const now = JSON.stringify(result);
    if (now === shown) return;
    shown = now;
    show(found, result);
    grid.replaceChildren(...(result?.clips || []).map(cell));
    say(sentence, result?.sentence || '');
    say(absent, [result && t('The dark pictures show where a section differs most from the first one, 4 times as bright; the line surrounds what only memory can show.'),
      result?.absent].filter(Boolean).join(' '));
    group.draw([...grid.querySelectorAll('video')], client.view.fps);
    drawPlaying();
  };
  const about = (offer, take) => {
    before = client.memoryTest?.active ? null : client.memoryTest?.id;
    prompt.value = offer.prompt;
    shown = null;
    return [h('p', { class: 'hint' }, offer.other
      ? t('One section after segment {number} is made three times from the same noise: with the film’s own memory, without any, and with that of {other}. '
        + 'None of them becomes a take.', { number: take.depth + 1, other: offer.other })
      : t('One section after segment {number} is made twice from the same noise: with the film’s own memory, without any. None of them becomes a take.',
        { number: take.depth + 1 })), prompt];
  };

  return makeQuestion({
    title: t('Does it remember?'),
    words: { begin: t('Test'), wait: t('Another take is being tested; wait for it.'), stopped: t('Stopped. Nothing was kept.') },
    verbs: { offer: 'memory_test', begin: 'test_memory', cancel: 'cancel_memory_test' },
    live: 'memoryTest',
    about,
    asks: () => ({ prompt: prompt.value }),
    answer: [found],
    draw: (mine, offer) => {
      prompt.disabled = Boolean(mine?.active);
      drawResult(mine && mine.id !== before ? mine.result : offer.result);
    },
    closed: () => { group.draw([], client.view.fps); grid.replaceChildren(); },
  });
})();
