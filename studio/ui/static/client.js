/* The state of this page, and its connection to the studio. The other scripts read it through `watch` and draw it. */
const client = (() => {
  const PATIENCE = 2000;            // milliseconds that a view may come later than the message that it was sent
  const readers = [];
  const pending = new Map();        // edits being typed: key -> how to send them at once
  let queue = Promise.resolve();    // messages are sent one after the other, so that they arrive in order
  let redraw = 0;
  let drawn = 0;                    // revision of the view; a view arrives with the answer that changed it, and with the stream
  let told = 0;                     // revision of the view that the studio has sent last
  let missing = 0;                  // since when the page lacks that view; 0: it has it
  let page = null;                  // what this page calls itself, so that its stream does not bring what an answer brought
  let gotFirstView;
  const firstView = new Promise((resolve) => { gotFirstView = resolve; });      // messages wait for it: they name the project

  const self = {
    view: null,                     // the project, as last received from the studio
    job: null,                      // the running job, or how the last one ended
    memoryTest: null,               // the memory test that runs, or how the last one ended
    memoryUse: null,                // the same of the question how much a take uses earlier segments
    again: null,                    // the take whose memory is made again, or the last one
    moment: null,                   // the moment for which the memory is asked, or the last one
    selected: null,                 // take on the stage; null: the one being rendered, or else the head
    hovered: null,                  // take under the pointer or with the focus
    wholeFilm: false,               // whether the stage plays the film up to the head
    against: null,                  // second take of a comparison
    choosing: null,                 // { parent }: the takes after it are on the stage, to choose from
    requested: new URLSearchParams(location.search).get('project') || remember.get('project'),
    wanted: new URLSearchParams(location.search).get('take'),   // the take that is to be shown once its film is there
    lastMessage: 0,                 // time of the last message from the studio
  };

  /* Draw once per frame, however many things changed. */
  const changed = () => { redraw ||= requestAnimationFrame(() => { redraw = 0; readers.forEach((read) => read(self)); }); };
  self.watch = (read) => readers.push(read);
  self.put = (changes) => { Object.assign(self, changes); changed(); };

  self.take = (id) => self.view?.takes.find((take) => take.id === id) || null;
  self.busy = () => self.job?.state === 'running' || self.job?.state === 'queued';
  self.making = () => self.selected === null && !self.wholeFilm && self.job?.state === 'running';
  self.onStage = () => self.take(self.hovered) || self.take(self.selected) || self.take(self.view?.head);
  /* How a take's preset is called: its title, or its name where it is not there any more. */
  self.presetOf = (take) => self.view.presets.find((p) => p.name === take.preset)?.title || take.preset;
  self.branchOf = (take) => take.tips[0] || (take.on_path ? self.view.branches.find((b) => b.current)?.name : '');

  const refused = { message: t('The studio did not answer.'), remedy: t('It may have been stopped: start it again. This page will find it by itself.') };
  /* Where users log in: whether the session has ended. Then this page goes to the one that asks for the password, and comes back. */
  const askForPassword = async () => {
    if (USER === null) return false;
    const { status } = await fetch('gradio_api/user').catch(() => ({}));
    if (status === 401) location.assign(`login${location.search}`);
    return status === 401;
  };
  const note = (answer) => { if (answer.note) notices.add({ message: answer.note, kind: 'found' }); };
  /* What was asked may have been done: the stream does not bring what came with the answer, so it is begun again. */
  const noAnswer = () => askForPassword().then((gone) => { if (!gone) { notices.add(refused); follow(); } return null; });
  const send = (message) => server.ask(message).then(
    (reply) => {
      if (!reply?.ok && !reply?.notice) return noAnswer();
      if (!reply.ok) { notices.add(reply.notice); return null; }
      if (reply.board) receiveView(reply.board);
      note(reply.answer);
      return reply.answer;
    },
    noAnswer,
  );

  /* Ask the studio for something. Resolves with the answer, or with null when it was refused (and the artist was told). */
  self.ask = (verb, fields = {}) => {
    const project = self.view?.id;  // the project of now: the page may show another one by the time this is sent
    return (queue = queue.then(() => firstView).then(() => send({ ...fields, verb, language, page, project: project ?? self.view.id })));
  };
  /* The same for what takes long: later messages do not wait for it. */
  self.askAside = (verb, fields = {}) => {
    self.flush();
    const project = self.view?.id;
    return queue.then(() => firstView).then(() => send({ ...fields, verb, language, page, project: project ?? self.view.id }));
  };
  /* The same, after everything typed so far has been sent. */
  self.act = (verb, fields = {}) => { self.flush(); return self.ask(verb, fields); };

  /* Say why a file could not be uploaded. `tooLarge` is what to do instead with a file that is larger than the studio accepts. */
  self.uploadFailed = async (file, error, tooLarge = '') => {
    const size = /maximum allowed size(?: of ([\d.]+ \w+))?/.exec(error?.message ?? String(error));
    const answer = size ? {} : await send({ verb: 'uploads', language, size: file.size });
    if (!answer) return;            // the studio is not there, which was said
    const most = size?.[1] ? t('This studio accepts files of up to {size}.', { size: size[1] }) : t('It is larger than this studio accepts.');
    const remedy = size ? `${most} ${tooLarge}`.trim() : answer.problem || t('The connection broke on the way. Try again; the film is as it was.');
    notices.add({ message: t('“{file}” could not be uploaded.', { file: file.name }), remedy });
  };

  /* An edit while typing: sent after a pause, or before the next `act`. */
  self.later = (key, sendNow, pause = 350) => {
    clearTimeout(pending.get(key)?.timer);
    const go = () => { clearTimeout(pending.get(key)?.timer); pending.delete(key); return sendNow(); };
    pending.set(key, { go, timer: setTimeout(go, pause) });
  };
  /* When everything asked so far is answered. */
  self.sent = () => queue;
  self.flush = () => { for (const { go } of [...pending.values()]) go(); };

  /* Show another project; `whole`: its whole film is on the stage at first. */
  self.open = (project, push = true, whole = false) => {
    self.flush();
    self.requested = project;
    self.begunWith = whole ? project : null;
    if (push) history.pushState({}, '', address(project));
    queue.then(follow);
  };
  /* Open a film and show one of its takes; the head stays where it is. */
  self.openAt = (project, take) => {
    if (project === self.view?.id) self.put({ selected: take, hovered: null, wholeFilm: false, against: null, choosing: null });
    else { self.wanted = take; self.open(project); }
  };
  self.generateNext = () => { self.put({ selected: null, wholeFilm: false, choosing: null }); return self.act('generate_next'); };
  self.generateAll = () => { self.put({ selected: null, wholeFilm: false, choosing: null }); return self.act('generate_all'); };
  self.resume = () => { self.put({ selected: null, wholeFilm: false }); return self.act('resume'); };
  /* Pause the job, or go on with one that was paused; nothing where there is none, or it is stopping already. */
  self.pauseOrResume = () => (self.job?.state === 'paused' ? self.resume()
    : self.busy() && !['pausing', 'stopping'].includes(self.job.doing) ? self.act('pause') : null);
  self.go = (take) => { self.put({ selected: null, hovered: null, wholeFilm: false, choosing: null }); return self.act('rewind', { take }); };

  // A studio that was started again counts revisions anew.
  const follow = () => {
    drawn = told = missing = 0;
    page = `p${Math.random().toString(36).slice(2)}`;
    self.lastMessage = Date.now();
    trigger('follow', { project: self.requested, language, page });
  };
  const address = (project) => { const url = new URL(location.href); url.searchParams.set('project', project); url.searchParams.delete('take'); return url; };

  /* Whether a message is of a project that this page has just left. */
  const isOther = (project) => self.requested && project && project !== self.requested;

  const receiveView = (view) => {
    if (isOther(view.id)) return;
    const otherProject = view.id !== self.view?.id;
    if (!otherProject && view.revision <= drawn) return;
    drawn = view.revision;
    if (otherProject) {
      history.replaceState({}, '', address(view.id));
      remember.put('project', view.id);
      remember.put('known', [view.id, ...remember.get('known', []).filter((id) => id !== view.id)].slice(0, 100));
      self.requested = view.id;
    }
    notices.findings(view.id, view.findings);
    /* A head that was there before was gone to, and is shown. One just made is not shown over the take that the artist looks at. */
    if (otherProject || (view.head !== self.view?.head && (!view.head || self.take(view.head)))) Object.assign(self, { selected: null, hovered: null });
    if (otherProject) Object.assign(self, { wholeFilm: self.begunWith === view.id && view.film.frames > 0, against: null, choosing: null });
    if (self.wanted && view.takes.some((take) => take.id === self.wanted)) Object.assign(self, { selected: self.wanted, wholeFilm: false });
    self.wanted = null;
    self.put({ view });
    gotFirstView();
  };

  const receiveLive = ({ detail }) => {
    if (detail.moved) {                               // its folder was renamed, or it was read again
      if (detail.project === self.requested) self.open(detail.moved, false);
      return;
    }
    if (detail.lost ? detail.project !== self.requested : isOther(detail.project)) return;
    self.lastMessage = Date.now();
    if (detail.revision) told = detail.revision;
    if (detail.lost) {
      notices.add(detail.notice);
      remember.put('project', null);
      if (self.requested) setTimeout(follow, 0);      // any other film; without one, `checkConnection` asks again
      self.requested = null;
      return;
    }
    notices.job(self.job, detail.job, detail.project);
    self.put({ job: detail.job, memoryTest: detail.memory_test, memoryUse: detail.memory_use, moment: detail.moment, again: detail.again });
  };

  /* The studio sends a message every few seconds. When none comes (asleep, restarted, connection lost), connect again. Likewise when
     a view that it has sent does not come, neither with the stream nor with an answer. */
  const checkConnection = () => {
    if (!element.isConnected) return;
    const patience = self.view ? 15000 : 4000;
    const lacks = told && (told > drawn || self.view?.id !== self.requested);
    missing = lacks ? missing || Date.now() : 0;
    if (document.hidden) missing = 0;
    else if (Date.now() - self.lastMessage > patience) { follow(); askForPassword(); } else if (missing && Date.now() - missing > PATIENCE) follow();
    setTimeout(checkConnection, 1000);
  };

  self.start = () => {
    watch('value', () => { if (props.value?.json) receiveView(JSON.parse(props.value.json)); });
    document.addEventListener('mp:live', receiveLive);
    addEventListener('popstate', () => self.open(new URLSearchParams(location.search).get('project'), false));
    addEventListener('pagehide', self.flush);
    follow();
    checkConnection();
  };
  return self;
})();
