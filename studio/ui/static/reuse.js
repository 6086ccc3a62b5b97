/* What a segment takes over from the take on the stage. */
const reuse = (() => {
  const PARTS = [
    ['all', t('Everything'), t('Prompt, length, blend, LoRAs, seed and the film’s steps and guidance')],
    ['remix', t('Remix'), t('Everything but the seed, which is drawn anew')],
    ['prompt', t('The prompt'), t('And nothing else')],
    ['seed', t('The seed'), t('The same noise under this segment’s own words')],
  ];
  const open = (segment) => {
    const take = client.onStage();
    if (!take) return;
    const facts = [t('seed {seed}', { seed: take.seed }), client.presetOf(take), take.length, ...(take.loras || [])].filter(Boolean).join(' · ');
    const use = async (part) => { if (await client.act('take_over', { segment: segment.id, take: take.id, part })) dialog.close(); };
    const dialog = dialogs.sheet(t('Segment {number} takes over', { number: segment.index + 1 }), 'reuse',
      h('div', { class: 'reuse-take' }, take.poster ? h('img', { src: take.poster, alt: '' }) : h('span', {}),
        h('div', {}, h('b', {}, t('The take on the stage: segment {number}', { number: take.depth + 1 })), h('p', {}, take.prompt || t('no prompt')), h('p', { class: 'hint' }, facts))),
      h('div', { class: 'reuse-parts' }, ...PARTS.map(([part, title, about]) =>
        h('button', { 'data-part': part, onclick: () => use(part) }, h('b', {}, title), h('small', {}, about)))),
      segment.take ? h('p', { class: 'hint' }, t('This segment is rendered: its take stays, and no longer matches what is written.')) : null);
  };
  return { open };
})();
