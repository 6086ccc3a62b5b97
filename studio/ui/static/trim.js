/* What the film shows of a take: from which frame to which, and how often. The take stays as it was made. */
const trim = (() => {
  let dialog = null;
  let id = null;            // the take
  let parts = null;
  const take = () => client.take(id);

  /* Without an answer the sheet closes, because the reason is said on the page under it. */
  const send = async (fields) => {
    const asked = dialog;
    const answer = await client.act('set_trim', { take: id, ...fields });
    if (!answer) asked?.close();
    return answer;
  };

  /* The frame of the take that is shown as frame `at` of what the film shows of it. */
  const frameOf = (shown, at) => {
    const { first = 0, end = shown.frames, loop = 'once' } = shown.trim || {};
    const length = end - first;
    if (loop !== 'there and back' || length < 2) return first + (at % length);
    const turn = at % (2 * (length - 1));
    return first + (turn < length ? turn : 2 * (length - 1) - turn);
  };

  /* Where in what the film shows of a take its frame `at` is first seen; at the nearer end where it is not. */
  const placeOf = (shown, at) => {
    const { first = 0, end = shown.frames } = shown.trim || {};
    return Math.min(end - 1, Math.max(first, at)) - first;
  };

  /* The keys I and O: the film shows the take on the stage from the frame there, or to it. */
  const mark = (key) => {
    const here = client.wholeFilm ? null : stage.here();
    if (!here) return;
    const { trim: now, frames } = client.take(here.take);
    const [first, end] = key === 'i' ? [here.at, now?.end > here.at ? now.end : frames] : [now?.first <= here.at ? now.first : 0, here.at + 1];
    client.act('set_trim', { take: here.take, first, end });
  };

  const end = (name, label) => {
    const image = h('video', { playsinline: true, preload: 'auto', tabindex: -1, 'aria-hidden': 'true' });
    image.muted = true;
    const field = h('input', { type: 'range', class: 'trim-range', step: 1, 'aria-label': label, onfocus: () => newStroke(field),
      oninput: () => {
        field.dataset.dirty = '1';
        draw();
        const stroke = field.dataset.stroke;
        client.later(`trim ${id} ${name}`, () => settle(field, send({ [name]: +field.value, stroke })));
      } });
    const number = h('span', { class: 'trim-frame', 'aria-hidden': 'true' });
    return { image, field, number, root: h('div', { class: 'trim-end' }, h('div', { class: 'trim-picture' }, image),
      h('label', {}, h('span', {}, label), number, field)) };
  };
  const picture = (video, frame) => {
    const at = (frame + 0.5) / client.view.fps;
    if (video.readyState && Math.abs(video.currentTime - at) > 0.001) video.currentTime = at;
  };

  const draw = () => {
    const now = take();
    if (!dialog || !now) return;
    const { from, to, loop, times, again, all, sum } = parts;
    const { first, end: stop, loop: how, times: count } = now.trim || { first: 0, end: now.frames, loop: 'once', times: 1 };
    for (const one of [from, to]) {
      if (now.clip && one.image.getAttribute('src') !== now.clip) one.image.setAttribute('src', now.clip);
    }
    [from.field.min, from.field.max, to.field.min, to.field.max] = [0, now.frames - 1, 1, now.frames];
    if (now.ratio) dialog.style.setProperty('--ratio', now.ratio);
    refill(from.field, first);
    refill(to.field, stop);
    if (+from.field.value >= +to.field.value) {                 // neither end passes the other
      if (document.activeElement === from.field) from.field.value = +to.field.value - 1; else to.field.value = +from.field.value + 1;
    }
    const [a, b] = [+from.field.value, +to.field.value];
    from.field.style.setProperty('--at', a / Math.max(1, now.frames - 1));
    to.field.style.setProperty('--at', (b - 1) / Math.max(1, now.frames - 1));
    say(from.number, t('frame {number}', { number: a + 1 }));
    say(to.number, t('frame {number}', { number: b }));
    set(from.field, 'aria-valuetext', t('frame {number}', { number: a + 1 }));
    set(to.field, 'aria-valuetext', t('frame {number}', { number: b }));
    picture(from.image, a);
    picture(to.image, b - 1);
    if (document.activeElement !== loop) loop.value = how;
    refill(times, how === 'once' ? 2 : count);
    show(again, how !== 'once');
    const shown = { shown: now.shown, frames: now.frames, part: stop - first, seconds: numeral(now.shown / client.view.fps, 1) };
    say(sum, how === 'once' ? t('The film shows {shown} of {frames} frames of it: {seconds} s.', shown)
      : t('The film shows {shown} frames, from {part} of the take’s {frames}: {seconds} s.', shown));
    all.disabled = !now.trim;
  };

  const open = (wanted) => {
    id = wanted;
    if (!take()) return;
    const times = h('input', { class: 'field-text', type: 'number', min: 2, max: 20, step: 1, 'aria-label': t('Times'),
      oninput: () => { times.dataset.dirty = '1'; },
      onchange: () => settle(times, send({ times: Math.min(20, Math.max(2, Math.trunc(+times.value) || 2)) })) });
    parts = {
      from: end('first', t('From')), to: end('end', t('To')), times,
      loop: h('select', { class: 'select', 'aria-label': t('Play it'), onchange: () => send({ loop: parts.loop.value, times: parts.loop.value === 'once' ? 1 : 2 }) },
        ...[['once', t('once')], ['repeat', t('again from the beginning')], ['there and back', t('there and back')]].map(([value, name]) => h('option', { value }, name))),
      sum: h('p', { class: 'trim-sum', role: 'status' }),
      all: button('undo', t('Show all of it'), () => send({ first: 0, end: 0, loop: 'once', times: 1 }), { class: 'button' }),
    };
    parts.again = h('label', { class: 'row', hidden: true }, h('span', {}, t('Times')), times);
    for (const one of [parts.from, parts.to]) one.image.addEventListener('loadeddata', draw);
    dialog = dialogs.sheet(t('Trim segment {number}', { number: take().depth + 1 }), 'trim-sheet', h('div', { class: 'trim-ends' }, parts.from.root, parts.to.root),
      h('label', { class: 'row' }, h('span', {}, t('Play it')), parts.loop), parts.again, parts.sum, parts.all,
      h('p', { class: 'hint' }, t('The film and its exports show it so. The take stays as it was made, and what is generated next goes on from its last frame.')));
    const opened = dialog;
    dialog.addEventListener('close', () => { if (dialog === opened) { client.flush(); dialog = parts = null; } });
    stage.pause();
    draw();
    parts.from.field.focus();
  };
  client.watch(({ view }) => { if (dialog && view) { if (take()) draw(); else dialog.close(); } });
  return { open, mark, frameOf, placeOf };
})();
