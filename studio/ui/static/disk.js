/* What this film weighs on the disk, as a bar with its legend, and the memory that takes can do without. */
const disk = (() => {
  const KEPT = 'Kept is the memory of the head, of the ends of branches, where takes part or a shot begins, and of starred and pinned takes.';
  const LOST = 'To go on from one of them later, it is first made again from the take before: exactly the same, but that takes its time. Their clips stay.';

  const open = async (every = 4) => {
    const body = h('div', { class: 'disk-body' });
    const dialog = dialogs.sheet('On the disk', 'disk', body);
    await fill(dialog, body, every);
  };

  const fill = async (dialog, body, every) => {
    const weight = await client.act('weigh', { every });
    if (!weight) { dialog.close(); return; }
    const words = weight.parts.map((p) => `${p.title} ${p.size}`).join(', ');
    const bar = h('div', { class: 'disk-bar', role: 'img', 'aria-label': `${weight.total} in all: ${words}` },
      ...weight.parts.map((p) => h('i', { class: `of-${p.name}`, style: `flex-grow: ${Math.max(p.share, 0.004)}`, title: `${p.title}: ${p.size}` })));
    const legend = h('ul', { class: 'disk-legend' }, ...weight.parts.map((p) => h('li', {},
      h('i', { class: `of-${p.name}` }), h('span', {}, h('b', {}, p.title), h('small', {}, p.about)), h('span', { class: 'disk-size' }, p.size))));
    const chosen = h('select', { class: 'select', 'aria-label': 'Also kept', onchange: () => fill(dialog, body, Number(chosen.value)) },
      ...[[2, 'every second take'], [4, 'every fourth take'], [10, 'every tenth take'], [100, 'every hundredth take']].map(([n, name]) =>
        h('option', { value: n, selected: n === every }, name)));
    const thin = button('trash', weight.takes ? `Remove · ${weight.freed}` : 'Nothing to remove', async () => {
      thin.disabled = true;
      if (await client.act('thin', { every })) await fill(dialog, body, every);
    }, { class: 'button' });
    thin.disabled = !weight.takes || client.busy();
    const told = weight.takes
      ? `${weight.takes} take${weight.takes === 1 ? '' : 's'} can do without memory, which frees ${weight.freed}. ${LOST}`
      : 'No take can do without its memory now.';
    body.replaceChildren(
      h('p', { class: 'disk-total' }, h('b', {}, weight.total), ' in all'), bar, legend,
      h('section', { 'aria-label': 'Memory' }, h('h3', {}, 'Memory that is not needed'),
        h('p', { class: 'hint' }, KEPT), h('label', { class: 'row' }, h('span', {}, 'Also kept'), chosen),
        h('p', { role: 'status' }, told),
        weight.thinned ? h('p', { class: 'hint' }, `${weight.thinned} take${weight.thinned === 1 ? ' is' : 's are'} without memory already.`) : null,
        thin),
    );
  };
  return { open };
})();
