/* A sheet that asks something about the take on the stage: what it would be, begun and stopped, how far it is, and the answer.

   title: of the sheet. words: of the button that begins, of a wait for another take, and of an answer that was stopped.
   verbs: that offer, begin and stop. live: the name under which the client keeps how far it is.
   about: the elements above the buttons, of an offer and its take; asks: what else begins it, as fields of its message.
   answer: the elements below. draw: shows it, of this take's answer, or null where there is none, and the offer. closed: the sheet is. */
const makeQuestion = ({ title, words, verbs, live, about, asks = () => ({}), answer, draw, closed = () => {} }) => {
  let dialog = null;
  let offer = null;         // what the studio said of the question for this take

  const begin = button('play', words.begin, () => start(), { class: 'button primary' });
  const stop = button('stop', t('Stop'), () => client.act(verbs.cancel), { class: 'button stop' });
  const status = h('p', { class: 'hint', role: 'status' });
  const meter = h('div', { class: 'test-meter', 'aria-hidden': 'true' }, h('i', {}));

  const start = async () => {
    const answered = await client.act(verbs.begin, { take: offer.take, ...asks() });
    if (answered) client.put({}); else dialog?.close();        // why it was refused is said on the page below
  };
  const drawState = ({ view, [live]: now }) => {
    if (!dialog || !offer || offer.problem) return;
    if (view.id !== dialog.dataset.film) { dialog.close(); return; }
    const mine = now?.take === offer.take ? now : null;
    const busy = Boolean(now?.active);
    const focused = document.activeElement;                    // it goes over to the button that takes the place of the other
    show(stop, busy && mine);
    show(begin, !(busy && mine));
    begin.disabled = busy;
    if (focused === begin && begin.hidden) stop.focus();
    if (focused === stop && stop.hidden) begin.focus();
    show(meter, busy && mine);
    if (mine) meter.firstChild.style.transform = `scaleX(${mine.progress})`;
    draw(mine, offer);
    say(status, busy ? (mine ? `${mine.doing}…` : words.wait)
      : mine?.state === 'failed' ? `${mine.message} ${mine.remedy}` : mine?.state === 'cancelled' ? words.stopped
        : offer.wait ? t('About {wait}.', { wait: offer.wait }) : '');
  };
  const open = async () => {
    const take = client.onStage();
    if (!take) return;
    offer = await client.act(verbs.offer, { take: take.id });
    if (!offer) return;
    stage.pause();
    const body = offer.problem ? [h('p', {}, offer.problem)]
      : [...about(offer, take), h('div', { class: 'test-begin' }, begin, stop, status), meter, ...answer];
    dialog = dialogs.sheet(title, offer.problem ? '' : 'memory-test', ...body);
    dialog.dataset.film = client.view.id;
    dialog.addEventListener('close', () => { dialog = null; closed(); });
    client.put({});
    if (!offer.problem) (begin.hidden ? stop : begin).focus();
  };
  client.watch(drawState);
  return { open };
};
