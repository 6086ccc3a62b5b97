/* The sheet of an audition: several takes of one segment from one snapshot. What is varied is chosen here. */
const audition = (() => {
  const MOST = 9;

  /* `take`: one whose segment is rendered again, after the same parent; null: the segment that is next. */
  const open = (take = null) => {
    const { view } = client;
    const index = take ? client.take(take).depth : view.next?.index;
    const segment = view.segments[index];
    if (!segment) return;
    const parent = take ? client.take(take).parent : client.view.segments[index - 1]?.take ?? null;
    let seeds = 4;

    const count = h('output', { class: 'count' });
    const stepper = h('span', { class: 'stepper' },
      tool('minus', t('Fewer seeds'), () => { seeds = Math.max(1, seeds - 1); draw(); }), count,
      tool('plus', t('More seeds'), () => { seeds = Math.min(MOST, seeds + 1); draw(); }));
    const prompts = h('textarea', { rows: 3, class: 'field-text', maxlength: 18000, 'aria-label': t('Prompts, one on each line'),
      placeholder: segment.prompt || t('one prompt on each line'), oninput: () => draw() });
    const presets = h('div', { class: 'chips', role: 'group', 'aria-label': t('Presets') }, ...view.presets.map((preset) =>
      h('button', { class: 'word', title: preset.description, 'data-name': preset.name, 'aria-pressed': 'false',
        onclick: (e) => { const b = e.currentTarget; set(b, 'aria-pressed', String(b.getAttribute('aria-pressed') !== 'true')); draw(); } },
      preset.title)));
    const loras = h('select', { class: 'select', 'aria-label': 'LoRA' }, ...segment.loras.map((one) => h('option', { value: one.id }, one.name)));
    const strengths = h('input', { class: 'field-text', placeholder: [0.4, 0.8, 1.2].map((n) => numeral(n)).join(decimalComma ? '; ' : ', '), 'aria-label': t('Strengths of the LoRA'), oninput: () => draw() });
    const total = h('p', { class: 'hint', role: 'status' });
    const make = button('grid', '', () => start(), { class: 'button primary' });

    const written = () => prompts.value.split('\n').map((line) => line.trim()).filter(Boolean);
    const chosen = () => [...presets.children].filter((b) => b.getAttribute('aria-pressed') === 'true').map((b) => b.dataset.name);
    const numbers = () => strengths.value.split(decimalComma ? /[\s;]+|,\s/ : /[\s,;]+/).filter(Boolean).map((n) => Number(decimalComma ? n.replace(',', '.') : n));
    const takes = () => seeds * Math.max(1, written().length) * Math.max(1, chosen().length) * Math.max(1, numbers().length);
    const problem = () => (numbers().some((n) => !Number.isFinite(n) || Math.abs(n) > 2) ? t('Strengths are numbers from -2 to 2, with commas between them.')
      : takes() > MOST ? t('These are {n} takes; {most} is the most. Vary less.', { n: takes(), most: MOST }) : takes() < 2 ? t('Vary something: two takes are the least.') : '');
    const draw = () => {
      say(count, tn('{n} seed', '{n} seeds', seeds));
      const wrong = problem();
      const each = client.view.estimate_seconds;
      say(total, wrong || (each ? t('About {wait} in all.', { wait: wait(each * takes()) }) : t('The first takes on this machine tell how long it takes.')));
      say(make.lastChild, wrong ? t('Make the takes') : t('Make {n} takes', { n: takes() }));
      make.disabled = Boolean(wrong) || client.busy();
      if (client.busy()) say(total, t('This film is generating. Wait for it to finish, or cancel it first.'));
    };
    const wait = (seconds) => (seconds < 90 ? t('{n} s', { n: Math.max(1, Math.round(seconds)) }) : t('{n} min', { n: Math.round(seconds / 60) }));
    const start = async () => {
      const fields = { take, seeds, prompts: written(), presets: chosen(), lora: numbers().length ? loras.value : null, strengths: numbers() };
      dialog.close();
      if (await client.act('audition', fields)) client.put({ choosing: { parent }, wholeFilm: false, against: null });
    };
    const row = (label, ...fields) => h('div', { class: 'row' }, h('span', {}, label), ...fields);
    const dialog = dialogs.sheet(t('Audition segment {number}', { number: index + 1 }), 'audition',
      h('p', { class: 'hint' }, t('Several takes from the same moment of the film, to choose from. The head stays where it is until you take one; none is lost.')),
      row(t('Seeds'), stepper), row(t('Prompts'), prompts), row(t('Presets'), presets),
      segment.loras.length ? row('LoRA', h('span', { class: 'pair' }, loras, strengths)) : null,
      total, make);
    draw();
    make.focus();
  };
  return { open };
})();
