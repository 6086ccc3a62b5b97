/* Where a segment begins: it continues the shot before it, or begins a new one with a hard cut. Part of the sheet on its boundary. */
const shots = (() => {
  let segment = null;
  const words = h('p', { class: 'hint' });
  const picture = h('img', { alt: '', hidden: true });
  const file = h('input', { type: 'file', accept: PICTURES, onchange: async () => {
    const chosen = file.files[0];
    if (!chosen) return;
    try {
      send({ from: 'picture', path: (await upload(chosen)).path });
    } catch (error) {
      client.uploadFailed(chosen, error, t('Save it as JPEG or PNG.'));
    }
    file.value = '';
  } });
  const send = (fields) => client.act('set_shot', { segment: segment.id, ...fields });
  const choice = (from, label, title, run) => h('button', { 'data-from': from, title, onclick: run }, label);
  const own = choice('reference', '', '', () => send({ from: 'reference' }));     // as the film begins
  const bare = choice('words', t('Words alone'), t('A hard cut to what words alone begin, without a picture'), () => send({ from: 'words' }));
  const choices = h('div', { class: 'switch shot-choices', role: 'group', 'aria-label': t('How this segment begins') },
    choice('none', t('Continue'), t('It goes on where the segment before it ends'), () => send({ from: 'none' })),
    own,
    bare,
    choice('frame', t('Frame on stage'), t('A hard cut to the frame that is on the stage'), () => {
      const here = stage.here();
      if (here) send({ from: 'frame', ...here });
      else notices.add({ message: t('There is no frame on the stage yet.'), remedy: t('Generate a segment, stop at a frame, and try again.'), kind: 'found' });
    }),
    choice('picture', t('Picture…'), t('A hard cut to a picture of your own: the next panel of your storyboard'), () => file.click()));
  const framing = button('frame', t('Frame it'), () => { blend.close(); easel.openShot(segment); }, { class: 'button small', title: t('Choose the part of the picture that the shot begins with') });
  const root = h('div', { class: 'shot' }, h('b', {}, t('New shot')), choices, h('div', { class: 'shot-now' }, picture, words), framing);

  const draw = (shown) => {
    segment = shown;
    const { shot } = shown, { from_words: fromWords, can } = client.view.beginning;
    show(bare, shot?.from === 'words' || (can && !fromWords));
    say(own, fromWords ? t('Words alone') : t('Reference'));
    set(own, 'title', fromWords ? t('A hard cut to what words alone begin, as the film does') : t('A hard cut back to the reference picture'));
    for (const b of choices.children) set(b, 'aria-pressed', String(b.dataset.from === (shot?.from || 'none')));
    say(words, shot ? t('Begins a new shot at {place}. What is remembered stays; places of other shots are not mixed in.', { place: shot.words })
      : t('It goes on where the segment before it ends.'));
    if (shot?.url) set(picture, 'src', shot.url);
    show(picture, shot?.url);
    show(framing, shot?.framing);
  };
  return { root, draw };
})();
