/* How the takes of the branch drift: small lines under the timeline, the same as a table, and a take to rewind to. */
const drift = (() => {
  const WIDE = 1000, HIGH = 100, TOP = 1.25;            // of the plot; TOP is the share at its upper edge
  const DASHES = { sharpness: '', contrast: '7 4', palette: '2 4', identity: '12 3 2 3' };
  let answer = null;
  let pictured = null;      // the answer that the panel shows
  let asked = '';           // of which takes
  let asking = false;       // whether an answer is on its way
  let at = null;            // take whose numbers are shown
  let open = false;
  let tabled = false;

  const plot = svg('svg', { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  const columns = h('div', { class: 'drift-columns', role: 'group', 'aria-label': t('Takes of this branch') });
  const kept = new Map();
  const scale = h('div', { class: 'drift-scale', 'aria-hidden': 'true' }, h('span', {}, '100 %'), h('span', {}, '50 %'));
  const picture = h('div', { class: 'drift-picture' }, scale, plot, columns);
  const table = h('div', { class: 'drift-table', tabindex: 0, role: 'region', 'aria-label': t('Drift as a table') });
  const legend = h('dl', { class: 'drift-legend' });
  const sentence = h('b', {});
  const rewind = button('rewind', '', () => client.go(answer.suggestion.take), { class: 'button small primary' });
  const advice = h('p', { class: 'drift-advice' }, icon('warn', 17), sentence);
  const reading = h('p', { class: 'hint' });
  const nothing = h('p', { class: 'hint' }, t('With two takes or more, each is compared with the first one of its shot here.'));

  /* When a take is made again by itself. */
  const times = h('select', { class: 'select', 'aria-label': t('Retries of a take'), onchange: () => send({ times: +times.value }) });
  const measure = h('select', { class: 'select', 'aria-label': t('Measure that retries go by'), onchange: () => send({ measure: measure.value }) });
  const threshold = h('input', { type: 'number', class: 'field-text', step: 1, 'aria-label': t('Threshold of retries, in percent'),
    oninput: () => { threshold.dataset.dirty = '1'; }, onchange: () => settle(threshold, threshold.value ? send({ threshold: +threshold.value / 100 }) : Promise.resolve()),
    onkeydown: (e) => { if (e.key === 'Enter') threshold.blur(); } });
  const whose = h('span', {});
  const condition = h('span', { class: 'drift-condition' }, ...pieces(t('while its {measure} is worse than {threshold} % of {whose}'), { measure, threshold, whose }));
  const retries = h('div', { class: 'drift-retries', role: 'group', 'aria-label': t('Retries'),
    title: t('Compared with the first take of its shot, or with the last one that was asked for other light or weather') }, h('b', {}, t('Retry a take')), times, condition,
    h('small', { class: 'hint' }, t('The best one is kept; the others stay in the tree.')));
  const send = (fields) => client.act('set_retries', fields);
  const drawRetries = (now) => {
    if (!times.children.length) {
      times.append(...Array.from({ length: now.most + 1 }, (_, n) => h('option', { value: n }, n ? tn('up to {n} time', 'up to {n} times', n) : t('never'))));
      measure.append(...now.measures.map((one) => h('option', { value: one.key }, one.name)));
      [threshold.min, threshold.max] = now.bounds.map((share) => Math.round(100 * share));
    }
    times.value = now.times;
    measure.value = now.measure;
    say(whose, now.measure === 'contrast' ? t('the first one’s, either way') : t('the first one’s'));
    refill(threshold, Math.round(100 * now.threshold));
    show(condition, now.times);
    show(retries.lastChild, now.times);
  };
  const kinds = [[false, t('Lines')], [true, t('Table')]].map(([value, name]) =>
    h('button', { onclick: () => { tabled = value; client.put({}); } }, name));
  const panel = h('section', { class: 'drift', id: 'mp-drift', hidden: true, 'aria-label': t('Drift') },
    h('div', { class: 'drift-top' },
      h('div', { class: 'switch', role: 'group', 'aria-label': t('How to show drift') }, ...kinds), legend, advice, rewind),
    nothing, picture, table, reading, retries);
  const word = h('span', {}, t('Drift'));
  const opener = h('button', { class: 'button quiet small drift-opener', 'aria-controls': 'mp-drift',
    onclick: () => { open = !open; client.put({}); } }, icon('drift', 16), word);

  const percent = (share) => (share == null ? '–' : `${Math.round(100 * share)} %`);
  const wished = (row) => { const words = [...row.asked, ...row.zoomed]; return words.length ? t('asked for: {words}', { words: words.join(', ') }) : ''; };
  const facts = (row) => (row.problem ? row.problem
    : [...answer.lines.map((line) => `${within(line.name)} ${percent(row[line.key])}`), wished(row)].filter(Boolean).join(', '));
  const x = (i) => (WIDE * (i + 0.5)) / answer.rows.length;
  const y = (share) => HIGH * (1 - Math.max(0, Math.min(TOP, share)) / TOP);

  const drawPlot = () => {
    const grid = [1, 0.5].map((share) => svg('line', { x1: 0, x2: WIDE, y1: y(share), y2: y(share), class: 'drift-grid' }));
    const lines = answer.lines.map((line) => {
      let d = '';
      let pen = 'M';
      answer.rows.forEach((row, i) => {
        if (row.cut) pen = 'M';
        if (row[line.key] == null) { pen = 'M'; return; }
        d += `${pen}${x(i).toFixed(1)} ${y(row[line.key]).toFixed(1)}`;
        pen = 'L';
      });
      return svg('path', { d, class: 'drift-line', 'data-line': line.key, 'stroke-dasharray': DASHES[line.key] });
    });
    plot.replaceChildren(...grid, ...lines);
    const point = (row) => {
      const dots = answer.lines.map((line) => h('i', { 'data-line': line.key }));
      return h('button', { onfocus: () => look(row.take), onpointerenter: () => look(row.take),
        onclick: () => client.put({ selected: row.take, wholeFilm: false, hovered: null }) }, ...dots, h('span', { 'aria-hidden': 'true' }));
    };
    keyed(columns, kept, answer.rows.map((row) => ({ ...row, id: row.take })), point, (column, row) => {
      answer.lines.forEach((line, i) => {
        show(column.children[i], row[line.key] != null);
        column.children[i].style.top = `${(0.76 * y(row[line.key] ?? 0)).toFixed(1)}px`;         // the plot is 76 pixels high
      });
      say(column.lastChild, String(row.segment));
      set(column, 'data-asked', Boolean(wished(row)));
      set(column, 'aria-label', t('Segment {number}: {facts}', { number: row.segment, facts: facts(row) }));
      set(column, 'data-suggested', answer.suggestion?.take === row.take);
      set(column, 'data-beyond', client.view.segments[row.segment - 1]?.beyond);
    });
  };
  const drawTable = () => {
    const heads = [t('Segment'), ...answer.lines.map((line) => line.name), t('{measure} beside the picture', { measure: answer.lines.at(-1).name }), t('Asked for'), t('Prompt')];
    const prompt = (row) => client.take(row.take)?.words || client.take(row.take)?.prompt || '';
    const cells = (row) => [row.segment, ...(row.problem ? answer.lines.map(() => '–') : answer.lines.map((line) => percent(row[line.key]))),
      percent(row.reference), [...row.asked, ...row.zoomed].join(', '), row.problem || prompt(row)];
    table.replaceChildren(h('table', {},
      h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)))),
      h('tbody', {}, ...answer.rows.map((row) => h('tr', {}, ...cells(row).map((cell, i) => h(i ? 'td' : 'th', { scope: i ? null : 'row' }, String(cell))))))));
  };
  const drawLegend = () => {
    const row = answer.rows.find((one) => one.take === at) || answer.rows.at(-1);
    legend.replaceChildren(h('div', {}, h('dt', { class: 'drift-at' }, t('Segment {number}', { number: row.segment })), h('dd', {}, row.problem || wished(row))),
      ...(row.problem ? [] : answer.lines.map((line) => h('div', { title: line.about }, h('dt', {}, svg('svg', { width: 22, height: 4, 'aria-hidden': 'true' },
          svg('path', { d: 'M0 2H22', class: 'drift-line', 'data-line': line.key, 'stroke-dasharray': DASHES[line.key] })), line.name),
        h('dd', {}, percent(row[line.key]))))));
    for (const column of columns.children) set(column, 'data-at', kept.get(row.take) === column);
    roving(kept.get(row.take));
  };
  const roving = (here) => { for (const column of columns.children) column.tabIndex = column === here ? 0 : -1; };
  const look = (take) => { if (at !== take) { at = take; drawLegend(); } };
  columns.addEventListener('pointerleave', () => { if (!columns.contains(document.activeElement)) look(client.view.head); });
  columns.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const all = [...columns.children];
    const here = all.indexOf(document.activeElement);
    const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: all.length - 1 }[e.key];
    if (to == null || !all[to]) return;
    e.preventDefault();
    all[to].focus();
  });

  /* Lines, table and legend, where they are seen. */
  const drawPanel = () => {
    if (!answer?.rows.length || pictured === answer) return;
    pictured = answer;
    drawPlot();
    drawTable();
    if (!answer.rows.some((row) => row.take === at)) at = client.view.head;
    drawLegend();
  };
  const draw = () => {
    const { suggestion } = answer;
    show(advice, suggestion);
    show(rewind, suggestion);
    if (suggestion) { say(sentence, suggestion.sentence); say(rewind.lastChild, t('Rewind to segment {number}', { number: suggestion.segment })); }
    say(reading, [answer.problem, answer.reading].filter(Boolean).join(' '));
    set(opener, 'data-creeps', Boolean(suggestion));
    set(opener, 'aria-label', suggestion ? t('Drift: {advice}', { advice: suggestion.sentence }) : t('Drift'));
  };

  /* Measuring takes a moment: it is asked for once for each line of takes, and only where there is something to compare. One question
     at a time, then the newest: browsers keep six connections to a studio, and with all of them waiting here a click would wait too. */
  const takesOf = (view) => view.segments.map((s) => client.take(s.take)).filter(Boolean);
  const fetchDrift = async (key) => {
    asked = key;
    if (asking) return;
    asking = true;
    let found = null;
    let of = '';
    do {
      of = asked;
      found = await client.askAside('drift');
    } while (asked && asked !== of);
    asking = false;
    if (asked !== of) return;
    answer = found;
    if (answer?.rows.length) draw();
    client.put({});
  };

  client.watch(({ view }) => {
    if (!view) return;
    const made = takesOf(view);
    const several = made.length > 1;
    const key = several ? `${view.id} ${view.head} ${made.map((take) => `${take.id}:${take.frames}:${take.state === 'missing'}`).join()}` : '';
    if (!several) { asked = ''; answer = null; }
    else if (key !== asked && (open || made.length > 2)) fetchDrift(key);
    const known = Boolean(several && answer?.rows.length);
    if (!known) { set(opener, 'data-creeps', null); set(opener, 'aria-label', t('Drift')); }
    set(opener, 'aria-expanded', String(open));
    show(panel, open);
    set(panel.closest('.work') ?? panel, 'data-drift', open);
    if (open) drawPanel();
    show(nothing, !several);
    show(panel.firstChild, known);
    show(reading, known);
    drawRetries(view.retries);
    for (const [i, b] of kinds.entries()) set(b, 'aria-pressed', String(Boolean(i) === tabled));
    show(picture, known && !tabled);
    show(table, known && tabled);
  });
  return { opener, panel };
})();
