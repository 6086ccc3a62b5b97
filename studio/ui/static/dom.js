/* Helpers for the DOM. User text enters it only as text or as an attribute, never as markup. */
const h = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  if (tag === 'button') element.type = 'button';
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else set(element, name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
};

/* These write only what has changed: a redraw must not disturb focus, selection or a running animation. */
const say = (element, text) => {
  if (element.textContent === text) return;
  const only = element.firstChild;
  if (only && only === element.lastChild && only.nodeType === Node.TEXT_NODE && text) only.data = text;      // no other node: rules with
  else element.textContent = text;                                                                       // `:has` are asked again for those
};
const set = (element, name, value) => {
  if (value == null || value === false) element.removeAttribute(name);
  else if (value === true) { if (!element.hasAttribute(name)) element.setAttribute(name, ''); }
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
};
const put = (element, name, value) => { if (element[name] !== value) element[name] = value; };      // a property
const disable = (element, yes) => put(element, 'disabled', Boolean(yes));
const show = (element, yes) => { if (element.hidden === Boolean(yes)) element.hidden = !yes; };

/* Pictures that a file chooser offers. Not every browser and system counts HEIC among `image/*`. */
const PICTURES = 'image/*,.heic,.heif,.hif';

/* Show the studio's value in a field, unless it has the focus or was changed since it was last sent. */
const refill = (field, value) => {
  if (document.activeElement === field || field.dataset.dirty) return;
  if (field.value !== String(value)) field.value = value;
};

/* Keep what was typed in a field until the studio has answered and sent its new view; then `refill` works on it again. */
const settle = (field, answer) => {
  const sent = field.value;
  return answer.then(() => setTimeout(() => { if (field.value === sent) { delete field.dataset.dirty; client.put({}); } }, 250));
};

/* Begin a new stroke: what is typed in one stroke (one visit to a field) is one step to undo. */
const newStroke = (field) => { field.dataset.stroke = `s${Math.random().toString(36).slice(2, 12)}`; };

/* One element per id, in the order of `items`; elements that stay are moved only when they must. */
const keyed = (parent, kept, items, make, update) => {
  const wanted = new Set(items.map((item) => item.id));
  for (const [id, element] of kept) {
    if (!wanted.has(id)) { element.remove(); kept.delete(id); }
  }
  items.forEach((item, index) => {
    if (!kept.has(item.id)) kept.set(item.id, make(item));
    const element = kept.get(item.id);
    if (parent.children[index] !== element) parent.insertBefore(element, parent.children[index] || null);
    update(element, item, index);
  });
};

const remember = {
  get: (key, otherwise = null) => { try { return JSON.parse(localStorage.getItem(`memorypack.${key}`)) ?? otherwise; } catch { return otherwise; } },
  put: (key, value) => { try { localStorage.setItem(`memorypack.${key}`, JSON.stringify(value)); } catch { /* private window: not remembered */ } },
};

const still = matchMedia('(prefers-reduced-motion: reduce)');
