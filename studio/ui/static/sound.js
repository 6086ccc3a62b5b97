/* The film's sound: heard with what the stage plays, drawn under the segments, with markers that are placed by ear. */
const sound = (() => {
  const SLACK = 0.12;               // seconds that the sound may be off the picture before it is set right
  const audio = h('audio', { preload: 'auto' });
  let peaks = null, rate = 1, drawn = '', asked = '';
  let heard = remember.get('hear', true);
  let tried = 0;                    // when the sound was last asked to play: a browser may refuse until the page was clicked
  let gainNode = null;

  const now = () => client.view?.sound;
  const clock = (s) => `${s < 0 ? '−' : ''}${Math.floor(Math.abs(s) / 60)}:${numeral(Math.abs(s) % 60, 2).padStart(5, '0')}`;
  const decibels = (gain) => `${gain > 0 ? '+' : gain < 0 ? '−' : ''}${numeral(Math.abs(gain), 1)} dB`;

  /* Heard or not. */
  const hear = tool('heard', t('Sound on'), () => { heard = !heard; remember.put('hear', heard); client.put({}); }, { class: 'tool hear', hidden: true });

  /* The browser's own volume ends at 1: what is louder goes through a gain. */
  const setVolume = (gain) => {
    const factor = 10 ** (gain / 20);
    if (factor > 1 && !gainNode && navigator.userActivation?.hasBeenActive) {
      const context = new AudioContext();
      gainNode = context.createGain();
      context.createMediaElementSource(audio).connect(gainNode).connect(context.destination);
    }
    audio.volume = gainNode ? 1 : Math.min(1, factor);
    if (gainNode) gainNode.gain.value = factor;
  };

  /* Follow the picture: it is the clock. */
  const follow = () => {
    const s = now(), at = s?.url ? stage.moment() : null;
    const wanted = at ? at.seconds - s.offset : -1;
    if (!heard || !at?.playing || wanted < 0 || wanted >= s.seconds) { if (!audio.paused) audio.pause(); return; }
    setVolume(s.gain);
    if (Math.abs(audio.currentTime - wanted) > SLACK) audio.currentTime = wanted;
    if (audio.paused && performance.now() - tried > 400) { tried = performance.now(); audio.play().catch(() => {}); }
  };
  const run = () => { if (element.isConnected) { follow(); requestAnimationFrame(run); } else audio.pause(); };

  /* Where segments lie in the film, in seconds. */
  let spans = new Map();
  const measure = ({ segments, section, fps }) => {
    let at = 0;
    spans = new Map(segments.map((s) => {
      const take = client.take(s.take);
      const from = at;
      at += (take && take.state !== 'partial' ? take.shown : s.sections * section) / fps;
      return [s.id, [from, at]];
    }));
  };

  /* The piece of the waveform under one segment, with its markers. A click places or removes one. */
  const NEAR = 7;                   // pixels
  const part = (id) => {
    const canvas = h('canvas', { height: 1 });
    const root = h('div', { class: 'wave', hidden: true, title: t('The film’s sound. Click to place a marker, click a marker to remove it'), onclick: (e) => {
      const [from, to] = spans.get(id), box = canvas.getBoundingClientRect();
      const second = (x) => from + ((x - box.left) / box.width) * (to - from);
      const near = now().markers.find((m) => m >= from && m <= to && Math.abs(((m - from) / (to - from)) * box.width - (e.clientX - box.left)) <= NEAR);
      client.act(near === undefined ? 'add_marker' : 'remove_marker', { at: near ?? second(e.clientX) });
    } }, canvas);
    let before = '';
    const draw = () => {
      const s = now(), span = spans.get(id);
      const on = Boolean(s && span && (s.name || s.markers.length));
      show(root, on);
      if (!on) return;
      set(root, 'data-markers', s.markers.filter((m) => m >= span[0] && m <= span[1]).length);
      const width = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio)), height = Math.round(30 * devicePixelRatio);
      const style = getComputedStyle(root);
      const key = [drawn, width, ...span, s.offset, s.gain, s.markers, style.color].join();
      if (key === before || !canvas.clientWidth) return;
      before = key;
      canvas.width = width;
      canvas.height = height;
      paint(canvas.getContext('2d'), s, span, width, height, style.color, style.getPropertyValue('--mark'));
    };
    return { root, draw };
  };
  const paint = (context, s, [from, to], width, height, colour, mark) => {
    context.fillStyle = colour;
    const loud = Math.min(1, 10 ** (s.gain / 20));
    for (let x = 0; peaks && x < width; x += 1) {
      const first = Math.floor((from + ((to - from) * x) / width - s.offset) * rate);
      const last = Math.max(first + 1, Math.floor((from + ((to - from) * (x + 1)) / width - s.offset) * rate));
      let most = 0;
      for (let i = Math.max(0, first); i < Math.min(peaks.length, last); i += 1) most = Math.max(most, peaks[i]);
      const high = Math.max(first >= 0 && first < peaks.length ? 1 : 0, (most / 255) * loud * (height - 4));
      context.fillRect(x, (height - high) / 2, 1, high);
    }
    context.fillStyle = mark;
    for (const m of s.markers) if (m >= from && m <= to) {
      const x = Math.round(((m - from) / (to - from)) * width);
      context.fillRect(x - devicePixelRatio, 0, 2 * devicePixelRatio, height);
    }
  };

  /* The waveform is asked for once for each sound. */
  const fetchWaveform = async (content) => {
    asked = content;
    const answer = await client.askAside('waveform');
    if (!answer || asked !== content) return;
    peaks = Uint8Array.from(atob(answer.peaks), (c) => c.charCodeAt(0));
    ({ rate } = answer);
    drawn = content;
    client.put({});
  };

  /* M: a marker where the film is. */
  const mark = () => { const at = stage.moment(); if (at) client.act('add_marker', { at: at.seconds }); };

  /* The sheet. */
  const reading = h('p', { class: 'hint', role: 'status' });
  const take = async (file) => {
    if (!file) return;
    say(reading, t('Reading {file}…', { file: file.name }));
    try { const { path } = await upload(file); await client.askAside('use_sound', { path }); }
    catch (error) { await client.uploadFailed(file, error, t('Save it as MP3 or M4A.')); }
    say(reading, '');
  };
  const chooser = h('input', { type: 'file', accept: 'audio/*,video/*', class: 'visually-hidden', tabindex: -1, 'aria-label': t('File with sound'),
    onchange: () => { take(chooser.files[0]); chooser.value = ''; } });
  const name = h('b', {}), length = h('small', {});
  const choose = button('sound', t('Choose a sound'), () => chooser.click(), { class: 'button' });
  const remove = button('trash', t('Remove'), () => client.act('remove_sound'), { class: 'button quiet' });
  const number = (label, verb, attributes, read) => {
    const input = h('input', { class: 'field-text', type: 'number', 'aria-label': label, ...attributes, onfocus: () => newStroke(input),
      oninput: () => { input.dataset.dirty = '1'; },
      onchange: () => settle(input, input.value === '' ? Promise.resolve() : client.act('place_sound', { [verb]: +input.value, stroke: input.dataset.stroke })),
      onkeydown: (e) => { if (e.key === 'Enter') input.blur(); } });
    return { input, read };
  };
  const offset = number(t('Second of the film at which the sound begins'), 'offset', { step: 0.1 });
  const gain = h('input', { type: 'range', step: 0.5, 'aria-label': t('Loudness in decibels'), onfocus: () => newStroke(gain), onpointerdown: () => newStroke(gain),
    oninput: () => {
      gain.dataset.dirty = '1';
      say(loud, decibels(+gain.value));
      client.later('gain', () => settle(gain, client.ask('place_sound', { gain: +gain.value, stroke: gain.dataset.stroke })), 250);
    } });
  const loud = h('output', {});
  const row = (label, ...fields) => h('label', { class: 'row' }, h('span', {}, label), ...fields);
  const placing = h('div', { class: 'sound-place' }, row(t('Begins at second'), offset.input), row(t('Loudness'), h('span', { class: 'sound-gain' }, gain, loud)),
    h('p', { class: 'hint' }, t('A negative second begins the film within the sound. Exports of the film have it too.')));
  const list = h('ul', { class: 'markers' });
  const fit = button('cut', t('Fit what is not rendered'), () => client.act('fit_to_markers'), { class: 'button', title: t('Each segment ends as near to the next marker as whole sections allow') });
  const clear = button('trash', t('Remove all'), () => client.act('clear_markers'), { class: 'button quiet' });
  const here = button('plus', t('At this moment'), () => mark(), { class: 'button', title: t('A marker where the film on the stage is now; the key M does the same beside this sheet') });
  const none = h('p', { class: 'hint' }, t('None yet. Play the film and press M where something is to happen, or click under a segment.'));
  const open = () => {
    dialogs.sheet(t('Sound and markers'), 'sound-sheet',
      h('div', { class: 'sound-file' }, h('div', {}, name, length), choose, remove, chooser), reading, placing,
      h('section', {}, h('h3', {}, t('Markers')), none, list, h('div', { class: 'pair' }, here, fit, clear)));
  };
  const word = h('span', {}, t('Sound'));
  const opener = h('button', { class: 'button quiet small sound-opener', onclick: open, 'aria-haspopup': 'dialog' }, icon('sound', 16), word);

  const kept = new Map();
  const drawSheet = (s) => {
    say(name, s.name || t('No sound yet'));
    say(length, s.missing ? t('Its file is gone from the project’s folder.') : s.name ? clock(s.seconds) : t('Music, a voice, or the sound of a video: it is heard with the film.'));
    say(choose.lastChild, s.name ? t('Another sound') : t('Choose a sound'));
    show(remove, s.name); show(placing, s.name); show(none, !s.markers.length); show(list, s.markers.length);
    [gain.min, gain.max] = s.gains;
    refill(offset.input, s.offset);
    if (!gain.dataset.dirty) { gain.value = s.gain; say(loud, decibels(s.gain)); }
    here.disabled = !client.view.film.frames; fit.disabled = !s.fits; clear.disabled = !s.markers.length;
    keyed(list, kept, s.markers.map((at) => ({ id: String(at), at })), ({ at }) => h('li', {}, h('span', {}, clock(at)),
      tool('close', t('Remove the marker at {time}', { time: clock(at) }), () => client.act('remove_marker', { at }))), () => {});
  };

  client.watch(({ view }) => {
    if (!view) return;
    const s = view.sound;
    measure(view);
    if (s.url) set(audio, 'src', s.url); else if (audio.hasAttribute('src')) { audio.pause(); audio.removeAttribute('src'); }
    if (s.content !== drawn) peaks = null;
    if (s.url && s.content !== asked) fetchWaveform(s.content);
    show(hear, s.url);
    const shown = heard ? 'heard' : 'silent';
    if (hear.dataset.icon !== shown) { hear.dataset.icon = shown; hear.replaceChildren(icon(shown)); }
    set(hear, 'aria-pressed', String(heard));
    set(hear, 'title', heard ? t('Sound on') : t('Sound off'));
    say(word, s.name ? s.name.replace(/\.[^.]{1,5}$/, '') : t('Sound'));
    set(opener, 'data-written', Boolean(s.name));
    set(opener, 'title', s.name ? t('{file}, from second {second}', { file: s.name, second: s.offset }) : t('A sound that is heard with the film, and markers'));
    drawSheet(s);
  });
  addEventListener('resize', () => client.put({}));
  return { opener, hear, part, mark, run, take, moment: () => audio.currentTime };
})();
