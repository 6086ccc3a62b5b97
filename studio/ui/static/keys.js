/* Keys that work everywhere on the page. While typing, only those that no text field needs. */
const keys = (() => {
  const press = (e) => {
    if (!element.isConnected) { document.removeEventListener('keydown', press); return; }
    if (dialogs.open() || !client.view || e.isComposing) return;
    const typing = e.target.closest?.('textarea, input:not([type=range]), select, [contenteditable]');
    const onControl = typing || e.target.closest?.('button, a, summary');
    const ctrl = e.ctrlKey || e.metaKey;
    const key = e.key.toLowerCase();
    const does =
      ctrl && key === 'enter' && client.job?.state === 'paused' && !e.shiftKey ? client.resume
      : ctrl && key === 'enter' ? (e.shiftKey ? client.generateAll : client.generateNext)
      : ctrl && key === 'z' && !typing ? () => client.act(e.shiftKey ? 'redo' : 'undo')
      : ctrl && key === 'y' && !typing ? () => client.act('redo')
      : key === 'escape' && client.busy() ? () => client.act('cancel')
      : key === 'p' && !typing && !ctrl && !e.altKey ? client.pauseOrResume
      : key === 'l' && !typing && !ctrl && !e.altKey ? library.open
      : key === 'b' && !typing && !ctrl && !e.altKey ? trash.open
      : key === 'w' && !typing && !ctrl && !e.altKey ? () => disk.open()
      : key === 'm' && !typing && !ctrl && !e.altKey ? sound.mark
      : 'io'.includes(key) && key && !typing && !ctrl && !e.altKey ? () => trim.mark(key)
      : key === ' ' && !onControl && !ctrl ? stage.toggle
      : e.key === '?' && !typing ? dialogs.keys
      : null;
    if (!does) return;
    e.preventDefault();
    if (!e.repeat) does();
  };
  return { start: () => document.addEventListener('keydown', press) };
})();
