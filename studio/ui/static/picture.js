/* Uploads a reference picture: chosen, dropped anywhere on the page, or pasted. An empty film goes on from a video in the same way.
   The ZIP of a project can be dropped too. */
const picture = (() => {
  const VIDEOS = ['mp4', 'm4v', 'mov', 'mkv', 'webm', 'avi', 'mpg', 'mpeg', 'mts', 'm2ts', 'wmv', 'flv', 'ogv', '3gp'];
  const isVideo = (file) => file.type.startsWith('video/') || VIDEOS.includes(file.name.split('.').pop().toLowerCase());
  const input = h('input', { type: 'file', accept: ['image/*', 'video/*', ...VIDEOS.map((ending) => `.${ending}`)].join(),
    class: 'visually-hidden', tabindex: -1, 'aria-label': 'Reference picture file',
    onchange: () => { take(input.files[0]); input.value = ''; } });
  const veil = h('div', { class: 'veil', hidden: true }, icon('picture', 44),
    h('p', {}, 'Drop a picture to make it the reference, or a video to go on from it'));

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

  const uploadVideo = async (file) => {
    if (client.view?.takes.length) {            // before it is uploaded: a video is large
      notices.add({ message: 'This film has takes already, and a video can only begin an empty one.', remedy: 'Begin a new film and drop the video there.' });
      return;
    }
    element.classList.add('uploading');
    // In quarters, because it is read aloud; the bar moves all the time.
    const tell = (share) => start.announce(`Uploading ${file.name}… ${Math.floor(4 * share) * 25} %`, share);
    tell(0);
    try {
      const { path } = await uploadLarge(file, tell);
      start.announce(`Reading ${file.name}…`);
      await client.askAside('begin_with_video', { path });
    } catch (error) {
      await client.uploadFailed(file, error, 'Cut it to its end: two minutes are the most that a film begins with.');
    } finally {
      element.classList.remove('uploading');
      start.announce('');
    }
  };

  const uploadPicture = async (file) => {
    element.classList.add('uploading');
    try {
      const { path } = await upload(file);
      easel.openFor((await client.act('set_reference', { path }))?.frame_of);
    } catch (error) {
      await client.uploadFailed(file, error, 'Save it smaller: 4096 pixels a side are plenty.');
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
      await client.uploadFailed(file, error, 'Import it with “python app.py import”, or unzip it beside the other projects.');
    } finally {
      element.classList.remove('uploading');
    }
  };

  const carries = (event) => [...(event.dataTransfer?.types || [])].includes('Files');
  let depth = 0;
  const attach = (root) => {
    root.append(input, veil);
    root.addEventListener('dragenter', (e) => { if (carries(e)) { depth += 1; show(veil, true); } });
    root.addEventListener('dragleave', (e) => { if (carries(e) && --depth <= 0) { depth = 0; show(veil, false); } });
    root.addEventListener('dragover', (e) => { if (carries(e)) e.preventDefault(); });
    root.addEventListener('drop', (e) => {
      if (!carries(e)) return;
      e.preventDefault();
      depth = 0;
      show(veil, false);
      const [file] = e.dataTransfer.files;
      if (/\.zip$/i.test(file?.name)) importProject(file);
      else if (!/\.safetensors$/i.test(file?.name)) take(file);
      else if (e.target.closest('.card')) lora.uploadFile(file, e.target.closest('.card').dataset.id);
      else notices.add({ message: `“${file.name}” looks like a LoRA.`, remedy: 'Drop it on a segment of the timeline.', kind: 'found' });
    });
    document.addEventListener('paste', (e) => {
      const file = [...(e.clipboardData?.files || [])].find((f) => f.type.startsWith('image/'));
      if (file && element.isConnected && !document.querySelector('dialog[open]')) { e.preventDefault(); uploadPicture(file); }
    });
  };
  return { attach, choose: () => input.click() };
})();
