/* Two players on one clock, for comparing: scrubbed together, and the shorter one holds its last frame. */
const makePair = (a, b) => {
  const players = [a, b];
  const videos = players.map((player) => player.video);
  const group = makeGroup();
  let on = false;
  let frames = [1, 1];
  let fps = 12;
  let drawn = '';

  const middle = (frame) => frames.map((count) => (Math.min(frame, count - 1) + 0.5) / fps);       // of the time that a frame is shown
  const start = () => [0, 0];

  const self = {
    /* Take over two players that show clips of so many frames. Other clips (`key`) begin at the start, or where the artist stopped. */
    draw(lengths, rate, key) {
      [frames, fps] = [lengths, rate];
      if (on && key === drawn) return;
      const at = on ? self.frame() : a.frame();
      if (!on) group.toggle(a.wanted());
      [on, drawn] = [true, key];
      for (const player of players) player.guide(true);
      group.draw(videos, fps);
      group.seek(group.playing() ? start() : middle(at));
    },
    /* Let the first go on alone. */
    release() {
      if (!on) return;
      on = false;
      group.draw([], fps);
      for (const player of players) player.guide(false);
      a.toggle(group.playing());
      b.toggle(false);
    },
    on: () => on,
    frame: () => players[frames[1] > frames[0] ? 1 : 0].frame(),
    playing: group.playing,
    seek(frame) { group.toggle(false); group.seek(middle(frame)); },
    toggle(play = !group.playing()) {
      if (play === group.playing()) return;
      if (!play) { self.seek(self.frame()); return; }                  // both on the same frame
      if (self.frame() >= Math.max(...frames) - 1) group.seek(start());
      group.toggle(true);
    },
  };
  return self;
};
