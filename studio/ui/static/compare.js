/* Comparing two takes on the stage: side by side, one laid over the other with a handle, or their difference. */
const makeComparison = (a, b) => {
  const LOOKS = [['beside', t('Side by side')], ['wipe', t('Wipe')], ['difference', t('Difference')]];
  const GAIN = 8;           // as in compare.css
  const pair = makePair(a, b);
  let look = LOOKS.some(([name]) => name === remember.get('look')) ? remember.get('look') : 'beside';

  const handle = h('input', { type: 'range', class: 'wipe', min: 0, max: 100, step: 1, value: 50, 'aria-label': t('Wipe between A and B'),
    oninput: () => wipe() });
  const line = h('i', { class: 'wipe-line', 'aria-hidden': 'true' }, h('i', {}, icon('wipe', 20)));
  const letters = ['A', 'B'].map((letter) => h('b', { class: 'wipe-letter', 'aria-hidden': 'true' }, letter));
  const over = h('div', { class: 'over' }, h('div', { class: 'over-picture' }, handle, line, ...letters));
  const looks = h('div', { class: 'switch', role: 'group', 'aria-label': t('How to compare') }, ...LOOKS.map(([name, label]) =>
    h('button', { 'data-look': name, onclick: () => { look = name; remember.put('look', look); client.put({}); } }, label)));
  const words = h('p', { class: 'compare-words' });
  const bar = h('div', { class: 'compare-bar' }, looks, words);

  const wipe = () => {
    over.parentElement?.style.setProperty('--wipe', `${handle.value}%`);
    set(handle, 'aria-valuetext', t('Take A shows on {share} %, from the left; take B on the rest', { share: handle.value }));
  };
  wipe();

  /* What is seen, in words. */
  const describe = (takes, fps) => {
    const parts = [{
      beside: '', wipe: t('Take A left of the line, take B right of it.'),
      difference: t('Black where both are the same; differences are shown {gain} times as bright.', { gain: GAIN }),
    }[look]];
    const short = takes[0].frames < takes[1].frames ? 0 : 1;
    if (takes[0].frames !== takes[1].frames) {
      parts.push(t('Take {take} is shorter: from {seconds} s on it holds its last frame.', { take: 'AB'[short], seconds: numeral(takes[short].frames / fps, 1) }));
    }
    if (look !== 'beside' && takes[0].ratio !== takes[1].ratio) parts.push(t('The takes have different shapes: B is fitted into A’s.'));
    return parts.filter(Boolean).join(' ');
  };

  const draw = (panes, one, other, fps) => {
    const both = Boolean(one && other);
    show(bar, both);
    set(panes, 'data-look', both ? look : null);
    if (over.parentElement !== panes) { panes.append(over); wipe(); }
    show(over, both && look === 'wipe');
    if (!both) { pair.release(); return; }
    for (const choice of looks.children) set(choice, 'aria-pressed', String(choice.dataset.look === look));
    if (look !== 'beside') for (const part of [b.root, over]) part.style.setProperty('--ratio', one.ratio);
    say(words, describe([one, other], fps));
    pair.draw([one.frames, other.frames], fps, `${one.clip} ${other.clip}`);
  };
  return { bar, pair, draw };
};
