/* A pane of glass over the picture, on which strokes are drawn: a canvas as sharp as the screen. Points are shares of the picture. */
const makeGlass = () => {
  const canvas = h('canvas', { class: 'glass', 'aria-hidden': 'true' });
  const pen = canvas.getContext('2d');
  const self = { canvas, pen, width: 1, height: 1 };

  /* Make the canvas as large as the picture on the screen, and wipe it. */
  self.wipe = () => {
    const dots = devicePixelRatio || 1;
    [self.width, self.height] = [canvas.clientWidth, canvas.clientHeight];
    const [wide, tall] = [Math.round(self.width * dots), Math.round(self.height * dots)];
    if (canvas.width !== wide || canvas.height !== tall) { canvas.width = wide; canvas.height = tall; }
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.clearRect(0, 0, self.width, self.height);
    pen.lineCap = pen.lineJoin = 'round';
  };
  const place = ([x, y]) => [x * self.width, y * self.height];

  /* The path of a stroke, straight from point to point as the studio reads it; a stroke of one point is a dot. */
  const path = (stroke) => {
    const points = stroke.map(place);
    pen.beginPath();
    pen.moveTo(...points[0]);
    if (points.length === 1) pen.lineTo(points[0][0] + 0.01, points[0][1]);
    points.slice(1).forEach((point) => pen.lineTo(...point));
  };
  self.line = (stroke, width, colour, dash = [], offset = 0) => {
    path(stroke);
    Object.assign(pen, { lineWidth: width, strokeStyle: colour, lineDashOffset: offset });
    pen.setLineDash(dash);
    pen.stroke();
    pen.setLineDash([]);
  };

  /* A small arrow, its tip at `at`, along a direction in pixels. */
  self.arrow = ([x, y], [dx, dy], size, colour) => {
    const long = Math.hypot(dx, dy) || 1;
    const [ux, uy] = [dx / long * size, dy / long * size];
    pen.beginPath();
    pen.moveTo(x - ux - uy * 0.62, y - uy + ux * 0.62);
    pen.lineTo(x, y);
    pen.lineTo(x - ux + uy * 0.62, y - uy - ux * 0.62);
    Object.assign(pen, { lineWidth: size * 0.36, strokeStyle: colour });
    pen.stroke();
  };

  /* A word on a dark pill, held inside the picture. */
  self.label = (text, at, colour, bold) => {
    pen.font = `${bold ? 700 : 400} 12px "IBM Plex Sans", system-ui, sans-serif`;
    const wide = pen.measureText(text).width + 26;
    const [px, py] = place(at);
    const x = Math.min(Math.max(px - wide / 2, 2), Math.max(2, self.width - wide - 2));
    const y = Math.min(Math.max(py - 34, 2), self.height - 24);
    pen.beginPath();
    pen.roundRect(x, y, wide, 22, 11);
    pen.fillStyle = '#14110eea';
    pen.fill();
    if (bold) { Object.assign(pen, { lineWidth: 1.5, strokeStyle: colour }); pen.stroke(); }
    pen.beginPath();
    pen.arc(x + 11, y + 11, 4, 0, 7);
    pen.fillStyle = colour;
    pen.fill();
    pen.fillStyle = '#f7f2ea';
    pen.textBaseline = 'middle';
    pen.fillText(text, x + 19, y + 11.5);
  };

  /* The brush: a ring where the pointer is, with a cross where the keyboard holds it. */
  self.ring = (at, width, colour, cross) => {
    const [x, y] = place(at);
    for (const [wide, shade] of [[3.5, '#000a'], [1.6, colour]]) {
      pen.beginPath();
      pen.arc(x, y, Math.max(3, width / 2), 0, 7);
      if (cross) for (const [dx, dy] of [[1, 0], [0, 1]]) { pen.moveTo(x - 12 * dx, y - 12 * dy); pen.lineTo(x + 12 * dx, y + 12 * dy); }
      Object.assign(pen, { lineWidth: wide, strokeStyle: shade });
      pen.stroke();
    }
  };

  /* Where a stroke is after a way of so many pixels, and its direction there. */
  self.along = (stroke, way) => {
    const points = stroke.map(place);
    let left = way;
    for (let i = 1; i < points.length; i += 1) {
      const [dx, dy] = [points[i][0] - points[i - 1][0], points[i][1] - points[i - 1][1]];
      const long = Math.hypot(dx, dy);
      if (left <= long || i === points.length - 1) {
        const part = long ? Math.min(1, left / long) : 0;
        return { at: [points[i - 1][0] + dx * part, points[i - 1][1] + dy * part], to: [dx, dy] };
      }
      left -= long;
    }
    return { at: points[0], to: [1, 0] };
  };
  self.length = (stroke) => stroke.slice(1).reduce((sum, [x, y], i) =>
    sum + Math.hypot((x - stroke[i][0]) * self.width, (y - stroke[i][1]) * self.height), 0);
  /* Pixels from a point to a stroke. */
  self.distance = (stroke, point) => {
    const [x, y] = place(point);
    const points = stroke.map(place);
    return Math.min(...points.map(([ax, ay], i) => {
      const [bx, by] = points[i + 1] || [ax, ay];
      const square = (bx - ax) ** 2 + (by - ay) ** 2;
      const part = square ? Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / square)) : 0;
      return Math.hypot(x - ax - part * (bx - ax), y - ay - part * (by - ay));
    }));
  };
  return self;
};
