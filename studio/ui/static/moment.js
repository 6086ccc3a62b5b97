/* What is remembered of the frame on the stage: the frame, and what the memory gives back for its place. */
const moment = (() => {
  let dialog = null;
  let awaited = null;       // id of the question whose answer is to be shown
  const status = h('p', { class: 'hint', role: 'status' });
  const sentence = h('p', { class: 'test-sentence' });
  const grid = h('ul', { class: 'test-grid moment-grid', 'aria-label': t('The frame, and what is remembered of it') });

  const ABOUT = [t('The frame of the film'), t('What the memory gives back for its place')];
  const cell = ({ name, picture, figures }, number) => h('li', { class: 'test-cell' },
    h('img', { src: picture, alt: ABOUT[number] }), h('b', {}, name), h('span', { class: 'figures' }, figures));
  const draw = ({ view, moment: asked }) => {
    if (!dialog) return;
    if (view.id !== dialog.dataset.film) { dialog.close(); return; }
    if (!awaited || asked?.id !== awaited || asked.active) return;
    awaited = null;
    grid.replaceChildren(...(asked.result?.pictures || []).map(cell));
    say(sentence, asked.result?.sentence || '');
    say(status, asked.result ? '' : asked.message);
  };
  const open = async () => {
    stage.pause();
    const here = stage.here();
    if (!here) return;
    grid.replaceChildren();
    say(sentence, '');
    const answer = await client.act('ask_moment', here);
    if (!answer) return;                            // why it was refused is said on the page
    awaited = answer.id;
    say(status, t('The memory is asked…'));
    const about = h('p', { class: 'hint' }, t('The memory after the newest take is asked for the place that this frame shows, and for nothing else.'));
    dialog = dialogs.sheet(t('What is remembered of this?'), 'memory-test', about, status, grid, sentence);
    dialog.dataset.film = client.view.id;
    dialog.addEventListener('close', () => { dialog = null; awaited = null; });
    draw(client);
  };
  client.watch(draw);
  return { open };
})();
