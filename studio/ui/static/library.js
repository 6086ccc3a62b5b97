/* The library: all films, to be found by name, tags and prompts, put in order, opened, renamed, copied and thrown away. */
const library = (() => {
  const ORDERS = [['changed', t('Changed last')], ['name', t('Name')], ['made', t('Made last')], ['length', t('Longest')], ['size', t('Largest')]];
  const day = (stamp) => timeOf(stamp * 1000);
  let tag = '';

  const open = async () => {
    tag = '';
    const words = h('input', { type: 'search', class: 'field-text', 'aria-label': t('Search films'), maxlength: 200, spellcheck: 'false',
      placeholder: t('Name, tag or words of a prompt'),
      oninput: () => client.later('library', refresh, 160),
      onkeydown: (e) => { if (e.key === 'Enter') { client.flush(); list.querySelector('.spine')?.focus(); } } });
    const order = h('select', { class: 'select', 'aria-label': t('Order'), onchange: () => { remember.put('order', order.value); refresh(); } },
      ...ORDERS.map(([name, title]) => h('option', { value: name, selected: name === remember.get('order', 'changed') }, title)));
    const tags = h('div', { class: 'tags', role: 'group', 'aria-label': t('Tags') });
    const counted = h('p', { class: 'hint', role: 'status' });
    const list = h('ul', { class: 'shelf' });
    const kept = h('p', { class: 'hint', hidden: true });
    const dialog = dialogs.sheet(t('Films'), 'films library',
      h('div', { class: 'trash-head' },
        h('div', { class: 'pair' }, button('plus', t('New film'), async () => go((await client.act('begin'))?.project), { class: 'button primary' }),
          button('films', t('Open a file'), () => { dialog.close(); picture.chooseFile(); },
            { class: 'button', title: t('A film that this studio exported, its sidecar, or a project as ZIP') })),
        h('div', { class: 'pair' }, button('disk', t('On the disk'), () => disk.open(), { class: 'button quiet' }),
          button('trash', t('Trash'), () => trash.open(), { class: 'button quiet' }))),
      h('div', { class: 'library-find' }, words, order), kept, tags, counted, list);
    if (matchMedia('(pointer: fine)').matches) words.focus();

    const go = (project) => {
      if (!project) return;
      dialog.close();
      if (project !== client.view?.id) client.open(project);
    };
    let asked = 0;                       // an answer that comes after a newer question is not drawn
    const refresh = async () => {
      const question = asked += 1;
      const answer = await client.ask('library', { words: words.value, order: order.value, tag, known: remember.get('known', []) });
      if (answer && question === asked && dialog.open) draw(answer);
    };
    const draw = (answer) => {
      if (!answer.tags.some((each) => each.name === tag)) tag = '';
      tags.replaceChildren(...answer.tags.map((each) => h('button', { class: 'tag', 'aria-pressed': String(each.name === tag),
        onclick: () => { tag = tag === each.name ? '' : each.name; refresh(); } }, `${each.name} · ${each.films}`)));
      show(tags, answer.tags.length);
      const some = answer.found === answer.all ? tn('{n} film', '{n} films', answer.all) : tn('{found} of {n} film', '{found} of {n} films', answer.all, { found: answer.found });
      const left = answer.found - answer.films.length;
      say(counted, [[some, answer.weigh].filter(Boolean).join(' · '), left && t('The search finds {left} more than are listed.', { left })].filter(Boolean).join('. '));
      say(kept, answer.kept ? t('This studio is shared: a film that nobody opens or changes is thrown away after {days} days, or earlier when the disk is nearly full. Export what you want to keep.', { days: answer.kept }) : '');
      show(kept, answer.kept);
      list.replaceChildren(...answer.films.map(line));
    };

    const line = (film) => {
      const li = h('li', { class: 'film-line', 'data-film': film.id });
      const shown = () => [
        h('button', { class: 'spine', 'aria-current': film.id === client.view?.id ? 'true' : null, onclick: () => go(film.id) },
          h('span', { class: 'spine-picture' }, film.poster ? h('img', { src: film.poster, alt: '', loading: 'lazy', decoding: 'async' }) : icon('film', 30)),
          h('b', { title: film.name }, film.name), h('small', {}, film.facts), h('small', { title: t('Made {when}', { when: day(film.made) }) }, day(film.changed)),
          film.where ? h('small', { class: 'found' }, t('“{text}”', { text: film.where })) : null,
          film.tags.length ? h('small', { class: 'film-tags' }, film.tags.map((each) => `#${each}`).join('  ')) : null),
        h('div', { class: 'film-does' },
          tool('pencil', t('Rename or tag “{film}”', { film: film.name }), () => change()),
          tool('copy', t('Duplicate “{film}”', { film: film.name }), (e) => duplicate(e.currentTarget)),
          tool('trash', t('Throw “{film}” away', { film: film.name }), () => throwAway()))];
      const change = () => {
        const name = h('input', { class: 'field-text', 'aria-label': t('Name'), maxlength: 120, value: film.name });
        const own = h('input', { class: 'field-text', 'aria-label': t('Tags, with commas between them'), value: film.tags.join(', '),
          placeholder: t('Tags, with commas') });
        const back = () => { li.replaceChildren(...shown()); li.querySelector('.film-does .tool').focus(); };
        const keep = async () => {
          const wanted = own.value.split(',').map((each) => each.trim()).filter(Boolean);
          if (name.value !== film.name && !await client.act('rename_film', { film: film.id, name: name.value })) return;
          if (wanted.join() !== film.tags.join() && !await client.act('tag_film', { film: film.id, tags: wanted })) return;
          await refresh();
          list.querySelector(`[data-film="${CSS.escape(film.id)}"] .film-does .tool`)?.focus();
        };
        li.replaceChildren(h('form', { class: 'film-change', onsubmit: (e) => { e.preventDefault(); keep(); },
          onkeydown: (e) => { if (e.key === 'Escape') { e.preventDefault(); e.stopPropagation(); back(); } } },
        name, own, h('div', { class: 'pair' }, h('button', { class: 'button small primary', onclick: keep }, t('Keep')),
          h('button', { class: 'button small', onclick: back }, t('Cancel'))), h('button', { type: 'submit', hidden: true })));
        name.focus();
        name.select();
      };
      const duplicate = async (opener) => {
        opener.disabled = true;
        say(counted, t('Copying “{film}”…', { film: film.name }));
        const answer = await client.askAside('duplicate_film', { film: film.id });
        opener.disabled = false;
        if (answer) remember.put('known', [...remember.get('known', []), answer.project].slice(-100));
        await refresh();
        if (answer) list.querySelector(`[data-film="${CSS.escape(answer.project)}"] .spine`)?.focus();
      };
      const throwAway = async () => {
        if (!await client.act('trash_film', { film: film.id })) return;
        if (film.id === client.view?.id) dialog.close(); else await refresh();
      };
      li.append(...shown());
      return li;
    };
    await refresh();
  };
  return { open };
})();
