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
    const { replaced } = found;
    const what = tn('This is a timeline of {n} segment, {length}.', 'This is a timeline of {n} segments, {length}.', count, found);
    const where = !replaced ? tn('Put it on the timeline?', 'Put them on the timeline?', count)
      : replaced === 1 ? tn('Put it in place of the segment not rendered yet?', 'Put them in place of the segment not rendered yet?', count)
        : tn('Put it in place of the {replaced} segments not rendered yet?', 'Put them in place of the {replaced} segments not rendered yet?', count, { replaced });
    let chosen = keep;
    const choose = (answer) => () => { chosen = answer; dialog.close(); };
    const primary = button('film', t('Put on the timeline'), choose(put), { class: 'button primary' });
    const dialog = dialogs.sheet(t('A timeline'), 'pasted',
      h('p', {}, `${what} ${where}`),
      h('ol', { class: 'pasted-list', tabindex: 0, 'aria-label': t('Its segments') }, ...found.segments.map((s) =>
        h('li', {}, h('span', {}, s.prompt || t('no prompt')), h('i', {}, s.length)))),
      found.notes.length ? h('ul', { class: 'pasted-notes' }, ...found.notes.map((note) => h('li', {}, note))) : null,
      h('div', { class: 'pair' }, primary, h('button', { class: 'button', onclick: choose(keep) }, t('Keep as text'))));
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
