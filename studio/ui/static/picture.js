/* Uploads a reference picture: chosen, dropped anywhere on the page, or pasted. An empty film goes on from a video in the same way.
   The ZIP of a project can be dropped too, and a film that this studio exported, or its sidecar, opens where it comes from. */
const picture = (() => {
  const VIDEOS = ['mp4', 'm4v', 'mov', 'mkv', 'webm', 'avi', 'mpg', 'mpeg', 'mts', 'm2ts', 'wmv', 'flv', 'ogv', '3gp'];
  const isVideo = (file) => file.type.startsWith('video/') || VIDEOS.includes(file.name.split('.').pop().toLowerCase());
  const input = h('input', { type: 'file', accept: [PICTURES, 'video/*', ...VIDEOS.map((ending) => `.${ending}`)].join(),
    class: 'visually-hidden', tabindex: -1, 'aria-label': t('Reference picture file'),
    onchange: () => { take(input.files[0]); input.value = ''; } });
  const veil = h('div', { class: 'veil', hidden: true }, icon('picture', 44),
    h('p', {}, t('Drop a picture to make it the reference, a video to go on from it, a sound to hear it with the film, or an exported film to come back to it')));

  const isSound = (file) => file.type.startsWith('audio/') || /\.(mp3|m4a|wav|flac|ogg|opus|aac)$/i.test(file.name);
  const take = (file) => file && (isVideo(file) ? uploadVideo(file) : uploadPicture(file));

  /* As Gradio's `upload`, which does not say how far it is: `tell` is called with the share that has been sent. */
  const uploadLarge = (file, tell) => new Promise((resolve, reject) => {
    const { root, api_prefix: prefix } = window.gradio_config;
    const form = new FormData(), request = new XMLHttpRequest();
    form.append('files', file);
    request.upload.onprogress = (e) => { if (e.lengthComputable) tell(e.loaded / e.total); };
    request.onload = () => (request.status === 200
      ? resolve({ path: JSON.parse(request.responseText)[0] }) : reject(new Error(request.responseText)));
    request.onerror = () => reject(new Error('The connection broke.'));
    request.open('POST', `${root}${prefix}/upload`);
    request.send(form);
  });

  /* Open what a file of ours leads to; false: it is none of ours. null: it could not be read, which was said. */
  const openOurs = async (path) => {
    const answer = await client.askAside('open_file', { path, known: remember.get('known', []) });
    if (!answer?.project) return answer && false;
    client.openAt(answer.project, answer.take);
    const there = answer.take && client.view?.id === answer.project ? t('Its take is on the stage, at the take where that film ends.')
      : t('“{film}” is open, at the take where that film ends.', { film: answer.name });
    if (answer.take) notices.add({ message: there, remedy: t('Nothing was rewound: go there to go on from it.'), kind: 'done' });
    return true;
  };
  /* Whether a film's first bytes have our record; one that lost it is known by its frames, once it is uploaded. */
  const hasRecord = async (file) => /lineage/.test(await file.slice(0, 2 ** 21).text());
  const LARGE = 2 ** 26;

  const uploadOurs = async (file) => {
    element.classList.add('uploading');
    try {
      const { path } = await upload(file);
      if (await openOurs(path) === false && !/\.json$/i.test(file.name)) await setPicture(path);
    } catch (error) {
      await client.uploadFailed(file, error, t('Open it with “python app.py open”.'));
    } finally {
      element.classList.remove('uploading');
    }
  };

  const uploadVideo = async (file) => {
    const full = client.view?.takes.length;
    const foreign = () => {
      notices.add({ message: t('This film has takes already, and a video can only begin an empty one.'), remedy: t('Begin a new film and drop the video there.') });
    };
    if (full && file.size > LARGE && !await hasRecord(file)) { foreign(); return; }     // before it is uploaded
    element.classList.add('uploading');
    // In quarters, because it is read aloud; the bar moves all the time.
    const tell = (share) => start.announce(t('Uploading {file}… {share} %', { file: file.name, share: Math.floor(4 * share) * 25 }), share);
    tell(0);
    try {
      const { path } = await uploadLarge(file, tell);
      start.announce(t('Reading {file}…', { file: file.name }));
      if (await openOurs(path) !== false) return;
      if (full) { foreign(); return; }
      if (!await client.askAside('begin_with_video', { path })) return;      // it was said why
      const mark = await client.askAside('read_mark', { path, name: file.name });
      if (mark?.found) notices.add({ message: mark.says, kind: 'found' });
    } catch (error) {
      await client.uploadFailed(file, error, t('Cut it to its end: two minutes are the most that a film begins with.'));
    } finally {
      element.classList.remove('uploading');
      start.announce('');
    }
  };

  const setPicture = async (path) => easel.openFor((await client.act('set_reference', { path }))?.frame_of);

  const uploadPicture = async (file) => {
    element.classList.add('uploading');
    try {
      await setPicture((await upload(file)).path);
    } catch (error) {
      await client.uploadFailed(file, error, t('Save it smaller: 4096 pixels a side are plenty.'));
    } finally {
      element.classList.remove('uploading');
    }
  };

  const importProject = async (file) => {
    element.classList.add('uploading');
    try {
      const { path } = await upload(file);
      const answer = await client.askAside('import_project', { path });
      if (answer) client.open(answer.project);
    } catch (error) {
      await client.uploadFailed(file, error, t('Import it with “python app.py import”, or unzip it beside the other projects.'));
    } finally {
      element.classList.remove('uploading');
    }
  };

  /* Whatever was dropped or chosen: a project, a film of ours or its sidecar, a picture, a video or a sound. */
  const receive = (files) => {
    const [file] = files, sidecar = files.find((each) => /\.json$/i.test(each.name));
    if (!file) return;
    if (/\.zip$/i.test(file.name)) importProject(file);
    else if (sidecar) uploadOurs(sidecar);
    else if (/\.(gif|webp|png)$/i.test(file.name)) uploadOurs(file);
    else if (isSound(file)) sound.take(file);
    else take(file);
  };
  const anyFile = h('input', { type: 'file', multiple: true, class: 'visually-hidden', tabindex: -1, 'aria-label': t('File to open'),
    accept: ['.zip', '.json', 'video/*', ...VIDEOS.map((ending) => `.${ending}`), '.gif', '.webp', '.png'].join(),
    onchange: () => { receive([...anyFile.files]); anyFile.value = ''; } });

  const carries = (event) => [...(event.dataTransfer?.types || [])].includes('Files');
  let depth = 0;
  const attach = (root) => {
    root.append(input, anyFile, veil);
    root.addEventListener('dragenter', (e) => { if (carries(e)) { depth += 1; show(veil, true); } });
    root.addEventListener('dragleave', (e) => { if (carries(e) && --depth <= 0) { depth = 0; show(veil, false); } });
    root.addEventListener('dragover', (e) => { if (carries(e)) e.preventDefault(); });
    root.addEventListener('drop', (e) => {
      if (!carries(e)) return;
      e.preventDefault();
      depth = 0;
      show(veil, false);
      const [file] = e.dataTransfer.files;
      if (!/\.safetensors$/i.test(file?.name)) receive([...e.dataTransfer.files]);
      else if (e.target.closest('.card')) lora.uploadFile(file, e.target.closest('.card').dataset.id);
      else notices.add({ message: t('“{file}” looks like a LoRA.', { file: file.name }), remedy: t('Drop it on a segment of the timeline.'), kind: 'found' });
    });
    document.addEventListener('paste', (e) => {
      const file = [...(e.clipboardData?.files || [])].find((f) => f.type.startsWith('image/'));
      if (file && element.isConnected && !document.querySelector('dialog[open]')) { e.preventDefault(); uploadPicture(file); }
    });
  };
  return { attach, choose: () => input.click(), chooseFile: () => anyFile.click() };
})();
