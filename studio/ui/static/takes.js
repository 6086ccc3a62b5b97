/* All takes of one place in the film, playing in step on the stage: star them, drop some, go on from one. */
const takes = (() => {
  const cells = new Map();
  const group = makeGroup();
  const title = h('h2', {});
  const playing = tool('pause', t('Play or pause (Space)'), () => toggle());
  const more = button('plus', t('More takes'), () => audition.open(shown().at(0)?.id ?? null), { class: 'button quiet small', 'aria-label': t('More takes') });
  const sheet = button('picture', t('Contact sheet'), async () => {
    const answer = await client.askAside('contact_sheet', { takes: shown().map((take) => take.id) });
    if (answer) dialogs.fetchFile(answer.url);
  }, { class: 'button quiet small', 'aria-label': t('Contact sheet'), title: t('All takes as one PNG') });
  const others = button('trash', t('Drop the others'), () => client.act('drop_takes', { takes: spare().map((take) => take.id) }),
    { class: 'button quiet small', 'aria-label': t('Drop the others'), title: t('Into the trash: all that have no star and are not in the film') });
  const close = tool('close', t('Back to the stage (Esc)'), () => leave());
  const grid = h('ul', { class: 'takes-grid', 'aria-label': t('Takes to choose from') });
  const root = h('div', { class: 'choosing', hidden: true }, h('div', { class: 'choosing-bar' }, title, playing, more, sheet, others, close), grid);

  const toggle = () => { group.toggle(); draw(client); };
  const leave = () => client.put({ choosing: null });
  const siblings = () => client.view.takes.filter((take) => take.parent === client.choosing.parent);
  const shown = () => (client.choosing ? siblings().filter((take) => take.clip) : []);
  const spare = () => siblings().filter((take) => !take.star && !take.on_path);

  /* Takes of the audition that are still to come. */
  const coming = () => (client.busy() ? client.job.audition.filter((id) => !client.take(id)) : []);

  /* How far the take is, if it is being made; several are where a farm renders. */
  const makingOf = (id) => client.job?.making.find((one) => one.take === id) ?? (client.job?.take === id ? client.job : null);
  const workerOf = (id) => client.view.engine.workers.find((one) => one.take === id)?.name;

  const use = async (take) => { if (await client.act('use_take', { take })) client.put({ choosing: null, selected: null }); };
  const makeCell = ({ id }) => {
    const video = h('video', { playsinline: true, preload: 'auto', tabindex: -1 });
    video.muted = true;
    const image = h('img', { alt: '' });
    const look = h('button', { class: 'cell-look', title: t('Show it large'), onclick: () => client.put({ choosing: null, selected: id, wholeFilm: false }) },
      video, image);
    const star = tool('star', t('Star'), () => client.act('star', { take: id, star: !client.take(id).star }), { class: 'tool starred' });
    const facts = h('p', {});
    const go = h('button', { class: 'button small', onclick: () => use(id) }, t('Take this'));
    const drop = tool('trash', t('Drop into the trash'), () => client.act('drop_takes', { takes: [id] }));
    const cell = h('li', { class: 'take-cell', 'data-id': id }, look, facts, h('div', { class: 'take-foot' }, star, go, drop));
    cell.fields = { video, image, look, star, facts, go, drop };
    return cell;
  };

  /* What tells this take from the others. */
  const differences = (take, all) => {
    const differ = (key) => new Set(all.map((each) => String(each[key]))).size > 1;
    const facts = [differ('prompt') && take.prompt, differ('preset') && client.presetOf(take), ...(differ('loras') ? take.loras : [])].filter(Boolean);
    return [...facts, (differ('seed') || !facts.length) && t('seed {seed}', { seed: take.seed })].filter(Boolean).join(' · ');
  };
  const drawCell = (cell, item, index) => {
    const { video, image, look, star, facts, go, drop } = cell.fields;
    const take = client.take(item.id);
    const all = shown();
    set(cell, 'data-made', Boolean(take));
    set(cell, 'data-head', take?.head);
    if (take?.clip && video.getAttribute('src') !== take.clip) video.setAttribute('src', take.clip);
    const now = take ? null : makingOf(item.id);
    const preview = now?.preview;
    if (preview) set(image, 'src', preview); else image.removeAttribute('src');
    show(image, preview); show(video, take?.clip);
    for (const part of [star, go, drop]) show(part, take);
    disable(look, !take);
    const name = t('Take {number} of {count}', { number: index + 1, count: grid.dataset.count });
    set(look, 'aria-label', [name, ...(take ? [differences(take, all), take.head && t('head')] : [t('still to come')])].filter(Boolean).join(', '));
    set(star, 'aria-pressed', String(Boolean(take?.star)));
    set(star, 'aria-label', take?.star ? t('Take the star away') : t('Star'));
    say(facts, take ? `${index + 1} · ${differences(take, all)}` : now ? [making(now), workerOf(item.id)].filter(Boolean).join(' · ') : t('Waiting'));
    set(facts, 'title', facts.textContent);
    say(go, take?.on_path ? t('In the film') : t('Take this'));
    set(go, 'aria-pressed', String(Boolean(take?.on_path)));
    go.classList.toggle('primary', Boolean(take) && !take.on_path);
    if (take) disable(drop, false);
  };

  /* As many columns as make the pictures largest. */
  const FOOT = 68;
  const fit = () => {
    const count = Math.max(1, cells.size);
    const { clientWidth: wide, clientHeight: high } = grid;
    const ratio = client.view.size[0] / client.view.size[1];
    const width = (columns) => Math.min(wide / columns, (high / Math.ceil(count / columns) - FOOT) * ratio);
    const best = Array.from({ length: count }, (_, i) => i + 1).reduce((a, b) => (width(b) > width(a) + 1 ? b : a));
    grid.style.setProperty('--columns', best);
    root.style.setProperty('--ratio', ratio);
  };
  new ResizeObserver(() => { if (client.view && client.choosing) fit(); }).observe(root);

  const draw = ({ view, choosing }) => {
    const on = Boolean(view && choosing);
    show(root, on);
    if (!on) { keyed(grid, cells, [], makeCell, drawCell); group.draw([], 12); return; }
    const items = [...siblings(), ...coming().map((id) => ({ id }))];
    set(grid, 'data-count', items.length);
    const parent = client.take(choosing.parent);
    const depth = parent ? parent.depth + 2 : 1;
    say(title, t('Takes of segment {number}', { number: depth }));
    keyed(grid, cells, items, makeCell, drawCell);
    fit();
    group.draw([...cells.values()].map((cell) => cell.fields.video).filter((v) => v.getAttribute('src')), view.fps);
    const name = group.playing() ? 'pause' : 'play';
    if (playing.dataset.icon !== name) { playing.dataset.icon = name; playing.replaceChildren(icon(name)); }
    disable(sheet, !shown().length);
    disable(others, client.busy() || !spare().length || spare().length === siblings().length);
    disable(more, client.busy());
  };
  client.watch(draw);

  /* Arrow keys and digits walk the takes; Enter shows one large, T takes it, S stars it, Delete drops it. */
  root.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === 'Escape' && !client.busy()) { e.stopPropagation(); leave(); return; }
    const ids = [...cells.keys()];
    const here = e.target.closest('.take-cell')?.dataset.id;
    const at = ids.indexOf(here);
    const wide = getComputedStyle(grid).gridTemplateColumns.split(' ').length;
    const to = /^[1-9]$/.test(e.key) ? Number(e.key) - 1
      : { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + wide, ArrowUp: at - wide, Home: 0, End: ids.length - 1 }[e.key];
    if (to != null && ids[to]) { e.preventDefault(); cells.get(ids[to]).fields.look.focus(); return; }
    const take = client.take(here);
    const key = e.key.toLowerCase();
    const does = !take ? null : key === 't' ? () => use(here)
      : key === 's' ? () => client.act('star', { take: here, star: !take.star })
      : key === 'delete' || key === 'backspace' ? () => client.act('drop_takes', { takes: [here] }) : null;
    if (does) { e.preventDefault(); does(); }
  });
  const open = (parent) => { client.put({ choosing: { parent }, wholeFilm: false, against: null }); requestAnimationFrame(() => cells.values().next().value?.fields.look.focus()); };
  return { root, open, toggle, on: () => Boolean(client.choosing) };
})();
