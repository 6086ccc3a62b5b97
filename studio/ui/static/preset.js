/* Presets of the artist's own: settings under a name, saved from the page. */
const presetSheet = (() => {
  const open = () => {
    const { settings, presets, preset, model } = client.view;
    const chosen = presets.find((p) => p.name === preset);
    const mine = settings.own.some((p) => p.name === preset);
    const name = h('input', { class: 'field-text', maxlength: 120, placeholder: t('such as Night tests'), 'aria-label': t('Name of the preset'), value: mine ? chosen.title : null });
    const number = (label, attributes) => h('input', { class: 'field-text', type: 'number', 'aria-label': label, ...attributes });
    const steps = number(t('Denoising steps'), { min: 1, max: 200, step: 1, value: settings.steps });
    const guidance = number(t('Guidance'), { min: 0, max: 100, step: 0.1, value: settings.guidance });
    const cache = number(t('Threshold of the step cache'), { min: 0, max: 1, step: 0.01, value: settings.cache });
    const ruled = { 'first-block': t('By the first block'), magnitude: t('As it was measured') };
    const rule = h('select', { class: 'field-text', 'aria-label': t('Rule of the step cache') }, ...settings.rules.map((name) => h('option', { value: name, selected: name === settings.rule }, ruled[name])));
    const skips = settings.rules.length > 0;
    const row = (label, field) => h('label', { class: 'row' }, h('span', {}, label), field);
    const save = button('check', t('Save and use'), async () => {
      if (!name.value.trim()) { name.focus(); return; }
      const answer = await client.act('save_preset', { title: name.value, steps: Math.round(+steps.value), guidance: +guidance.value, cache: skips ? +cache.value : null, rule: skips ? rule.value : null });
      if (answer) dialog.close();
    }, { class: 'button primary' });
    name.addEventListener('keydown', (e) => { if (e.key === 'Enter') save.click(); });
    const list = h('ul', { class: 'own-presets' }, ...settings.own.map((p) => h('li', {}, h('span', {}, p.title),
      tool('trash', t('Remove {name}', { name: p.title }), async (e) => { const item = e.currentTarget.closest('li'); if (await client.act('remove_preset', { name: p.name })) item.remove(); }))));
    const dialog = dialogs.sheet(t('A preset of your own'), 'preset-sheet',
      h('p', { class: 'hint' }, t('For {model}; on another model the steps are scaled to its own number.', { model: model.title })),
      row(t('Name'), name), row(t('Steps'), steps), row(t('Guidance'), guidance), skips ? row(t('Step cache'), cache) : null, settings.rules.length > 1 ? row(t('It leaves out'), rule) : null, save,
      settings.own.length ? h('section', {}, h('h3', {}, t('Saved')), list) : null);
    name.focus();
  };
  return { open };
})();
