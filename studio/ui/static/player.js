/* One pane of the stage: a looping clip, or the preview of a take being rendered. */
const makePlayer = () => {
  const video = h('video', { loop: true, playsinline: true, preload: 'auto', tabindex: -1 });
  video.muted = true;
  const image = h('img', { alt: '', hidden: true });
  const caption = h('figcaption', {});
  const root = h('figure', { class: 'pane' }, video, image, caption);
  let wanted = !still.matches;      // whether the artist wants it to play; kept when the clip changes
  let guided = false;               // whether a pair starts it, stops it and begins it again
  let length = 1;
  let fps = 12;

  const play = () => { if (wanted && !guided && video.src && root.isConnected) video.play().catch(() => {}); };
  video.addEventListener('loadeddata', play);
  video.addEventListener('error', () => { if (video.getAttribute('src')) caption.dataset.broken = '1'; });

  return {
    root,
    video,
    /* `preview` covers the clip while it is set. */
    draw({ clip = null, poster = null, preview = null, words = '', frames = 1, rate = 12, ratio = null }) {
      length = frames;
      fps = rate;
      if (ratio) root.style.setProperty('--ratio', ratio); else root.style.removeProperty('--ratio');
      say(caption, words);
      show(caption, words);
      if (poster) set(video, 'poster', poster); else video.removeAttribute('poster');
      if (clip && video.getAttribute('src') !== clip) { video.setAttribute('src', clip); play(); }
      if (!clip && video.hasAttribute('src')) { video.removeAttribute('src'); video.load(); }
      const cover = preview || (clip ? null : poster);
      if (cover) set(image, 'src', cover); else image.removeAttribute('src');
      show(image, cover);
      show(video, clip && !preview);
    },
    guide(on) { guided = on; video.loop = !on; },
    wanted: () => wanted,
    frame: () => Math.min(length - 1, Math.floor(video.currentTime * fps + 0.001)),
    seek(frame) { wanted = false; video.pause(); video.currentTime = (frame + 0.5) / fps; },
    playing: () => !video.paused,
    toggle(on = video.paused) { wanted = on; if (on) play(); else video.pause(); },
    has: () => video.hasAttribute('src') && !video.hidden,
  };
};
