/* A brush that draws strokes on the picture: by pointer, by finger, and by keyboard (arrows move it, space puts it down and lifts it). */
const makeBrush = ({ changed, done, told }) => {
  const NEAR = 0.004;               // shares of the picture between two points of a stroke
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const self = { stroke: null, hover: null, cursor: [0.5, 0.5], keyed: false };
  let finger = null;                // the pointer that draws

  const inside = ([x, y]) => [x, y].map((share) => Math.min(1, Math.max(0, share)));
  const extend = (at) => {
    const last = self.stroke.at(-1);
    if (Math.hypot(at[0] - last[0], at[1] - last[1]) >= NEAR) self.stroke.push(at);
  };
  const finish = () => {
    const drawn = self.stroke;
    self.stroke = null;
    finger = null;
    if (drawn) done(drawn);
    changed();
  };

  self.press = (e, at) => {
    if (finger != null) return;
    finger = e.pointerId;
    self.keyed = false;
    self.stroke = [inside(at)];
    self.hover = inside(at);
    changed();
  };
  self.follow = (e, at) => {
    self.hover = e.pointerType === 'touch' ? null : inside(at);
    if (e.pointerType !== 'touch') self.keyed = false;
    if (finger === e.pointerId && self.stroke) extend(inside(at));
    changed();
  };
  self.lift = (e) => {
    if (finger !== e.pointerId) return;
    if (e.type === 'pointercancel') self.drop();
    else finish();
  };
  self.leave = () => { self.hover = null; changed(); };
  self.drop = () => { self.stroke = null; finger = null; changed(); };

  const words = () => {
    const [left, top] = self.cursor.map((share) => Math.round(100 * share));
    return t('{left} % from the left, {top} % from the top', { left, top });
  };
  self.key = (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return false;
    const step = STEPS[e.key];
    if (step) {
      const size = e.shiftKey ? 0.05 : 0.01;
      self.keyed = true;
      self.cursor = inside([self.cursor[0] + step[0] * size, self.cursor[1] + step[1] * size]);
      if (self.stroke) extend(self.cursor);
      told(self.stroke ? t('Drawing: {place}.', { place: words() }) : `${words()}.`);
      changed();
    } else if (e.key === ' ' || e.key === 'Enter') {
      self.keyed = true;
      if (self.stroke) finish();
      else { self.stroke = [self.cursor]; told(t('The stroke begins at {place}. Space ends it.', { place: words() })); changed(); }
    } else if (e.key === 'Escape' && self.stroke) {
      self.drop();
      told(t('The stroke is dropped.'));
    } else return false;
    return true;
  };
  return self;
};
