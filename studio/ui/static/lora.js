/* LoRAs of a segment: chips on its card, a list to choose one from, and a small sheet to set its strength or remove it. */
const lora = (() => {
  const uploads = new Map();       // segment -> the name of the file being uploaded
  let most = null;                  // bytes of a file, at most; null: not known yet, or no limit
  let at = null;                    // what the open popover belongs to: { segment, id, opener }
  const short = (name) => name.replace(/\.safetensors$/i, '');
  const weight = (strength) => (strength < 0 ? '−' : '') + numeral(Math.abs(strength), 2);
  const megabytes = (size) => t('{size} MB', { size: Math.max(1, Math.round(size / 2 ** 20)).toLocaleString(language) });

  const uploadFile = async (file, segment) => {
    if (!file || !segment || uploads.has(segment)) return;
    if (most && file.size > most) {
      const remedy = t('This shared studio takes LoRAs of up to {size}.', { size: megabytes(most) });
      notices.add({ message: t('“{file}” has {size}.', { file: file.name, size: megabytes(file.size) }), remedy });
      return;
    }
    uploads.set(segment, short(file.name));
    client.put({});
    try {
      const { path } = await upload(file);
      const answer = await client.askAside('add_lora', { segment, path, name: file.name });
      if (answer?.aside) notices.add({ message: answer.aside, kind: 'found' });
    } catch (error) {
      await client.uploadFailed(file, error);
    } finally {
      uploads.delete(segment);
      client.put({});
    }
  };
  const pickFile = (segment) => {
    const input = h('input', { type: 'file', accept: '.safetensors', onchange: () => uploadFile(input.files[0], segment) });
    input.click();
  };

  const closed = (box) => (e) => {
    set(at?.opener || box, 'aria-expanded', e.newState === 'open' ? 'true' : at?.opener ? 'false' : null);
    if (e.newState === 'closed' && at?.box === box) at = null;
  };
  /* Keep Escape and Space from the page's own shortcuts: here Escape only closes the popover. */
  const stopKeys = (e) => { if (e.key === 'Escape' || e.key === ' ') e.stopPropagation(); };

  const list = h('div', { class: 'menu loras-there', popover: 'auto', role: 'menu', 'aria-label': t('Put a LoRA on this segment'),
    ontoggle: (e) => closed(list)(e), onkeydown: (e) => {
      stopKeys(e);
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
  const drawList = (answer, active) => {
    const there = (answer?.loras || []).filter((l) => !active.includes(l.id));
    const about = [t('A LoRA changes the style, or brings a subject in.'), answer?.most && t('Files of up to {size}.', { size: megabytes(answer.most) })];
    list.replaceChildren(
      item(t('From a file…'), about.filter(Boolean).join(' '), pickFile),
      ...there.map((l) => item(short(l.name), l.fits ? `${l.told} · ${megabytes(l.size)}` : l.told,
        (segment) => client.act('use_lora', { segment, lora: l.id }), { disabled: !l.fits })));
  };
  const choose = async (segment, opener) => {
    const active = () => client.view.segments.find((s) => s.id === segment)?.loras.map((l) => l.id) || [];
    drawList(null, active());
    at = { segment, opener, box: list };
    list.showPopover();
    placeBeside(list, opener);
    list.firstChild.focus();
    const answer = await client.act('shelved_loras');
    if (!answer || at?.segment !== segment || at.box !== list) return;
    most = answer.most;
    drawList(answer, active());
    placeBeside(list, opener);
    list.firstChild.focus();
  };

  const title = h('b', {});
  const gone = h('p', { class: 'lora-gone' }, t('Its file is not in this studio any more. Put it on again from the file, or take it off.'));
  const strengthText = h('output', { class: 'strength' });
  const range = h('input', { type: 'range', min: -2, max: 2, step: 0.05,
    onfocus: () => newStroke(range), onpointerdown: () => newStroke(range),
    oninput: () => {
      range.dataset.dirty = '1';
      const { segment, id } = at;
      const strength = +range.value;        // of now: the sheet may show another LoRA by the time this is sent
      const { stroke } = range.dataset;
      showStrength(strength);
      client.later(`lora ${segment} ${id}`, () => settle(range, client.ask('weigh_lora', { segment, lora: id, strength, stroke })), 250);
    } });
  const showStrength = (strength) => { say(strengthText, weight(strength)); set(range, 'aria-valuetext', weight(strength)); };
  const actAndClose = (verb) => () => { const { segment, id } = at; sheet.hidePopover(); client.act(verb, { segment, lora: id }); };
  const everywhere = h('button', { class: 'button quiet small', onclick: actAndClose('spread_lora') }, t('On all planned segments'));
  const off = button('trash', t('Take it off'), actAndClose('drop_lora'), { class: 'button quiet small' });
  const ticks = h('div', { class: 'ticks', 'aria-hidden': 'true' }, ...['−2', '0', '1', '2'].map((at) => h('i', {}, at)));
  const sheet = h('div', { class: 'menu lora-sheet', popover: 'auto', role: 'dialog',
    ontoggle: (e) => closed(sheet)(e), onkeydown: stopKeys },
  h('div', { class: 'lora-name' }, title, strengthText), gone, range, ticks, h('div', { class: 'lora-ends' }, everywhere, off));
  const open = (segment, id, opener) => {
    at = { segment, id, opener, box: sheet };
    delete range.dataset.dirty;
    drawSheet();
    sheet.showPopover();
    placeBeside(sheet, opener);
    range.focus();
  };
  const drawSheet = () => {
    const segment = client.view.segments.find((s) => s.id === at.segment);
    const entry = segment?.loras.find((l) => l.id === at.id);
    if (!entry) { sheet.hidePopover(); return; }
    say(title, short(entry.name));
    set(sheet, 'aria-label', t('LoRA {name} of segment {number}', { name: short(entry.name), number: segment.index + 1 }));
    set(range, 'aria-label', t('Strength of {name}', { name: short(entry.name) }));
    show(gone, entry.missing);
    if (!range.dataset.dirty && +range.value !== entry.strength) range.value = entry.strength;
    if (!range.dataset.dirty) showStrength(entry.strength);
    show(everywhere, client.view.segments.some((s) => s !== segment && !s.take));
  };
  client.watch(() => { if (at?.box === sheet) drawSheet(); });

  /* The parts on a segment's card: a button in the corner of its prompt, and a row of chips. */
  const parts = (segment) => {
    const add = tool('lora', t('Put a LoRA on this segment'), () => choose(segment, add),
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
        set(chip, 'aria-label', (l.missing ? t('LoRA {name}, strength {strength}, its file is missing', { name: short(l.name), strength: weight(l.strength) })
          : t('LoRA {name}, strength {strength}', { name: short(l.name), strength: weight(l.strength) })));
        set(chip, 'title', l.missing ? t('Its file is not in this studio any more') : short(l.name));
      });
      const on = uploads.get(segment);
      if (row.lastChild !== coming) row.append(coming);
      say(coming, on ? t('Bringing {file}…', { file: on }) : '');
      show(coming, on);
      show(row, on || shown.loras.length);
      set(row, 'aria-label', t('LoRAs of segment {number}', { number: shown.index + 1 }));
      set(add, 'aria-label', t('Put a LoRA on segment {number}', { number: shown.index + 1 }));
    };
    return { add, row, draw };
  };
  return { parts, uploadFile, root: h('div', {}, list, sheet) };
})();
