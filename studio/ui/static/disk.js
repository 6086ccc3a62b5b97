/* What this film weighs on the disk, as a bar with its legend, and the memory that takes can do without. */
const disk = (() => {
  let working = '';         // what was being made when the sheet was filled
  let refill = null;        // fills the sheet that is up anew
  const KEPT = t('Kept is the memory of the head, of the ends of branches, where takes part or a shot begins, and of starred and pinned takes.');
  const LOST = t('To go on from one of them later, it is first made again from the take before: exactly the same, but that takes its time. Their clips stay.');

  const open = async (every = 4) => {
    const body = h('div', { class: 'disk-body' });
    const dialog = dialogs.sheet(t('On the disk'), 'disk', body);
    dialog.addEventListener('close', () => { refill = null; });
    await fill(dialog, body, every);
  };

  /* What needs the film's files now: while it does, no memory is removed. */
  const work = () => [client.busy(), client.memoryTest?.active, client.memoryUse?.active, client.moment?.active,
    ['queued', 'running'].includes(client.again?.state)].map(Boolean).join();

  const fill = async (dialog, body, every) => {
    working = work();
    refill = () => fill(dialog, body, every);
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
    thin.disabled = !weight.takes || Boolean(weight.busy);
    const told = weight.takes
      ? `${tn('{n} take can do without memory, which frees {size}.', '{n} takes can do without memory, which frees {size}.', weight.takes, { size: weight.freed })} ${LOST}`
      : t('No take can do without its memory now.');
    body.replaceChildren(
      h('p', { class: 'disk-total' }, ...pieces(t('{size} in all'), { size: h('b', {}, weight.total) })), bar, legend,
      h('section', { 'aria-label': t('Memory') }, h('h3', {}, t('Memory that is not needed')),
        h('p', { class: 'hint' }, KEPT), h('label', { class: 'row' }, h('span', {}, t('Also kept')), chosen),
        h('p', { role: 'status' }, told),
        weight.thinned ? h('p', { class: 'hint' }, tn('{n} take is without memory already.', '{n} takes are without memory already.', weight.thinned)) : null,
        weight.takes && weight.busy ? h('p', { class: 'hint', id: 'disk-busy' }, weight.busy) : null, thin),
    );
    if (weight.takes && weight.busy) thin.setAttribute('aria-describedby', 'disk-busy');
  };
  client.watch(() => { if (refill && work() !== working) refill(); });
  return { open };
})();
