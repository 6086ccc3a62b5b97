/* The sheet of exports: the film, the cut for editors, sheets to print, the take on the stage, the whole project. */
const exportSheet = (() => {
  const RATES = [24, 25, 30];

  const open = () => {
    const { view } = client;
    const take = client.onStage();
    const some = view.film.frames;
    const problems = view.exports;                     // by export: why this machine or this film cannot have it
    const text = (label, attributes) => h('input', { class: 'field-text', 'aria-label': label, ...attributes });
    const select = (label, options, changed) => h('select', { class: 'select', 'aria-label': label, onchange: changed },
      ...options.map(([value, name]) => h('option', { value }, name)));
    const row = (label, field) => h('label', { class: 'row' }, h('span', {}, label), field);
    const hint = (words) => h('p', { class: 'hint' }, words);

    const working = h('p', { class: 'hint', role: 'status' });
    const make = async (what, fields = {}, sound = null) => {
      say(working, t('Making the file…'));
      working.scrollIntoView({ block: 'nearest' });
      for (const b of dialog.querySelectorAll('.makes')) b.disabled = true;
      let answer = null;
      try {
        if (sound) fields.audio = (await upload(sound)).path;
        answer = await client.askAside('export', { what, ...fields });
      } catch (error) {
        await client.uploadFailed(sound, error, t('Save it as MP3 or M4A.'));
      }
      for (const b of dialog.querySelectorAll('.makes')) b.disabled = b.dataset.off === '1';
      say(working, answer ? [t('Done: {file}', { file: answer.file }), answer.aside].filter(Boolean).join('. ') : '');
      if (!answer) dialog.close(); else dialogs.fetchFile(answer.url);
      if (answer?.beside) setTimeout(() => dialogs.fetchFile(answer.beside), 400);       // two at once, and a browser drops the first
    };
    const makes = (label, fits, run, kind = '') =>
      h('button', { class: `button makes ${kind}`, disabled: !fits, 'data-off': fits ? '0' : '1', onclick: run }, label);
    const plain = (label, what, fields = () => ({}), kind = '') => makes(label, some && !problems[what], () => make(what, fields()), kind);
    const buttons = (...all) => h('div', { class: 'makers' }, ...all);
    const why = (...kinds) => kinds.filter((kind) => some && problems[kind]).map((kind) => hint(problems[kind]));

    const title = text(t('Title card'), { maxlength: 120, placeholder: t('no title card') });
    const label = text(t('Label in the corner'), { maxlength: 120, placeholder: t('none, or such as Made with AI') });
    const fade = text(t('Fade in and out, in seconds'), { type: 'number', min: 0, max: 10, step: 0.5, value: 0 });
    const audio = h('input', { type: 'file', accept: 'audio/*', 'aria-label': t('Sound') });
    const own = String(view.fps);
    const rate = select(t('Frame rate'), [[own, t('{rate}, as it is', { rate: own })], ...RATES.filter((r) => r !== view.fps).map((r) => [String(r), String(r)])],
      () => show(between, rate.value !== own));
    const how = select(t('Frames in between'), [['nearest', t('the nearest one')], ['blend', t('neighbours, mixed')]]);
    const between = h('div', { class: 'between', hidden: true }, row(t('In between'), how),
      hint(t('The film lasts as long as before: frames are repeated or left out where the rates differ, or neighbours are mixed.')));
    const first = text(t('Number of the first picture'), { type: 'number', min: 0, max: 999999, step: 1, value: 1 });
    const beside = h('input', { type: 'checkbox', checked: remember.get('sidecar', false), onchange: () => remember.put('sidecar', beside.checked) });
    const invisible = h('input', { type: 'checkbox' });
    const paper = select(t('Paper'), [['a4', 'A4'], ['letter', t('Letter')]]);
    const film = () => make('film', { title: title.value.trim() || null, label: label.value.trim() || null, fade: +fade.value || null,
      rate: rate.value === own ? null : +rate.value, blend: how.value === 'blend', invisible_mark: invisible.checked, sidecar: beside.checked }, audio.files[0]);

    const dialog = dialogs.sheet(t('Export'), 'export',
      h('section', {}, h('h3', {}, t('Film')),
        hint(some ? t('{length}, up to the head. Without extras it is joined as it is, with no loss.', { length: view.film.length }) : t('Nothing is made yet.')),
        row(t('Title card'), title), row(t('Label'), label), row(t('Fade, seconds'), fade), row(t('Sound'), audio),
        ...(view.sound.name ? [hint(t('Without a file: “{sound}”, the film’s own.', { sound: view.sound.name }))] : []),
        row(t('Frame rate'), rate), between,
        h('label', { class: 'tick' }, invisible, h('span', {}, t('With an invisible mark: the film is recognised after it was coded again, scaled or cropped'))),
        h('label', { class: 'tick' }, beside, h('span', {}, t('With a sidecar: how it was made, and its picture, in a JSON file beside it'))),
        makes(t('Film as MP4'), some, film, 'primary')),
      h('details', {}, h('summary', {}, t('Masters and pictures')),
        hint(t('For grading and effects, without sound: ProRes 422 HQ, FFV1 without any loss, or every frame as a PNG.')),
        row(t('First number'), first),
        buttons(plain('ProRes', 'prores'), plain('FFV1', 'ffv1'), plain(t('Pictures as ZIP'), 'frames', () => ({ first: Math.trunc(+first.value) || 0 }))),
        ...why('prores', 'ffv1')),
      h('section', {}, h('h3', {}, t('For editors')),
        hint(t('The cut with its clips, one for each segment and each shot, in a ZIP. OpenTimelineIO brings the other takes too, as alternates.')),
        buttons(plain('OpenTimelineIO', 'otio'), plain('Final Cut XML', 'xml'), plain('EDL', 'edl')), ...why('xml', 'edl')),
      h('section', {}, h('h3', {}, t('Sheets')),
        hint(t('What was made, to read and to print: one line, panel or row for each segment.')),
        row(t('Paper'), paper),
        buttons(plain(t('Storyboard as PDF'), 'storyboard', () => ({ paper: paper.value })), plain(t('Shot list as CSV'), 'shots'),
          plain(t('Contact sheet as PNG'), 'sheet'))),
      h('section', {}, h('h3', {}, t('The take on the stage')),
        hint(take ? t('Segment {number}, {length}', { number: take.depth + 1, length: take.length }) : t('No take is selected.')),
        buttons(...[['MP4', 'mp4'], ['GIF', 'gif'], ['WebP', 'webp'], [t('Poster'), 'poster']].map(([label, what]) =>
          makes(label, take?.clip, () => make(what, { take: take.id }))))),
      h('section', {}, h('h3', {}, t('The whole project')),
        hint([t('Every take, prompt and memory in one ZIP; it opens on another machine.'),
          view.segments.some((s) => s.loras.length) && t('The files of its LoRAs stay here: take them along yourself.')].filter(Boolean).join(' ')),
        makes(t('Project as ZIP'), true, () => make('project'))),
      working);
  };
  return { open };
})();
