/* The user's menu in the top bar, and the sheet on which a user chooses another password. */
const account = (() => {
  if (USER === null) return { parts: [] };
  const leave = () => {
    client.flush();
    client.sent().then(() => fetch('logout', { method: 'POST' })).then(() => location.assign('login'));
  };
  if (!USER) return { parts: [tool('leave', t('Log out'), leave)] };

  const ask = () => {
    const field = (label, complete, focus) => h('input', { class: 'field-text', type: 'password', 'aria-label': label, autocomplete: complete, required: true, autofocus: focus });
    const old = field(t('Present password'), 'current-password', true), fresh = field(t('New password'), 'new-password'), again = field(t('New password again'), 'new-password');
    const row = (label, input) => h('label', { class: 'row' }, h('span', {}, label), input);
    const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
    const refuse = (said, at) => { problem.hidden = false; say(problem, said); at.focus(); };
    const save = button('check', t('Change the password'), null, { class: 'button primary', type: 'submit' });
    const change = async () => {
      if (fresh.value !== again.value) { refuse(t('The new password was not written the same both times. Nothing was changed.'), again); return; }
      save.disabled = true;
      client.flush();
      await client.sent();
      const answer = await fetch('password', { method: 'POST', headers: { 'Accept-Language': language }, body: new URLSearchParams({ old: old.value, new: fresh.value }) }).catch(() => null);
      save.disabled = false;
      if (answer?.ok) {
        remember.put('changed', true);
        location.reload();          // with the new session, which this page's stream does not have
      } else if (answer?.status === 401) {
        location.assign(`login${location.search}`);
      } else {
        const said = answer && await answer.json().catch(() => null);
        refuse(said?.detail || t('The studio did not answer.'), answer?.status === 422 ? fresh : old);
      }
    };
    dialogs.sheet(t('Change the password'), 'password-sheet', h('form', { onsubmit: (e) => { e.preventDefault(); change(); } },
      h('input', { type: 'text', autocomplete: 'username', value: USER, hidden: true, readonly: true }),
      row(t('Present'), old), row(t('New'), fresh), row(t('New, again'), again), problem,
      h('p', { class: 'hint' }, t('Other browsers are logged out then, and your tokens end.')), save));
    old.focus();
  };

  const menu = makeMenu(USER, (name) => ({ password: ask, leave })[name](), 'user');
  menu.draw([{ name: 'password', title: t('Change the password…') }, { name: 'leave', title: t('Log out') }]);
  if (remember.get('changed')) {
    remember.put('changed', null);
    setTimeout(() => notices.add({ message: t('Your password was changed. Other browsers are logged out, and your tokens have ended.'), kind: 'done' }));
  }
  return { parts: [menu.opener, menu.list] };
})();
