/* The words of the film: its style and its cast, on a sheet that the timeline opens. */
const filmWords = (() => {
  const field = (name, label, placeholder) => {
    const send = () => settle(input, client.ask(`set_${name}`, { [name]: input.value, stroke: input.dataset.stroke }));
    const input = h('textarea', { class: 'film-text', rows: 3, maxlength: 2000, placeholder, 'aria-label': label,
      onfocus: () => newStroke(input),
      oninput: () => { input.dataset.dirty = '1'; client.later(name, send); },
      onblur: () => client.flush() });
    return input;
  };
  const style = field('style', t('Style of the film'), t('How the whole film looks: dusk, light fog'));
  const cast = field('cast', t('Cast of the film'), t('Who and what appears: Anna, a girl in a red coat'));
  const hint = h('p', { class: 'hint' });
  const part = (title, input) => h('label', { class: 'film-part' }, h('b', {}, title), input);

  /* Styles to choose from, from small files: a click fills the fields. */
  const styles = h('div', { class: 'styles', role: 'group', 'aria-label': t('Styles') });
  const problems = h('p', { class: 'hint wrong' });
  const use = async (one) => {
    for (const input of [style, cast]) delete input.dataset.dirty;
    await client.act('use_style', { style: one.name });
  };
  const choice = (one) => h('button', { class: 'look', 'data-name': one.name, 'data-style': one.style, title: [one.style, one.cast].filter(Boolean).join('; '),
    onclick: () => use(one) }, h('b', {}, one.title), h('small', {}, one.description || one.style));
  const fetchStyles = async () => {
    const answer = await client.act('film_styles');
    styles.replaceChildren(...(answer?.styles || []).map(choice));
    say(problems, (answer?.problems || []).join(' '));
    show(problems, answer?.problems.length);
    client.put({});
  };
  const drawStyles = ({ style: look }) => {
    for (const b of styles.children) set(b, 'aria-pressed', String(Boolean(look) && b.dataset.style === look));
  };

  const open = () => {
    dialogs.sheet(t('Words of the film'), 'film-words', hint, part(t('Style'), style), part(t('Cast'), cast),
      h('section', {}, h('h3', {}, t('Styles to begin with')), styles, problems));
    style.focus();
    fetchStyles();
  };
  const words = h('span', {}, t('Style'));
  const opener = h('button', { class: 'button quiet small film-opener', onclick: open, 'aria-haspopup': 'dialog' }, icon('pencil', 16), words);

  client.watch(({ view }) => {
    if (!view) return;
    refill(style, view.words.style);
    refill(cast, view.words.cast);
    say(hint, view.words.hint);
    drawStyles(view.words);
    const { style: look, cast: people } = view.words;
    say(words, look || (people ? t('Cast') : t('Style')));
    set(opener, 'data-written', Boolean(look || people));
    set(opener, 'aria-label', look || people ? t('Words of the film: {words}', { words: [look, people].filter(Boolean).join('; ') })
      : t('Words of the film: none'));
    set(opener, 'title', t('Style and cast of the whole film'));
  });
  return { opener };
})();
