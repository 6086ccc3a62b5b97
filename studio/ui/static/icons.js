/* Line icons on a 24 by 24 grid, drawn for this studio. */
const ICONS = {
  play: ['M7 4.8v14.4L19 12z'],
  pause: ['M8 5v14M16 5v14'],
  stop: ['M6.5 6.5h11v11h-11z'],
  next: ['M5 5v14l10-7z', 'M19 5v14'],
  all: ['M3.5 6v12l8-6zM12.5 6v12l8-6z'],
  undo: ['M9 6 4.5 10.5 9 15', 'M5 10.5h8.5a5.5 5.5 0 0 1 0 11H11'],
  redo: ['m15 6 4.5 4.5L15 15', 'M19 10.5h-8.5a5.5 5.5 0 0 0 0 11H13'],
  rewind: ['M12 6v12l-8-6zM20 6v12l-8-6z'],
  branch: ['M6 8.5v7', 'M8.5 6H14a4 4 0 0 1 4 4v1', 'M6 3.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM6 15.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM18 11a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z'],
  retake: ['M19.5 12a7.5 7.5 0 1 1-2.2-5.3', 'M20 3v4.5h-4.5'],
  finish: ['M4 12h11', 'm10.5 7 5 5-5 5', 'M20 5v14'],
  back: ['m14 6-6 6 6 6'],
  forth: ['m10 6 6 6-6 6'],
  dice: ['M5 5h14v14H5z', 'M9 9h.01M15 9h.01M12 12h.01M9 15h.01M15 15h.01'],
  plus: ['M12 5v14M5 12h14'],
  minus: ['M5 12h14'],
  trash: ['M5 7h14M10 7V4.5h4V7M7 7l1 12.5h8L17 7'],
  close: ['M6 6l12 12M18 6 6 18'],
  export: ['M12 15V4M7.5 8 12 3.5 16.5 8', 'M4.5 14.5v5h15v-5'],
  films: ['M3.5 6.5h6l2 2.5h9v10h-17z'],
  sun: ['M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z', 'M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4'],
  moon: ['M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z'],
  globe: ['M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z', 'M3.5 12h17M12 3.5c-5 5-5 12 0 17M12 3.5c5 5 5 12 0 17'],
  keys: ['M3 7h18v10.5H3z', 'M6.5 10.5h.01M10 10.5h.01M14 10.5h.01M17.5 10.5h.01M8 14h8'],
  compare: ['M12 3.5v17', 'M3.5 7H9v10H3.5zM15 7h5.5v10H15z'],
  trim: ['M6 3.5v17M18 3.5v17', 'M9.5 8.5h5v7h-5z'],
  vote: ['M4 4.5h16v15H4z', 'm8 12 3 3 5-6'],
  left: ['M19 12H5', 'm10.5 6.5-5.5 5.5 5.5 5.5'],
  right: ['M5 12h14', 'm13.5 6.5 5.5 5.5-5.5 5.5'],
  down: ['M12 5v14', 'm6.5 13.5 5.5 5.5 5.5-5.5'],
  wipe: ['m8.5 7-5 5 5 5', 'm15.5 7 5 5-5 5'],
  picture: ['M4 5h16v14H4z', 'm4 16 5-5 4 4 3-3 4 4', 'M15.5 8.5h.01'],
  frame: ['M6.5 2.5v15h15', 'M2.5 6.5h15v15'],
  film: ['M4 5h16v14H4z', 'M8 5v14M16 5v14M4 9.5h4M4 14.5h4M16 9.5h4M16 14.5h4'],
  warn: ['M12 4 2.8 19.5h18.4z', 'M12 10v4.5M12 17h.01'],
  check: ['m5 12.5 4.5 4.5L19 7.5'],
  info: ['M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z', 'M12 11v5.5M12 7.8h.01'],
  lora: ['M12 4 3.5 8.7 12 13.4l8.5-4.7z', 'm3.5 14.2 8.5 4.7 8.5-4.7'],
  brush: ['M20 4 10.5 13.5', 'M8 12.5a3.2 3.2 0 0 1 3.5 3.5c0 2.6-2.6 4-7 4 1.6-1 1.3-2.4 1.5-4 .1-1.7 1-3 2-3.5z'],
  flow: ['M3 8.5c3-3 6-3 9 0s6 3 9 0', 'M3 15.5c3-3 6-3 9 0 2 2 4 2.7 6 2', 'm16.5 14.5 2.5 2.8-2.8 2.5'],
  turn: ['M4 8h13', 'm13.5 4.5 3.5 3.5-3.5 3.5', 'M20 16H7', 'm10.5 12.5-3.5 3.5 3.5 3.5'],
  cut: ['M6.5 4.5a2.3 2.3 0 1 0 0 4.6 2.3 2.3 0 0 0 0-4.6zM6.5 14.9a2.3 2.3 0 1 0 0 4.6 2.3 2.3 0 0 0 0-4.6z', 'M8.4 8.2 20 17M8.4 15.8 20 7'],
  more: ['M5.5 12h.01M12 12h.01M18.5 12h.01'],
  grid: ['M4 4.5h7v6.5H4zM13 4.5h7v6.5h-7zM4 13h7v6.5H4zM13 13h7v6.5h-7z'],
  star: ['m12 3.8 2.5 5.2 5.7.8-4.1 4 1 5.7-5.1-2.7-5.1 2.7 1-5.7-4.1-4 5.7-.8z'],
  blend: ['M9 6.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11z', 'M15 6.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11z'],
  look: ['M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z', 'M12 3.5v17', 'm12 8 5.8-2M12 12.2l8.3-3M12 16.4l7.6-2.7'],
  drift: ['M3.5 6c5 0 6 3 9 6s5 6 8 6', 'M3.5 6h17', 'M3.5 20h17'],
  recall: ['M12 3.5a8.5 8.5 0 1 1-8.2 6.2', 'M3 4.5v5.2h5.2', 'M12 8v4.5l3 2'],
  pin: ['M9 3.5h6M10 3.5v6l-3.5 4.5h11L14 9.5v-6', 'M12 14v7'],
  disk: ['M4.5 13.5 7 5h10l2.5 8.5', 'M4.5 13.5h15V19h-15z', 'M8 16.2h.01M11 16.2h5'],
  sound: ['M9 18a2.8 2.8 0 1 1-5.6 0A2.8 2.8 0 0 1 9 18zM20.5 15.5a2.8 2.8 0 1 1-5.6 0 2.8 2.8 0 0 1 5.6 0z', 'M9 18V6.5l11.5-2.5v11.5'],
  silent: ['M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z', 'm16 9.5 5 5M21 9.5l-5 5'],
  heard: ['M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z', 'M15.5 9a4.3 4.3 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11'],
  copy: ['M8.5 8.5h11v11h-11z', 'M15.5 8.5v-4h-11v11h4'],
  user: ['M12 4.5a3.7 3.7 0 1 0 0 7.4 3.7 3.7 0 0 0 0-7.4z', 'M4.5 20c.6-4 3.4-6 7.5-6s6.9 2 7.5 6'],
  leave: ['M14 4.5H5v15h9', 'M9.5 12H20', 'm15.5 7.5 4.5 4.5-4.5 4.5'],
  pencil: ['M4.5 19.5 6 15 16.5 4.5l3 3L9 18z'],
};
const SOLID = new Set(['play', 'stop']);
const SVG = 'http://www.w3.org/2000/svg';

