/* All takes as a tree: the film runs down, and each other take of a place has a column of its own. A click goes there. */
const tree = (() => {
  const WIDE = 92;
  const HIGH = 70;
  const nodes = new Map();
  const edges = svg('svg', { 'aria-hidden': 'true', class: 'edges' });
  const origin = h('div', { class: 'origin', 'aria-hidden': 'true' }, h('img', { alt: '' }));
  const holder = h('div', { class: 'nodes', role: 'tree', 'aria-label': t('Takes') });
  const coming = h('div', { class: 'coming', 'aria-hidden': 'true', hidden: true }, h('img', { alt: '' }), h('span', { class: 'place' }));
  const field = h('div', { class: 'field' }, edges, origin, holder, coming);
  const lines = h('ul', { class: 'branches', 'aria-label': t('Branches') });
  const shownLines = new Map();
  const hint = h('p', { class: 'hint' }, t('Takes appear here. Each one can be continued, retaken or branched.'));
  const grove = h('div', { class: 'grove' }, field);
  const root = h('aside', { class: 'panel takes', 'aria-label': t('Branches and takes') },
    h('h2', { class: 'label' }, t('Branches and takes')), lines, hint, grove, trash.opener);

  const makeLine = ({ id }) => {
    const name = h('input', { class: 'branch-name', maxlength: 120, spellcheck: 'false', 'aria-label': t('Branch name'),
      oninput: () => { name.dataset.dirty = '1'; },
      onchange: () => settle(name, client.act('rename_branch', { branch: id, name: name.value })),
      onkeydown: (e) => { if (e.key === 'Enter') name.blur(); } });
    const go = h('button', { class: 'branch-go' });
    const drop = tool('close', t('Put this branch into the trash; its takes stay'), () => client.act('drop_branch', { branch: id }));
    /* A click anywhere on the line switches to the branch; the name of the current branch can be edited. */
    const line = h('li', { onclick: (e) => {
      if (!drop.contains(e.target) && (e.target === go || !line.hasAttribute('data-current'))) client.act('switch', { branch: id });
    } }, go, name, h('span', { class: 'count' }), drop);
    return line;
  };
  const drawLine = (line, b) => {
    const [go, name, count, drop] = line.children;
    set(line, 'data-current', b.current);
    set(go, 'aria-label', b.current ? t('{branch}, the current branch', { branch: b.name }) : t('Switch to {branch}', { branch: b.name }));
    set(go, 'aria-pressed', String(b.current));
    set(go, 'title', b.current ? t('The current branch') : t('Switch to this branch'));
    set(name, 'aria-label', t('Name of branch {branch}', { branch: b.name }));
    name.readOnly = !b.current;
    refill(name, b.name);
    show(drop, client.view.branches.length > 1);
    set(drop, 'aria-label', t('Put branch {branch} into the trash; its takes stay', { branch: b.name }));
    say(count, tn('{n} take', '{n} takes', b.takes));
  };

  let resting = 0;
  const rest = (id) => { clearTimeout(resting); resting = setTimeout(() => client.put({ hovered: id }), 140); };
  const makeNode = ({ id }) => h('button', { role: 'treeitem', class: 'node', 'data-id': id,
    onclick: () => { clearTimeout(resting); client.go(id); },
    onpointerenter: () => rest(id), onpointerleave: () => rest(null),
    onfocus: () => { if (!still.matches) rest(id); }, onblur: () => rest(null) },
  h('img', { alt: '', draggable: 'false', loading: 'lazy' }), h('span', { class: 'place' }), h('span', { class: 'tips' }));

  const place = (column, depth) => `translate(${column * WIDE + 6}px, ${(depth + 1) * HIGH - 18}px)`;
  const drawNode = (node, take) => {
    const [image, number, tips] = node.children;
    node.style.transform = place(take.column, take.depth);
    if (take.poster) set(image, 'src', take.poster);
    show(image, take.poster);
    say(number, String(take.depth + 1));
    say(tips, take.tips.join(', '));
    show(tips, take.tips.length);
    for (const key of ['on_path', 'loose', 'head']) set(node, `data-${key}`, take[key]);
    set(node, 'data-state', take.state);
    set(node, 'aria-level', take.depth + 1);
    set(node, 'aria-selected', String(take.head));
    set(node, 'tabindex', take.id === reached() ? 0 : -1);
    const spoken = [
      t('Take of segment {number}', { number: take.depth + 1 }), take.badge, take.length, take.pinned && t('pinned'), take.thinned && t('without memory'), take.head && t('head'), take.loose && t('on no branch'),
      take.tips.length && t('end of {branches}', { branches: listed(take.tips) }), take.words || take.prompt,
    ];
    set(node, 'aria-label', spoken.filter(Boolean).join(', '));
    const facts = [take.badge, take.length, take.pinned && t('pinned'), take.thinned && t('without memory'), t('seed {seed}', { seed: take.seed }), ...take.loras, ...take.memory, take.took && t('made in {time}', { time: take.took })];
    set(node, 'title', `${take.prompt || t('No prompt')}${take.words ? `\n→ ${take.words}` : ''}\n${facts.filter(Boolean).join(' · ')}`);
  };
  let focused = null;
  const reached = () => (client.take(focused) ? focused : client.view.head ?? client.view.takes[0]?.id);

  const edge = (take, parent) => {
    const x0 = (parent ? parent.column : 0) * WIDE + 46;
    const y0 = parent ? (parent.depth + 1) * HIGH + 30 : 34;
    const x1 = take.column * WIDE + 46;
    const y1 = (take.depth + 1) * HIGH - 18;
    const kind = take.loose ? 'loose' : take.on_path ? 'on' : '';
    return svg('path', { d: `M${x0} ${y0} C ${x0} ${y0 + 20}, ${x1} ${y1 - 20}, ${x1} ${y1}`, class: kind });
  };

  /* Scroll the head into sight, in this panel only. */
  let revealed = null;
  const reveal = (view) => {
    const take = client.take(view.head);
    if (!take || revealed === take.id) return;
    revealed = take.id;
    requestAnimationFrame(() => {
      const top = (take.depth + 1) * HIGH - 18;
      const left = take.column * WIDE;
      const seen = (start, size, from, room) => start >= from && start + size <= from + room;
      const inSight = seen(top, 80, grove.scrollTop, grove.clientHeight) && seen(left, WIDE, grove.scrollLeft, grove.clientWidth);
      if (!inSight) grove.scrollTo({ top: top + 28 - grove.clientHeight / 2, left: left + 46 - grove.clientWidth / 2 });
    });
  };

  /* The take being rendered, at its future place: below its parent, or in a new column if that place is taken. */
  const drawComing = ({ view, job }) => {
    const making = client.busy() && job.state === 'running' && !client.take(job.take) && view.takes.length > 0;
    show(coming, making);
    if (!making) return;
    const parent = client.take(view.segments[job.index - 1]?.take);
    const taken = view.takes.some((take) => take.parent === (parent?.id ?? null));
    const column = taken ? Math.max(...view.takes.map((take) => take.column)) + 1 : parent?.column ?? 0;
    coming.style.transform = place(column, job.index);
    if (job.preview) set(coming.firstChild, 'src', job.preview); else coming.firstChild.removeAttribute('src');
    show(coming.firstChild, job.preview);
    say(coming.lastChild, String(job.index + 1));
  };

  let drawn = null;
  client.watch((now) => {
    const { view } = now;
    if (!view) return;
    drawComing(now);
    if (view === drawn) return;
    drawn = view;
    keyed(lines, shownLines, view.branches, makeLine, drawLine);
    keyed(holder, nodes, view.takes, makeNode, drawNode);
    const byId = new Map(view.takes.map((take) => [take.id, take]));
    edges.replaceChildren(...view.takes.map((take) => edge(take, byId.get(take.parent))));
    const wide = (Math.max(0, ...view.takes.map((take) => take.column)) + 1) * WIDE + 6;
    const high = (Math.max(-1, ...view.takes.map((take) => take.depth)) + 2) * HIGH;
    for (const part of [edges, holder]) { part.style.width = `${wide}px`; part.style.height = `${high}px`; }
    for (const [k, v] of [['width', wide], ['height', high]]) edges.setAttribute(k, v);
    show(field, view.takes.length);
    show(hint, !view.takes.length);
    if (view.reference?.url) set(origin.firstChild, 'src', view.reference.url);
    show(origin.firstChild, view.reference?.url);
    reveal(view);
  });

  holder.addEventListener('focusin', (e) => { focused = e.target.dataset.id; for (const [id, n] of nodes) n.tabIndex = id === focused ? 0 : -1; });
  holder.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const { takes } = client.view;
    const here = client.take(e.target.dataset.id);
    if (!here) return;
    const level = takes.filter((take) => take.depth === here.depth).sort((x, y) => x.column - y.column);
    const at = level.indexOf(here);
    const to = {
      ArrowUp: client.take(here.parent), ArrowDown: takes.find((take) => take.parent === here.id),
      ArrowLeft: level[at - 1], ArrowRight: level[at + 1], Home: takes[0], End: takes.at(-1),
    }[e.key];
    if (!to) return;
    e.preventDefault();
    nodes.get(to.id).focus();
  });
  return { root };
})();
