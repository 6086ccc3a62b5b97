/* Two players on one clock: they start together, stay together, and begin again together when the longer clip has ended. */
const makePair = (a, b) => {
  const players = [a, b];
  const videos = players.map((player) => player.video);
  let on = false;
  let wanted = false;       // whether the artist wants them to play
  let running = false;      // whether both were started; otherwise they wait for each other
  let frames = [1, 1];
  let fps = 12;
  let drawn = '';

  const middle = (frame, i) => (Math.min(frame, frames[i] - 1) + 0.5) / fps;       // of the time that a frame is shown
  const over = (v) => v.ended || Boolean(v.error);
  const ready = (v) => over(v) || (!v.seeking && (v.readyState >= 3 || (v.readyState === 2 && v.currentTime > v.duration - 2 / fps)));
  const longer = () => (frames[1] > frames[0] ? 1 : 0);

  const hold = () => { running = false; for (const v of videos) { v.pause(); v.playbackRate = 1; } };
  const put = (time) => videos.forEach((v, i) => { v.currentTime = typeof time === 'function' ? time(i) : time; });
  const begin = () => {
    running = true;
    for (const v of videos) if (!over(v)) v.play().catch(() => {});        // playing a clip that has ended would begin it again
  };

  /* The clip that is ahead by more than half a frame is slowed until both are level; one that is far ahead is put back. */
  const keepLevel = () => {
    const apart = videos[0].currentTime - videos[1].currentTime;
    const ahead = apart > 0 ? 0 : 1;
    const far = Math.abs(apart);
    if (far > 0.4) { hold(); videos[ahead].currentTime = videos[1 - ahead].currentTime; return; }
    const slowed = videos[ahead].playbackRate < 1;
    const rate = far > 0.5 / fps || (slowed && far > 0.1 / fps) ? Math.max(0.25, Math.round(20 * (1 - far / 0.12)) / 20) : 1;
    if (videos[ahead].playbackRate !== rate) videos[ahead].playbackRate = rate;
    if (videos[1 - ahead].playbackRate !== 1) videos[1 - ahead].playbackRate = 1;
  };

  const tick = () => {
    if (!on) return;
    requestAnimationFrame(tick);
    if (!a.root.isConnected) { on = false; return; }
    if (!wanted) return;
    if (videos.every(over)) { if (running) { running = false; put(0); } return; }
    if (!running) { if (videos.every(ready)) begin(); return; }
    if (!videos.every(ready)) { hold(); return; }                          // one waits for its file: so does the other
    if (videos.some(over)) { for (const v of videos) v.playbackRate = 1; } else keepLevel();
  };

  const self = {
    /* Take over two players that show clips of so many frames. Other clips (`key`) begin at the start, or where the artist stopped. */
    draw(lengths, rate, key) {
      [frames, fps] = [lengths, rate];
      if (on && key === drawn) return;
      const at = on ? self.frame() : a.frame();
      if (!on) wanted = a.wanted();
      drawn = key;
      for (const player of players) player.guide(true);
      hold();
      put(wanted ? 0 : (i) => middle(at, i));
      if (!on) { on = true; requestAnimationFrame(tick); }
    },
    /* Let the first go on alone. */
    release() {
      if (!on) return;
      on = false;
      hold();
      for (const player of players) player.guide(false);
      a.toggle(wanted);
      b.toggle(false);
    },
    on: () => on,
    frame: () => players[longer()].frame(),
    playing: () => wanted,
    seek(frame) { wanted = false; hold(); put((i) => middle(frame, i)); },
    toggle(play = !wanted) {
      if (play === wanted) return;
      if (!play) { self.seek(self.frame()); return; }      // both on the same frame
      wanted = true;
      if (self.frame() >= Math.max(...frames) - 1) put(0);
    },
  };
  return self;
};
