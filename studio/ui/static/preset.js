/* Presets of the artist's own: settings under a name, saved from the page. */
const presetSheet = (() => {
  const open = () => {
    const { settings, presets, preset, model } = client.view;
    const chosen = presets.find((p) => p.name === preset);
    const mine = settings.own.some((p) => p.name === preset);
    const name = h('input', { class: 'field-text', maxlength: 120, placeholder: t('such as Night tests'), 'aria-label': t('Name of the preset'), value: mine ? chosen.title : null });
    const number = (attributes) => h('input', { class: 'field-text', type: 'number', ...attributes });
    const steps = number({ min: 1, max: 200, step: 1, value: settings.steps, 'aria-label': t('Denoising steps') });
    const guidance = number({ min: 0, max: 100, step: 0.1, value: settings.guidance });
    const cache = number({ min: 0, max: 1, step: 0.01, value: settings.cache, 'aria-describedby': 'preset-skips' });
    const ruled = { 'first-block': t('blocks, when the first one changes little'), magnitude: t('whole steps, chosen by calibration') };
    const rule = h('select', { class: 'select' }, ...settings.rules.map((name) => h('option', { value: name, selected: name === settings.rule }, ruled[name])));
    const skips = settings.rules.length > 0;
    const row = (label, field) => h('label', { class: 'row' }, h('span', {}, label), field);
    const skipping = skips ? [
      row(t('Skip changes up to'), cache), settings.rules.length > 1 ? row(t('What is skipped'), rule) : null,
      h('p', { class: 'hint', id: 'preset-skips' }, t('What would change no more than this from one step to the next is skipped: quicker, at the cost of some detail. At 0 nothing is.')),
    ] : [];
    const save = button('check', t('Save and use'), async () => {
      if (!name.value.trim()) { name.focus(); return; }
      const answer = await client.act('save_preset', { title: name.value, steps: Math.round(+steps.value), guidance: +guidance.value, cache: skips ? +cache.value : null, rule: skips ? rule.value : null });
      if (answer) dialog.close();
    }, { class: 'button primary' });
    name.addEventListener('keydown', (e) => { if (e.key === 'Enter') save.click(); });
    const list = h('ul', { class: 'own-presets' }, ...settings.own.map((p) => h('li', {}, h('span', {}, p.title),
      tool('trash', t('Remove {name}', { name: p.title }), async (e) => { const item = e.currentTarget.closest('li'); if (await client.act('remove_preset', { name: p.name })) item.remove(); }))));
    const dialog = dialogs.sheet(t('A preset of your own'), 'preset-sheet',
      h('p', { class: 'hint' }, t('Settings for {model}. On another model the steps are scaled to the number that is usual there.', { model: model.title })),
      row(t('Name'), name), row(t('Steps'), steps), settings.guided ? row(t('Guidance'), guidance) : null, ...skipping, save,
      settings.own.length ? h('section', {}, h('h3', {}, t('Your presets')), list) : null);
    name.focus();
  };
  return { open };
})();
