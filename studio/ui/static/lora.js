/* LoRAs of a segment: chips on its card, a list to put one on from, and a small sheet to weigh one or take it off. */
const lora = (() => {
  const bringing = new Map();       // segment -> the file that is on its way
  let most = null;                  // bytes of a file that this studio takes, once it has said so
  let at = null;                    // what the open popover speaks of: { segment, id, opener }
  const short = (name) => name.replace(/\.safetensors$/i, '');
  const weight = (strength) => (strength < 0 ? '−' : '') + Math.abs(strength).toFixed(2);
  const megabytes = (size) => `${Math.max(1, Math.round(size / 2 ** 20)).toLocaleString()} MB`;

  const bring = async (file, segment) => {
    if (!file || !segment || bringing.has(segment)) return;
    if (most && file.size > most) {
      const remedy = `This shared studio takes LoRAs of up to ${megabytes(most)}.`;
      notices.add({ message: `“${file.name}” has ${megabytes(file.size)}.`, remedy });
      return;
    }
    bringing.set(segment, short(file.name));
    desk.put({});
    try {
      const { path } = await upload(file);
      const answer = await desk.askAside('add_lora', { segment, path, name: file.name });
      if (answer?.aside) notices.add({ message: answer.aside, kind: 'found' });
    } catch {
      const remedy = 'It may be larger than this studio accepts, or the connection was lost.';
      notices.add({ message: `“${file.name}” could not be uploaded.`, remedy });
    } finally {
      bringing.delete(segment);
      desk.put({});
    }
  };
  const pickFile = (segment) => {
    const input = h('input', { type: 'file', accept: '.safetensors', onchange: () => bring(input.files[0], segment) });
    input.click();
  };

  /* Below its opener, or above it where there is more room. */
  const place = (box, opener) => {
    const from = opener.getBoundingClientRect();
    const below = innerHeight - from.bottom - 14;
    const up = box.offsetHeight > below && from.top > below;
    box.style.maxHeight = `${Math.max(120, up ? from.top - 14 : below)}px`;
    box.style.top = `${up ? Math.max(8, from.top - box.offsetHeight - 6) : from.bottom + 6}px`;
    box.style.left = `${Math.max(8, Math.min(from.left, innerWidth - box.offsetWidth - 8))}px`;
  };
  const closed = (box) => (e) => {
    set(at?.opener || box, 'aria-expanded', e.newState === 'open' ? 'true' : at?.opener ? 'false' : null);
    if (e.newState === 'closed' && at?.box === box) at = null;
  };
  /* The page's own keys rest: Escape closes this, and cancels nothing. */
  const hushed = (e) => { if (e.key === 'Escape' || e.key === ' ') e.stopPropagation(); };

  const list = h('div', { class: 'menu loras-there', popover: 'auto', role: 'menu', 'aria-label': 'Put a LoRA on this segment',
    ontoggle: (e) => closed(list)(e), onkeydown: (e) => {
      hushed(e);
      const items = [...list.querySelectorAll('button:enabled')];
      const here = items.indexOf(document.activeElement);
      const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: items.length - 1 }[e.key];
      if (to == null) return;
      e.preventDefault();
      items[(to + items.length) % items.length].focus();
    } });
  const item = (words, hint, run, attributes = {}) => h('button', { role: 'menuitem', ...attributes,
    onclick: () => { const { segment, opener } = at; list.hidePopover(); opener.focus(); run(segment); } },
  h('b', {}, words), hint ? h('small', {}, hint) : null);
  const drawList = (answer, worn) => {
    const there = (answer?.loras || []).filter((l) => !worn.includes(l.id));
    const limit = answer?.most ? ` Files of up to ${megabytes(answer.most)}.` : '';
    list.replaceChildren(
      item('From a file…', `A LoRA changes the style, or brings a subject in.${limit}`, pickFile),
      ...there.map((l) => item(short(l.name), l.fits ? `${l.told} · ${megabytes(l.size)}` : l.told,
        (segment) => desk.act('use_lora', { segment, lora: l.id }), { disabled: !l.fits })));
  };
  const choose = async (segment, opener) => {
    const worn = () => desk.view.segments.find((s) => s.id === segment)?.loras.map((l) => l.id) || [];
    drawList(null, worn());
    at = { segment, opener, box: list };
    list.showPopover();
    place(list, opener);
    list.firstChild.focus();
    const answer = await desk.act('shelved_loras');
    if (!answer || at?.segment !== segment || at.box !== list) return;
    most = answer.most;
    drawList(answer, worn());
    place(list, opener);
    list.firstChild.focus();
  };

  const title = h('b', {});
  const gone = h('p', { class: 'lora-gone' }, 'Its file is not in this studio any more. Put it on again from the file, or take it off.');
  const told = h('output', { class: 'told' });
  const range = h('input', { type: 'range', min: -2, max: 2, step: 0.05,
    onfocus: () => newStroke(range), onpointerdown: () => newStroke(range),
    oninput: () => {
      range.dataset.dirty = '1';
      const { segment, id } = at;
      const strength = +range.value;        // of now: by the time it is sent the sheet may speak of another one
      const { stroke } = range.dataset;
      weigh(strength);
      desk.later(`lora ${segment} ${id}`, () => settle(range, desk.ask('weigh_lora', { segment, lora: id, strength, stroke })), 250);
    } });
  const weigh = (strength) => { say(told, weight(strength)); set(range, 'aria-valuetext', weight(strength)); };
  const done = (verb) => () => { const { segment, id } = at; sheet.hidePopover(); desk.act(verb, { segment, lora: id }); };
  const everywhere = h('button', { class: 'button quiet small', onclick: done('spread_lora') }, 'On all planned segments');
  const off = button('trash', 'Take it off', done('drop_lora'), { class: 'button quiet small' });
  const ticks = h('div', { class: 'ticks', 'aria-hidden': 'true' }, ...['−2', '0', '1', '2'].map((at) => h('i', {}, at)));
  const sheet = h('div', { class: 'menu lora-sheet', popover: 'auto', role: 'dialog',
    ontoggle: (e) => closed(sheet)(e), onkeydown: hushed },
  h('div', { class: 'lora-name' }, title, told), gone, range, ticks, h('div', { class: 'lora-ends' }, everywhere, off));
  const open = (segment, id, opener) => {
    at = { segment, id, opener, box: sheet };
    delete range.dataset.dirty;
    drawSheet();
    sheet.showPopover();
    place(sheet, opener);
    range.focus();
  };
  const drawSheet = () => {
    const segment = desk.view.segments.find((s) => s.id === at.segment);
    const worn = segment?.loras.find((l) => l.id === at.id);
    if (!worn) { sheet.hidePopover(); return; }
    say(title, short(worn.name));
    set(sheet, 'aria-label', `LoRA ${short(worn.name)} of segment ${segment.index + 1}`);
    set(range, 'aria-label', `Strength of ${short(worn.name)}`);
    show(gone, worn.missing);
    if (!range.dataset.dirty && +range.value !== worn.strength) range.value = worn.strength;
    if (!range.dataset.dirty) weigh(worn.strength);
    show(everywhere, desk.view.segments.some((s) => s !== segment && !s.take));
  };
  desk.watch(() => { if (at?.box === sheet) drawSheet(); });

  /* What a card holds of all this: a button in the corner of its prompt, and a row of chips. */
  const parts = (segment) => {
    const add = tool('lora', 'Put a LoRA on this segment', () => choose(segment, add),
      { class: 'tool lora-add', 'aria-haspopup': 'menu', 'aria-expanded': 'false' });
    const row = h('div', { class: 'loras', role: 'group', hidden: true });
    const coming = h('span', { class: 'chip coming', role: 'status', hidden: true });
    const chips = new Map();
    const make = ({ id }) => {
      const name = h('span', {});
      const strength = h('i', {});
      const chip = h('button', { class: 'chip', 'aria-haspopup': 'dialog', 'aria-expanded': 'false',
        onclick: () => open(segment, id, chip) }, name, strength);
      chip.fields = { name, strength };
      return chip;
    };
    const draw = (shown) => {
      keyed(row, chips, shown.loras, make, (chip, l) => {
        say(chip.fields.name, short(l.name));
        say(chip.fields.strength, weight(l.strength));
        set(chip, 'data-missing', l.missing);
        set(chip, 'data-none', l.strength === 0);
        set(chip, 'aria-label', `LoRA ${short(l.name)}, strength ${weight(l.strength)}${l.missing ? ', its file is missing' : ''}`);
        set(chip, 'title', l.missing ? 'Its file is not in this studio any more' : short(l.name));
      });
      const on = bringing.get(segment);
      if (row.lastChild !== coming) row.append(coming);
      say(coming, on ? `Bringing ${on}…` : '');
      show(coming, on);
      show(row, on || shown.loras.length);
      set(row, 'aria-label', `LoRAs of segment ${shown.index + 1}`);
      set(add, 'aria-label', `Put a LoRA on segment ${shown.index + 1}`);
    };
    return { add, row, draw };
  };
  return { parts, bring, root: h('div', {}, list, sheet) };
})();
