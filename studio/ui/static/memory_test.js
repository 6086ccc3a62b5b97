/* The memory test: one section after the take on the stage, made with its own memory, without, and with that of another branch. */
const memoryTest = (() => {
  const group = makeGroup();
  let dialog = null;
  let offer = null;         // what the studio said of a test of this take
  let result = null;        // that is shown
  let awaited = null;       // id of the test whose result is to be shown

  const sentence = h('p', { class: 'test-sentence' });
  const absent = h('p', { class: 'hint' });
  const grid = h('ul', { class: 'test-grid', 'aria-label': t('The sections') });
  const playing = button('pause', t('Pause'), () => { group.toggle(); drawPlaying(); }, { class: 'button quiet small' });
  const found = h('div', { class: 'test-found' }, sentence, grid, h('div', { class: 'test-foot' }, playing, absent));
  const prompt = h('textarea', { rows: 2, class: 'field-text', maxlength: 2000, 'aria-label': t('Prompt of the section') });
  const begin = button('play', t('Test'), () => start(), { class: 'button primary' });
  const stop = button('stop', t('Stop'), () => client.act('cancel_memory_test'), { class: 'button stop' });
  const status = h('p', { class: 'hint', role: 'status' });
  const meter = h('div', { class: 'test-meter', 'aria-hidden': 'true' }, h('i', {}));

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
  const drawResult = (now) => {
    result = now;
    show(found, result);
    grid.replaceChildren(...(result?.clips || []).map(cell));
    say(sentence, result?.sentence || '');
    say(absent, [result && t('The dark pictures show where a section differs most from the first one, 4 times as bright; the line surrounds what only memory can show.'),
      result?.absent].filter(Boolean).join(' '));
    group.draw([...grid.querySelectorAll('video')], client.view.fps);
    drawPlaying();
  };
  const start = async () => {
    drawResult(null);
    const answer = await client.act('test_memory', { take: offer.take, prompt: prompt.value });
    awaited = answer?.id ?? null;
    if (answer) client.put({}); else dialog?.close();          // why it was refused is said on the page below
  };
  const draw = ({ view, memoryTest: test }) => {
    if (!dialog || !offer) return;
    if (view.id !== dialog.dataset.film) { dialog.close(); return; }
    const mine = test?.take === offer.take ? test : null;
    const busy = Boolean(test?.active);
    const focused = document.activeElement;                    // it goes over to the button that takes the place of the other
    show(stop, busy && mine);
    show(begin, !(busy && mine));
    begin.disabled = busy;
    if (focused === begin && begin.hidden) stop.focus();
    if (focused === stop && stop.hidden) begin.focus();
    prompt.disabled = Boolean(busy && mine);
    show(meter, busy && mine);
    if (mine) meter.firstChild.style.transform = `scaleX(${mine.progress})`;
    if (awaited && mine?.id === awaited && !busy) {
      awaited = null;
      drawResult(mine.result);
    }
    say(status, busy ? (mine ? `${mine.doing}…` : t('Another take is being tested; wait for it.'))
      : mine?.state === 'failed' ? `${mine.message} ${mine.remedy}` : mine?.state === 'cancelled' ? t('Stopped. Nothing was kept.')
        : offer.wait ? t('About {wait}.', { wait: offer.wait }) : '');
  };

  const open = async () => {
    const take = client.onStage();
    if (!take) return;
    offer = await client.act('memory_test', { take: take.id });
    if (!offer) return;
    stage.pause();
    const about = h('p', { class: 'hint' }, offer.other
      ? t('One section after segment {number} is made three times from the same noise: with the film’s own memory, without any, and with that of {other}. '
        + 'None of them becomes a take.', { number: take.depth + 1, other: offer.other })
      : t('One section after segment {number} is made twice from the same noise: with the film’s own memory, without any. None of them becomes a take.',
        { number: take.depth + 1 }));
    prompt.value = offer.prompt;
    const body = offer.problem ? [h('p', {}, offer.problem)]
      : [about, prompt, h('div', { class: 'test-begin' }, begin, stop, status), meter, found];
    result = null;
    grid.replaceChildren();
    dialog = dialogs.sheet(t('Does it remember?'), offer.problem ? '' : 'memory-test', ...body);
    dialog.dataset.film = client.view.id;
    dialog.addEventListener('close', () => { group.draw([], client.view.fps); grid.replaceChildren(); dialog = null; });
    const running = client.memoryTest?.active && client.memoryTest.take === offer.take;
    awaited = running ? client.memoryTest.id : null;
    drawResult(running ? null : offer.result);
    client.put({});
    if (!offer.problem) (begin.disabled ? prompt : begin).focus();
  };
  client.watch(draw);
  return { open };
})();
