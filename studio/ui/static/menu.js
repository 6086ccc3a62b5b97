/* Put an open popover below its opener, or above it where there is more room. */
const placeBeside = (box, opener) => {
  const from = opener.getBoundingClientRect();
  const below = innerHeight - from.bottom - 14;
  const up = box.offsetHeight > below && from.top > below;
  box.style.maxHeight = `${Math.max(120, up ? from.top - 14 : below)}px`;
  box.style.top = `${up ? Math.max(8, from.top - box.offsetHeight - 6) : from.bottom + 6}px`;
  box.style.left = `${Math.max(8, Math.min(from.left, innerWidth - box.offsetWidth - 8))}px`;
};

/* A button that shows the chosen one of several options, or an icon; in its menu each option has a description. */
const makeMenu = (label, choose, picture = null) => {
  const value = h('span', { class: 'menu-value' });
  const list = h('div', { class: 'menu', popover: 'auto', role: 'menu', 'aria-label': label,
    ontoggle: (e) => set(opener, 'aria-expanded', String(e.newState === 'open')) });
  const open = () => {
    if (list.matches(':popover-open')) { list.hidePopover(); return; }
    list.showPopover();
    const box = opener.getBoundingClientRect();
    list.style.top = `${box.bottom + 6}px`;
    list.style.left = `${Math.max(8, Math.min(box.left, innerWidth - list.offsetWidth - 8))}px`;
    (list.querySelector('[aria-checked=true]') || list.firstChild)?.focus();
  };
  const opener = h('button', { class: picture ? 'tool' : 'select opener', 'aria-haspopup': 'menu', 'aria-expanded': 'false', onclick: open },
    picture ? icon(picture) : value);
  list.addEventListener('keydown', (e) => {
    const at = [...list.children].indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.children.length - 1 }[e.key];
    if (to == null) return;
    e.preventDefault();
    list.children[(to + list.children.length) % list.children.length].focus();
  });
  const pick = (name) => { list.hidePopover(); opener.focus(); choose(name); };

  let drawn = '';
  const draw = (choices, chosen) => {
    const wanted = JSON.stringify([choices, chosen]);
    if (wanted === drawn) return;
    drawn = wanted;
    const now = choices.find((c) => c.name === chosen);
    const verbs = chosen === undefined;         // a menu of things to do: none of them is chosen
    say(value, now?.title || chosen);
    set(opener, 'aria-label', verbs ? label : `${label}: ${now?.title || chosen}`);
    set(opener, 'title', picture ? label : now?.description);
    list.replaceChildren(...choices.map((c) => h('button', {
      role: verbs ? 'menuitem' : 'menuitemradio', 'aria-checked': verbs ? null : String(c.name === chosen), lang: c.lang, onclick: () => pick(c.name),
    }, h('b', {}, c.title), c.description ? h('small', {}, c.description) : null)));
  };
  return { opener, list, draw };
};
