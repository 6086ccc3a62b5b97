/* Phrases the model understands, by kind. A click puts one into the prompt last written in. */
const phrases = (() => {
  const kinds = h('div', { class: 'switch kinds', role: 'group', 'aria-label': t('Kinds of phrases') });
  const words = h('div', { class: 'words', role: 'group', 'aria-label': t('Phrases') });
  const root = h('div', { class: 'phrases' }, h('span', { class: 'label' }, t('Phrases')), kinds, words);
  const NAMES = { camera: t('camera'), light: t('light'), weather: t('weather'), flow: t('flow'), wildcards: t('wildcards') };
  let prompt = null;                // the field that was last in focus
  let kind = null;
  let drawn = '';

  const insert = (phrase) => {
    const field = prompt?.isConnected ? prompt : timeline.firstPrompt();
    if (!field) return;
    const at = document.activeElement === field || prompt === field ? field.selectionEnd : field.value.length;
    const before = field.value.slice(0, at).trimEnd();
    const after = field.value.slice(at).trimStart();
    const lead = before ? (/[,.;:]$/.test(before) ? ' ' : ', ') : '';
    const trail = after ? (/^[,.;:]/.test(after) ? '' : ', ') : '';
    client.flush();                   // what was typed before is a step of its own, and so is the phrase
    field.value = before + lead + phrase + trail + after;
    const caret = (before + lead + phrase).length;
    field.focus();
    field.setSelectionRange(caret, caret);
    newStroke(field);
    field.dispatchEvent(new Event('input', { bubbles: true }));
    client.flush();
    newStroke(field);
  };

  const drawWords = (list) => words.replaceChildren(...list.map((phrase) =>
    /* keeps the focus, and with it the caret, in the prompt */
    h('button', { class: 'word', onpointerdown: (e) => e.preventDefault(), onclick: () => insert(phrase) }, phrase)));

  const turnTo = (name) => { kind = name; drawn = ''; client.put({}); };

  client.watch(({ view }) => {
    const all = view?.model.phrases || [];
    show(root, all.length);
    const wanted = JSON.stringify(all);
    if (wanted !== drawn) {
      drawn = wanted;
      kind = all.some(([k]) => k === kind) ? kind : all[0]?.[0];
      kinds.replaceChildren(...all.map(([name]) => h('button', { 'data-kind': name, onclick: () => turnTo(name) }, NAMES[name] ?? name.replaceAll('_', ' '))));
      drawWords(all.find(([k]) => k === kind)?.[1] || []);
    }
    for (const b of kinds.children) set(b, 'aria-pressed', String(b.dataset.kind === kind));
  });
  return { root, wrote: (field) => { prompt = field; } };
})();
