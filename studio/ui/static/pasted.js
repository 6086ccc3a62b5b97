/* Text pasted into a prompt: a timeline as other studios write it is put on the strip, if the artist wants it; other text stays text. */
const pasted = (() => {
  /* A first look, so that ordinary text is pasted at once; the studio reads it properly. */
  const LOOKS = /\[\s*\d+(\.\d+)?\s*s\s*[-:]|(^|\n)\s*\[\s*\/[a-z_]+/;
  const LONGEST = 20000;

  const insert = (field, text, [start, end]) => {
    field.focus();
    field.setSelectionRange(start, end);
    const fits = field.value.length - (end - start) + text.length <= field.maxLength;
    if (fits && document.execCommand('insertText', false, text)) return;     // the browser's own undo knows it then
    field.setRangeText(text, start, end, 'end');
    field.dispatchEvent(new Event('input', { bubbles: true }));
  };

  const question = (found, put, keep) => {
    const count = found.segments.length;
    const many = `${count} segment${count === 1 ? '' : 's'}`;
    const where = found.replaced
      ? `Put ${count === 1 ? 'it' : 'them'} in place of the ${found.replaced === 1 ? 'segment' : `${found.replaced} segments`} not rendered yet?`
      : `Put ${count === 1 ? 'it' : 'them'} on the timeline?`;
    let chosen = keep;
    const choose = (answer) => () => { chosen = answer; dialog.close(); };
    const primary = button('film', 'Put on the timeline', choose(put), { class: 'button primary' });
    const dialog = dialogs.sheet('A timeline', 'pasted',
      h('p', {}, `This is a timeline of ${many}, ${found.length}. ${where}`),
      h('ol', { class: 'pasted-list', tabindex: 0, 'aria-label': 'Its segments' }, ...found.segments.map((s) =>
        h('li', {}, h('span', {}, s.prompt || 'no prompt'), h('i', {}, s.length)))),
      found.notes.length ? h('ul', { class: 'pasted-notes' }, ...found.notes.map((note) => h('li', {}, note))) : null,
      h('div', { class: 'pair' }, primary, h('button', { class: 'button', onclick: choose(keep) }, 'Keep as text')));
    dialog.addEventListener('close', () => chosen());
    primary.focus();
  };

  const take = async (event, field) => {
    const text = event.clipboardData?.getData('text/plain').replace(/\r\n?/g, '\n') || '';
    if (text.length > LONGEST || !LOOKS.test(text)) return;
    event.preventDefault();
    const at = [field.selectionStart, field.selectionEnd];
    const keep = () => insert(field, text, at);
    const found = await client.act('read_timeline', { text });
    if (!found?.segments.length) { keep(); return; }
    question(found, () => client.act('put_timeline', { text }), keep);
  };
  return { take };
})();
