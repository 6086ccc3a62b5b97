/* What a take uses of each earlier segment: its first section made again without it, and how much changes, as bars. */
const memoryUse = (() => {
  let dialog = null;
  let offer = null;         // what the studio said of the question for this take

  const begin = button('play', t('Find out'), () => start(), { class: 'button primary' });
  const stop = button('stop', t('Stop'), () => client.act('cancel_memory_use'), { class: 'button stop' });
  const status = h('p', { class: 'hint', role: 'status' });
  const meter = h('div', { class: 'test-meter', 'aria-hidden': 'true' }, h('i', {}));
  const list = h('ol', { class: 'uses', 'aria-label': t('Earlier segments') });
  const sentence = h('p', { class: 'test-sentence' });

  const row = ({ number, prompt, known, share, figures }) => h('li', { 'data-known': known || null },
    h('b', {}, t('Segment {number}', { number })), h('span', { class: 'use-prompt' }, prompt || t('no prompt')),
    h('div', { class: 'use-bar', 'aria-hidden': 'true' }, h('i', { style: `transform: scaleX(${share})` })),
    h('span', { class: 'figures' }, figures || '…'));
  const drawUses = (segments, text) => {
    const now = JSON.stringify(segments);
    if (list.dataset.shown !== now) {
      list.dataset.shown = now;
      list.replaceChildren(...segments.map(row));
    }
    say(sentence, text);
    show(sentence, text);
  };
  const start = async () => {
    const answer = await client.act('measure_memory_use', { take: offer.take });
    if (answer) client.put({}); else dialog?.close();      // why it was refused is said on the page below
  };
  const draw = ({ view, memoryUse: use }) => {
    if (!dialog || !offer || offer.problem) return;
    if (view.id !== dialog.dataset.film) { dialog.close(); return; }
    const mine = use?.take === offer.take ? use : null;
    const busy = Boolean(use?.active);
    const focused = document.activeElement;
    show(stop, busy && mine);
    show(begin, !(busy && mine));
    begin.disabled = busy;
    show(meter, busy && mine);
    if (mine) meter.firstChild.style.transform = `scaleX(${mine.progress})`;
    if (focused === begin && begin.hidden) stop.focus();
    if (focused === stop && stop.hidden) begin.focus();
    if (mine) drawUses(mine.segments, mine.sentence);
    else drawUses(offer.segments, offer.sentence);
    say(status, busy ? (mine ? `${mine.doing}…` : t('Another take is being looked at; wait for it.'))
      : mine?.state === 'failed' ? `${mine.message} ${mine.remedy}`
        : mine?.state === 'cancelled' ? t('Stopped. What is known so far is shown, and not kept.')
          : offer.wait ? t('About {wait}.', { wait: offer.wait }) : '');
  };
  const open = async () => {
    const take = client.onStage();
    if (!take) return;
    offer = await client.act('memory_use', { take: take.id });
    if (!offer) return;
    stage.pause();
    const about = h('p', { class: 'hint' },
      t('The first section of segment {number} is made as it was, and once more without each earlier segment, from the same noise. How much changes is how much it uses. None of them becomes a take.',
        { number: offer.number }), ' ', offer.way);
    const body = offer.problem ? [h('p', {}, offer.problem)]
      : [about, h('div', { class: 'test-begin' }, begin, stop, status), meter, list, sentence];
    list.removeAttribute('data-shown');
    dialog = dialogs.sheet(t('What does it use?'), offer.problem ? '' : 'memory-test', ...body);
    dialog.dataset.film = client.view.id;
    dialog.addEventListener('close', () => { dialog = null; });
    client.put({});
    if (!offer.problem) (begin.hidden ? stop : begin).focus();
  };
  client.watch(draw);
  return { open };
})();
