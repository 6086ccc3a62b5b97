/* Small words for the DOM. User text only ever enters as text or as an attribute, never as markup. */
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

/* Both write only what differs: a redraw must not disturb focus, selection or a running animation. */
const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };
const set = (element, name, value) => {
  if (value == null || value === false) element.removeAttribute(name);
  else if (value === true) { if (!element.hasAttribute(name)) element.setAttribute(name, ''); }
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
};
const show = (element, yes) => { if (element.hidden === Boolean(yes)) element.hidden = !yes; };

/* A field the artist is not in, and has not touched since it was last sent, follows the studio. */
const refill = (field, value) => {
  if (document.activeElement === field || field.dataset.dirty) return;
  if (field.value !== String(value)) field.value = value;
};

/* A field keeps what was typed until the studio has answered and told it back; then it follows the studio again. */
const settle = (field, answer) => {
  const sent = field.value;
  return answer.then(() => setTimeout(() => { if (field.value === sent) { delete field.dataset.dirty; desk.put({}); } }, 250));
};

/* Names what is typed in one go, so that it is undone in one go: from the focus until the field is left, or something is put in. */
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