const svg = (tag, attributes, ...children) => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

const icon = (name, size = 18) => svg('svg', {
  viewBox: '0 0 24 24', width: size, height: size, 'aria-hidden': 'true', class: 'icon',
  fill: SOLID.has(name) ? 'currentColor' : 'none', stroke: 'currentColor',
  'stroke-width': name === 'dice' ? 1.9 : 1.7, 'stroke-linecap': 'round', 'stroke-linejoin': 'round',
}, ...ICONS[name].map((d) => svg('path', { d })));

/* A button that is only an icon still has a name: for the ear, and as a tooltip. */
const tool = (name, label, onclick, attributes = {}, word = '') =>
  h('button', { class: 'tool', 'aria-label': label, title: label, onclick, ...attributes }, icon(name, word ? 15 : 18), word ? h('span', {}, word) : null);
const button = (name, label, onclick, attributes = {}) =>
  h('button', { class: 'button', onclick, ...attributes }, name && icon(name, 17), h('span', {}, label));

/* The mark of the studio: our own file, put here as MARK. */
const mark = (size) => {
  const drawing = document.importNode(new DOMParser().parseFromString(MARK, 'image/svg+xml').documentElement, true);
  for (const [name, value] of Object.entries({ width: size, height: size, 'aria-hidden': 'true', class: 'mark' })) drawing.setAttribute(name, value);
  return drawing;
};
