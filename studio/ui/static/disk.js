/* What this film weighs on the disk, as a bar with its legend, and the memory that takes can do without. */
const disk = (() => {
  const KEPT = t('Kept is the memory of the head, of the ends of branches, where takes part or a shot begins, and of starred and pinned takes.');
  const LOST = t('To go on from one of them later, it is first made again from the take before: exactly the same, but that takes its time. Their clips stay.');

  const open = async (every = 4) => {
    const body = h('div', { class: 'disk-body' });
    const dialog = dialogs.sheet(t('On the disk'), 'disk', body);
    await fill(dialog, body, every);
  };

  const fill = async (dialog, body, every) => {
    const weight = await client.act('weigh', { every });
    if (!weight) { dialog.close(); return; }
    const words = weight.parts.map((p) => `${p.title} ${p.size}`).join(', ');
    const bar = h('div', { class: 'disk-bar', role: 'img', 'aria-label': t('{size} in all: {parts}', { size: weight.total, parts: words }) },
      ...weight.parts.map((p) => h('i', { class: `of-${p.name}`, style: `flex-grow: ${Math.max(p.share, 0.004)}`, title: `${p.title}: ${p.size}` })));
    const legend = h('ul', { class: 'disk-legend' }, ...weight.parts.map((p) => h('li', {},
      h('i', { class: `of-${p.name}` }), h('span', {}, h('b', {}, p.title), h('small', {}, p.about)), h('span', { class: 'disk-size' }, p.size))));
    const chosen = h('select', { class: 'select', 'aria-label': t('Also kept'), onchange: () => fill(dialog, body, Number(chosen.value)) },
      ...[[2, t('every second take')], [4, t('every fourth take')], [10, t('every tenth take')], [100, t('every hundredth take')]].map(([n, name]) =>
        h('option', { value: n, selected: n === every }, name)));
    const thin = button('trash', weight.takes ? t('Remove · {size}', { size: weight.freed }) : t('Nothing to remove'), async () => {
      thin.disabled = true;
      if (await client.act('thin', { every })) await fill(dialog, body, every);
    }, { class: 'button' });
    thin.disabled = !weight.takes || client.busy();
    const told = weight.takes
      ? `${tn('{n} take can do without memory, which frees {size}.', '{n} takes can do without memory, which frees {size}.', weight.takes, { size: weight.freed })} ${LOST}`
      : t('No take can do without its memory now.');
    body.replaceChildren(
      h('p', { class: 'disk-total' }, ...pieces(t('{size} in all'), { size: h('b', {}, weight.total) })), bar, legend,
      h('section', { 'aria-label': t('Memory') }, h('h3', {}, t('Memory that is not needed')),
        h('p', { class: 'hint' }, KEPT), h('label', { class: 'row' }, h('span', {}, t('Also kept')), chosen),
        h('p', { role: 'status' }, told),
        weight.thinned ? h('p', { class: 'hint' }, tn('{n} take is without memory already.', '{n} takes are without memory already.', weight.thinned)) : null,
        thin),
    );
  };
  return { open };
})();
