/* What this page knows, and its line to the studio. It draws nothing. */
const desk = (() => {
  const readers = [];
  const pending = new Map();        // edits being typed: key -> send now
  let line = Promise.resolve();     // messages go one after the other, so that they arrive in the order they were made
  let redraw = 0;
  let known;
  const film = new Promise((resolve) => { known = resolve; });      // what is done before the page knows its film waits for it

  const self = {
    view: null,                     // the project, as the studio last told it
    job: null,                      // the running job, or how the last one ended
    shown: null,                    // take on the stage; null: what is being made, or else the head
    peek: null,                     // take the pointer or the focus rests on
    whole: false,                   // stage plays the whole film up to the head
    against: null,                  // second take of a comparison
    asked: new URLSearchParams(location.search).get('project') || remember.get('project'),
    heard: 0,                       // when the studio was last heard
  };

  /* Draw once per frame, however many things changed. */
  const changed = () => { redraw ||= requestAnimationFrame(() => { redraw = 0; readers.forEach((read) => read(self)); }); };
  self.watch = (read) => readers.push(read);
  self.put = (changes) => { Object.assign(self, changes); changed(); };

  self.take = (id) => self.view?.takes.find((take) => take.id === id) || null;
  self.busy = () => self.job?.state === 'running' || self.job?.state === 'queued';
  self.making = () => self.shown === null && !self.whole && self.job?.state === 'running';
  self.onStage = () => self.take(self.peek) || self.take(self.shown) || self.take(self.view?.head);
  self.branchOf = (take) => take.tips[0] || (take.on_path ? self.view.branches.find((b) => b.current)?.name : '');

  const refused = { message: 'The studio did not answer.', remedy: 'It may have been stopped: start it again. This page will find it by itself.' };
  const send = (message) => server.ask(message).then(
    (reply) => { if (reply?.ok) return reply.answer; notices.add(reply?.notice || refused); return null; },
    () => { notices.add(refused); return null; },
  );

  /* Ask the studio for something. Resolves with the answer, or with null when it was refused (and the artist was told). */
  self.ask = (verb, fields = {}) => {
    const project = self.view?.id;  // of now: another film may be on the page by the time this is sent
    return (line = line.then(() => film).then(() => send({ ...fields, verb, project: project ?? self.view.id })));
  };
  /* The same, for what takes long: what comes after does not wait for it. */
  self.askAside = (verb, fields = {}) => { self.flush(); const project = self.view.id; return line.then(() => send({ ...fields, verb, project })); };
  /* An action sees everything typed before it. */
  self.act = (verb, fields = {}) => { self.flush(); return self.ask(verb, fields); };

  /* An edit while typing: sent after a pause, or at once before any action. */
  self.later = (key, sendNow, pause = 350) => {
    clearTimeout(pending.get(key)?.timer);
    const go = () => { clearTimeout(pending.get(key)?.timer); pending.delete(key); return sendNow(); };
    pending.set(key, { go, timer: setTimeout(go, pause) });
  };
  self.flush = () => { for (const { go } of [...pending.values()]) go(); };

  self.open = (project, push = true) => {
    self.flush();
    self.asked = project;
    if (push) history.pushState({}, '', address(project));
    line.then(follow);
  };
  self.generateNext = () => { self.put({ shown: null, whole: false }); return self.act('generate_next'); };
  self.generateAll = () => { self.put({ shown: null, whole: false }); return self.act('generate_all'); };
  self.go = (take) => { self.put({ shown: null, peek: null, whole: false }); return self.act('rewind', { take }); };

  const follow = () => { self.heard = Date.now(); trigger('follow', { project: self.asked }); };
  const address = (project) => { const url = new URL(location.href); url.searchParams.set('project', project); return url; };

  /* Words of a stream that is just ending: not of the film asked for, so not for us. */
  const strange = (project) => self.asked && project && project !== self.asked;

  const told = (view) => {
    if (strange(view.id)) return;
    const moved = view.id !== self.view?.id;
    if (moved) {
      history.replaceState({}, '', address(view.id));
      remember.put('project', view.id);
      remember.put('known', [view.id, ...remember.get('known', []).filter((id) => id !== view.id)].slice(0, 100));
      self.asked = view.id;
    }
    notices.findings(view.id, view.findings);
    if (moved || view.head !== self.view?.head) Object.assign(self, { shown: null, peek: null });
    if (moved) Object.assign(self, { whole: false, against: null });
    self.put({ view });
    known();
  };

  const heardLive = ({ detail }) => {
    if (detail.lost ? detail.project !== self.asked : strange(detail.project)) return;
    self.heard = Date.now();
    if (detail.lost) {
      notices.add(detail.notice);
      remember.put('project', null);
      if (self.asked) setTimeout(follow, 0);      // any other film; when there is none to be had, `attend` asks again in a while
      self.asked = null;
      return;
    }
    notices.job(self.job, detail.job, detail.project);
    self.put({ job: detail.job });
  };

  /* The studio is heard every few seconds. When it falls silent (asleep, restarted, a lost connection), attach again. */
  const attend = () => {
    if (!element.isConnected) return;
    const patience = self.view ? 15000 : 4000;
    if (!document.hidden && Date.now() - self.heard > patience) follow();
    setTimeout(attend, 1000);
  };

  self.start = () => {
    watch('value', () => { if (props.value?.id) told(props.value); });
    document.addEventListener('mp:live', heardLive);
    addEventListener('popstate', () => self.open(new URLSearchParams(location.search).get('project'), false));
    addEventListener('pagehide', self.flush);
    follow();
    attend();
  };
  return self;
})();
