/* Several clips on one clock: they start together, stay together, and begin again together when the longest has ended. */
const makeGroup = () => {
  let videos = [];
  let wanted = !still.matches;      // whether the artist wants them to play
  let running = false;              // whether all were started; otherwise they wait for each other
  let ticking = false;
  let fps = 12;
  let again = 0;

  const over = (v) => v.ended || Boolean(v.error);
  const ready = (v) => over(v) || (!v.seeking && (v.readyState >= 3 || (v.readyState === 2 && v.currentTime > v.duration - 2 / fps)));
  const hold = () => { running = false; for (const v of videos) { v.pause(); v.playbackRate = 1; } };
  const begin = () => { running = true; for (const v of videos) if (!over(v)) v.play().catch(() => {}); };

  /* Clips that are ahead of the last one by more than half a frame are slowed until all are level; one that is far ahead is put back. */
  const keepLevel = () => {
    const going = videos.filter((v) => !over(v));
    const last = Math.min(...going.map((v) => v.currentTime));
    for (const v of going) {
      const ahead = v.currentTime - last;
      if (ahead > 0.4) { hold(); v.currentTime = last; return; }
      const rate = ahead > 0.5 / fps || (v.playbackRate < 1 && ahead > 0.1 / fps) ? Math.max(0.25, 1 - ahead / 0.12) : 1;
      if (Math.abs(v.playbackRate - rate) > 0.04) v.playbackRate = rate;
    }
  };

  const tick = () => {
    if (!videos.length || !videos[0].isConnected) { ticking = false; hold(); return; }
    requestAnimationFrame(tick);
    if (!wanted) return;
    if (videos.every(over)) { running = false; for (const v of videos) v.currentTime = 0; return; }
    if (!running) { if (videos.every(ready)) begin(); return; }
    if (!videos.every(ready)) { hold(); return; }                 // one waits for its file: so do the others
    keepLevel();
  };

  return {
    /* Play these video elements, from the start where one of them is new. */
    draw(now, rate) {
      fps = rate;
      if (now.length === videos.length && now.every((v, i) => v === videos[i])) return;
      hold();
      clearTimeout(again);
      videos = now;
      for (const v of videos) { v.loop = false; v.currentTime = 0; }
      if (videos.length && !ticking) { ticking = true; requestAnimationFrame(tick); }
    },
    /* Put each clip at its time, in seconds. */
    seek(times) {
      const put = (later) => videos.forEach((v, i) => { v.currentTime = times[i] + later; });
      hold();
      put(0);
      clearTimeout(again);
      again = setTimeout(() => { if (!wanted) put(0.001); }, 250);      // after a quick stop Chromium sometimes leaves an older frame on the screen
    },
    playing: () => wanted,
    toggle(on = !wanted) {
      wanted = on;
      if (!on) hold();
    },
  };
};
