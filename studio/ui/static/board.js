/* Puts the page together. Everything above is defined; nothing has happened yet. */
const root = element.querySelector('.mp-board');
const dark = remember.get('dark');
if (dark !== null) document.body.classList.toggle('dark', dark);

const work = h('div', { class: 'work', hidden: true },
  h('div', { class: 'upper' }, memory.root, stage.root, tree.root), timeline.root);
const opening = h('p', { class: 'opening', role: 'status' }, t('Opening the studio…'));
root.append(h('style', {}, STYLE), h('div', { class: 'mp' }, header.root, opening, start.root, work, lora.root, blend.root, notices.root, dialogs.root));

header.root.inert = true;           // until there is a film it speaks of
client.watch(({ view }) => {
  if (!view) return;
  header.root.inert = false;
  show(opening, false);
  show(work, view.reference || view.beginning.from_words || view.takes.length);
});
picture.attach(root.lastChild);
keys.start();
stage.run();
sound.run();
client.start();
