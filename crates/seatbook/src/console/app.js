// @ts-check
// Seatbook's only module. Pages work without it; it makes them quick. What the server must answer
// stands beside each part: a request with `X-Fragment: 1` wants a part of the page, not the page.

const root = document.documentElement;
root.dataset.js = '';
const stored = localStorage.getItem('theme');
if (stored === 'light' || stored === 'dark') root.dataset.theme = stored;

/** @param {string} selector @param {ParentNode} [within] @returns {HTMLElement|null} */
const one = (selector, within = document) => within.querySelector(selector);
/** @param {string} selector @param {ParentNode} [within] @returns {HTMLElement[]} */
const all = (selector, within = document) => [.../** @type {NodeListOf<HTMLElement>} */ (within.querySelectorAll(selector))];
/** @param {string} tag @param {Record<string, any>} props */
const make = (tag, props) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name in element) /** @type {any} */ (element)[name] = value; else element.setAttribute(name, value);
  }
  return element;
};
/** @param {number} value */
const words = value => value.toLocaleString('en-US').replace('-', '−');
/** @param {number} value @param {string} single @param {string} several */
const counted = (value, single, several) => `${words(value)} ${value === 1 ? single : several}`;
/** @param {string} name */
const icon = name => {
  const known = one('svg.ic use')?.getAttribute('href')?.split('#')[0] ?? '';
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg'), use = document.createElementNS(svg.namespaceURI, 'use');
  svg.setAttribute('class', 'ic'); svg.setAttribute('aria-hidden', 'true'); use.setAttribute('href', `${known}#${name}`);
  svg.append(use);
  return svg;
};

/** Says something for a few seconds, above an open dialog too. @param {string} text */
const toast = text => {
  const host = one('#toasts'), toaster = make('div', { className: 'toast', textContent: text });
  if (!host) return;
  (one('dialog[open]') ?? document.body).append(host);
  host.append(toaster);
  setTimeout(() => toaster.remove(), 6000);
};

/** Asks for a part of a page. @param {string|URL} url @param {RequestInit} [init] */
const ask = (url, init = {}) => fetch(url, { ...init, headers: { 'X-Fragment': '1', ...init.headers } });

/** @param {string|URL} to */
const go = to => { const url = new URL(to, location.href); if (url.href === location.href) location.reload(); else location.assign(url); };

// ---- Theme: follows the system until someone chooses ------------------------------------------------------

const showTheme = () => all('[data-theme-choice]').forEach(b => b.setAttribute('aria-pressed', String(b.dataset.themeChoice === (root.dataset.theme ?? 'system'))));
/** @param {string} choice */
const setTheme = choice => {
  if (choice === 'system') { delete root.dataset.theme; localStorage.removeItem('theme'); } else { root.dataset.theme = choice; localStorage.setItem('theme', choice); }
  showTheme();
};

// ---- Live lists: form[data-live="#rows"] asks its own action; the answer replaces what is inside #rows -----

let turn = 0, waiting = 0;
/** @param {HTMLFormElement} form */
const address = form => {
  const url = new URL(form.action), columns = /** @type {HTMLElement|null} */ (form.querySelector('[data-columns]'));
  const pairs = [...new FormData(form)].map(([name, value]) => [name, String(value)]).filter(pair => pair[1]);
  const shown = pairs.filter(([name, value]) => name === 'col' && value !== '-').map(pair => pair[1]).join(' ');
  const usual = !columns || shown === columns.dataset.columns;
  url.search = String(new URLSearchParams(pairs.filter(([name]) => name !== 'col' || !usual)));
  return url;
};
/** @param {HTMLFormElement} form @param {URL} [url] */
const refresh = async (form, url = address(form)) => {
  const target = one(form.dataset.live ?? ''), mine = ++turn;
  if (!target) return;
  target.classList.add('busy');
  const answer = await ask(url).catch(() => null);
  if (mine !== turn) return;                          // A newer question is under way.
  target.classList.remove('busy');
  if (!answer?.ok) { toast('The list could not be loaded. Please try again.'); return; }
  const rows = await answer.text();
  if (/^\s*<!doctype/i.test(rows)) { location.assign(url); return; }   // A whole page: the session has ended.
  target.innerHTML = rows;
  if (!form.closest('dialog')) history.replaceState(null, '', url);
  showSelection();
};
const refreshLists = () => all('main form[data-live]').forEach(form => refresh(/** @type {HTMLFormElement} */ (form), new URL(location.href)));
const columnsKey = () => `columns:${location.pathname}`;
const restoreColumns = () => {
  const kept = localStorage.getItem(columnsKey()), chooser = one('[data-columns]');
  if (kept === null || !chooser || new URLSearchParams(location.search).has('col') || kept === chooser.dataset.columns) return;
  for (const box of /** @type {HTMLInputElement[]} */ (all('input[type=checkbox]', chooser))) box.checked = kept.split(' ').includes(box.value);
  refresh(/** @type {HTMLFormElement} */ (chooser.closest('form')));
};

// ---- Drawers: a[data-drawer] opens its href as a sheet; form[data-sheet] posts from within it ---------------
// The server answers 204 with X-Location when done, 200 with a sheet that says more, or 4xx with the sheet again.

const drawer = () => /** @type {HTMLDialogElement} */ (one('#drawer'));
/** @param {string} href */
const openDrawer = async href => {
  const answer = await ask(href).catch(() => null), type = answer?.headers.get('content-type') ?? '';
  if (!answer || !type.includes('html') || answer.redirected) { location.assign(href); return; }
  drawer().innerHTML = await answer.text();
  if (!drawer().open) drawer().showModal();
  prepare(drawer());
};
/** @param {HTMLFormElement} form @param {HTMLElement|null} by */
const postSheet = async (form, by) => {
  const data = new FormData(form, by), multipart = form.enctype === 'multipart/form-data';
  const button = /** @type {HTMLButtonElement|null} */ (by);
  if (button) button.disabled = true;
  const body = multipart ? data : new URLSearchParams(/** @type {any} */ ([...data]));
  const answer = await ask(form.action, { method: 'POST', body }).catch(() => null);
  if (button) button.disabled = false;
  if (!answer) { toast('The server did not answer. Nothing is lost; please try again.'); return; }
  const place = answer.headers.get('x-location');
  if (place) { go(place); return; }
  if (answer.redirected) { go(answer.url); return; }
  drawer().innerHTML = await answer.text();
  drawer().dataset.changed = answer.ok ? '1' : (drawer().dataset.changed ?? '');
  prepare(drawer());
};

// ---- Selection across pages: [data-select] table with [data-pick] boxes, [data-selection] bar ---------------

/** @returns {Record<string, Record<string, number>>} */
const selected = () => JSON.parse(sessionStorage.getItem(`selected:${location.pathname}`) ?? '{}');
/** @param {Record<string, Record<string, number>>} rows */
const keep = rows => sessionStorage.setItem(`selected:${location.pathname}`, JSON.stringify(rows));
const boxes = () => /** @type {HTMLInputElement[]} */ (all('[data-pick]:not(:disabled)'));
/** @param {HTMLInputElement[]} changed */
const select = changed => {
  const rows = selected();
  for (const box of changed) {
    if (!box.checked) delete rows[box.value];
    else if (box.dataset.currency) rows[box.value] = { [`${box.dataset.currency}/${box.dataset.digits}`]: Number(box.dataset.amount) };
    else rows[box.value] = { units: Number(box.dataset.units), available: Number(box.dataset.available) };
  }
  keep(rows); showSelection();
};
/** The running amount of each currency: currencies are never summed. @param {Record<string, Record<string, number>>} rows */
const sums = rows => {
  /** @type {Record<string, number>} */
  const all = {};
  for (const row of Object.values(rows)) for (const [key, minor] of Object.entries(row)) if (key.includes('/')) all[key] = (all[key] ?? 0) + minor;
  return Object.entries(all).map(([key, minor]) => {
    const [currency, digits] = key.split('/'), places = Number(digits);
    return `${(minor / 10 ** places).toLocaleString('en-US', { minimumFractionDigits: places, maximumFractionDigits: places })} ${currency}`;
  });
};
const showSelection = () => {
  const bar = one('[data-selection]');
  if (!bar) return;
  const rows = selected(), ids = Object.keys(rows), here = boxes();
  for (const box of here) box.checked = box.value in rows;
  const every = /** @type {HTMLInputElement|null} */ (one('[data-pick-all]')), ticked = here.filter(box => box.checked).length;
  if (every) { every.checked = ticked > 0 && ticked === here.length; every.indeterminate = ticked > 0 && ticked < here.length; }
  bar.hidden = ids.length === 0;
  /** @param {string} key */
  const total = key => Object.values(rows).reduce((sum, row) => sum + (row[key] || 0), 0);
  const said = one('output', bar);
  if (said && bar.dataset.selection === 'money') said.textContent = [`${words(ids.length)} selected`, ...sums(rows), ids.length > Number(bar.dataset.most) ? `at most ${bar.dataset.most} in one send` : ''].filter(Boolean).join(' · ');
  else if (said && bar.dataset.selection === 'rows') said.textContent = `${words(ids.length)} selected`;
  else if (said) said.textContent = `${words(ids.length)} selected · ${counted(total('units'), 'unit', 'units')} · ${words(total('available'))} available`;
  for (const button of /** @type {HTMLButtonElement[]} */ (all('[data-needs]'))) {
    const needs = Number(button.dataset.needs);
    button.disabled = needs === 1 ? ids.length !== 1 : ids.length === 0;
    button.title = button.disabled ? button.dataset.why ?? '' : '';
  }
};
/** Adds what is selected on other pages to the form. @param {HTMLFormElement} form */
const addSelected = form => {
  const here = new Set(boxes().filter(box => box.checked).map(box => box.value));
  all('input[data-elsewhere]', form).forEach(input => input.remove());
  for (const id of Object.keys(selected())) if (!here.has(id)) form.append(make('input', { type: 'hidden', name: form.dataset.withSelection || 'id', value: id, 'data-elsewhere': '' }));
};

// ---- Jobs: [data-job-events] follows /jobs/{id}/events; `progress` carries {state, rows_done, rows_total, message}

/** @type {Record<string, [string, string, string]>} */
const JOB = { queued: ['mute', 'clock', 'Queued'], running: ['info', 'running', 'Running'], waiting: ['warn', 'retry', 'Waiting to retry'], done: ['good', 'check', 'Done'], refused: ['bad', 'error', 'Refused'], dead: ['bad', 'error', 'Failed'], canceled: ['mute', 'stop', 'Canceled'] };
/** @param {HTMLElement} banner */
const followJob = banner => {
  const source = new EventSource(banner.dataset.jobEvents ?? '');
  source.addEventListener('progress', event => {
    const now = JSON.parse(event.data), bar = /** @type {HTMLProgressElement|null} */ (one('progress', banner));
    const [tone, symbol, label] = JOB[now.state] ?? ['mute', 'info', now.state], open = ['queued', 'running', 'waiting'].includes(now.state);
    if (bar && now.rows_total) { bar.max = now.rows_total; bar.value = now.rows_done; }
    const rows = one('[data-job-rows]', banner), message = one('[data-job-message]', banner), badge = one('[data-job-badge] .badge', banner);
    if (rows) rows.textContent = now.rows_total ? `${words(now.rows_done)} of ${words(now.rows_total)} rows` : now.rows_done ? `${words(now.rows_done)} rows` : '';
    if (message) { message.textContent = now.message ?? ''; message.hidden = !now.message; }
    if (badge) { badge.className = `badge ${tone}`; badge.replaceChildren(icon(symbol), label); }
    if (open) return;
    source.close();
    banner.classList.remove('open'); banner.classList.add(tone);
    if (banner.dataset.jobThen === 'reload') location.reload(); else refreshLists();
  });
};

// ---- Pickers: select[data-picker="<src>"] becomes a combobox; GET <src>?q= answers <li role="option" data-value> -

let pickers = 0;
/** @param {HTMLSelectElement} choice */
const makePicker = choice => {
  if (choice.hidden) return;
  const id = `picker-${++pickers}`, list = make('ul', { className: 'options', id, role: 'listbox', popover: 'manual', 'aria-label': 'Matches' });
  const input = /** @type {HTMLInputElement} */ (make('input', { type: 'text', className: 'input', role: 'combobox', autocomplete: 'off', placeholder: choice.dataset.placeholder ?? 'Type to search', required: choice.required, 'aria-expanded': 'false', 'aria-controls': id, 'aria-autocomplete': 'list' }));
  for (const name of ['id', 'aria-describedby', 'aria-invalid', 'aria-label']) { const value = choice.getAttribute(name); if (value !== null) { input.setAttribute(name, value); choice.removeAttribute(name); } }
  const label = () => (choice.value ? choice.selectedOptions[0]?.textContent ?? '' : '').trim();
  const box = make('div', { className: 'pick' });
  choice.hidden = true; choice.required = false; input.value = label();
  choice.before(box); box.append(input, icon('chevron'), list);
  let asked = 0, timer = 0;
  const options = () => all('[role=option]:not([aria-disabled=true])', list), current = () => one('[aria-selected=true]', list);
  const hide = () => { if (list.matches(':popover-open')) list.hidePopover(); input.setAttribute('aria-expanded', 'false'); input.removeAttribute('aria-activedescendant'); };
  // An answer still under way would open it again, over what is clicked next.
  const close = () => { ++asked; clearTimeout(timer); hide(); };
  /** @param {HTMLElement|undefined} option */
  const mark = option => { current()?.setAttribute('aria-selected', 'false'); if (!option) return; option.id ||= `${id}-${Math.random().toString(36).slice(2)}`; option.setAttribute('aria-selected', 'true'); input.setAttribute('aria-activedescendant', option.id); option.scrollIntoView({ block: 'nearest' }); };
  const place = () => {
    const at = input.getBoundingClientRect(), below = innerHeight - at.bottom > 220 || at.top < 220;
    list.style.left = `${at.left}px`; list.style.minWidth = `${at.width}px`; list.style.maxWidth = `${Math.max(at.width, innerWidth - at.left - 16)}px`;
    list.style.top = below ? `${at.bottom + 4}px` : 'auto'; list.style.bottom = below ? 'auto' : `${innerHeight - at.top + 4}px`;
  };
  const open = async () => {
    const mine = ++asked, url = new URL(choice.dataset.picker ?? '', location.href);
    url.searchParams.set('q', input.value === label() ? '' : input.value);
    const answer = await ask(url).catch(() => null);
    const found = answer?.ok ? await answer.text() : '';
    if (mine !== asked || document.activeElement !== input) return;
    list.innerHTML = found;
    if (!list.children.length) list.append(make('li', { className: 'said', textContent: answer?.ok ? 'Nothing matches.' : 'The search could not be asked. Please try again.' }));
    place();
    // A drawer that is still coming in takes its fields along.
    for (const moving of drawer()?.getAnimations() ?? []) moving.finished.then(place, () => {});
    if (!list.matches(':popover-open')) list.showPopover();
    input.setAttribute('aria-expanded', 'true'); mark(options()[0]);
  };
  /** @param {HTMLElement} option */
  const take = option => {
    const name = option.dataset.label ?? one('[data-name]', option)?.textContent ?? option.textContent ?? '';
    choice.replaceChildren(make('option', { value: option.dataset.value, textContent: name.trim(), selected: true }));
    input.value = label(); close();
    choice.dispatchEvent(new CustomEvent('picked', { bubbles: true, detail: { ...option.dataset } }));
    choice.dispatchEvent(new Event('change', { bubbles: true }));
  };
  input.addEventListener('focus', () => { input.select(); if (!choice.value) open(); });
  input.addEventListener('click', () => { if (!list.matches(':popover-open')) open(); });
  input.addEventListener('input', event => { event.stopPropagation(); clearTimeout(timer); timer = setTimeout(open, 120); });
  input.addEventListener('blur', () => { close(); if (!input.value && choice.value) { choice.replaceChildren(); choice.dispatchEvent(new Event('change', { bubbles: true })); } input.value = label(); });
  list.addEventListener('pointerdown', event => { event.preventDefault(); const option = /** @type {HTMLElement} */ (event.target).closest('[role=option]'); if (option && option.getAttribute('aria-disabled') !== 'true') take(/** @type {HTMLElement} */ (option)); });
  addEventListener('scroll', event => { if (event.target !== list) hide(); }, true);
  input.addEventListener('keydown', event => {
    const shown = options(), at = shown.indexOf(/** @type {HTMLElement} */ (current())), opened = list.matches(':popover-open');
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') { event.preventDefault(); if (!opened) open(); else mark(shown[(at + (event.key === 'ArrowDown' ? 1 : -1) + shown.length) % shown.length]); }
    if (event.key === 'Enter' && opened) { event.preventDefault(); event.stopPropagation(); if (at >= 0) take(shown[at]); }
    if (event.key === 'Escape' && opened) { event.preventDefault(); event.stopPropagation(); close(); }
  });
};

// ---- Previews: [data-preview="<src>"] in a form; GET <src>?<fields> answers what [data-preview-result] shows ----

let previewing = 0, previewTimer = 0;
/** @param {HTMLFormElement} form @param {HTMLElement} box */
const preview = async (form, box) => {
  const url = new URL(box.dataset.preview ?? '', location.href), mine = ++previewing;
  url.search = String(new URLSearchParams(/** @type {any} */ ([...new FormData(form)].filter(pair => typeof pair[1] === 'string' && pair[1] && pair[0] !== 'password'))));
  const answer = await ask(url).catch(() => null), result = one('[data-preview-result]', box);
  if (mine !== previewing || !result || !answer?.ok) return;
  // Whoever ticks a box in it by keyboard stays there.
  const text = await answer.text(), at = /** @type {HTMLInputElement|null} */ (result.contains(document.activeElement) ? document.activeElement : null);
  result.innerHTML = text;
  if (at?.name) all('input', result).find(it => /** @type {any} */ (it).name === at.name && /** @type {any} */ (it).value === at.value)?.focus({ preventScroll: true });
};

/** @param {HTMLInputElement} field */
const previewSoon = field => {
  const box = field.form && one('[data-preview]', field.form);
  if (field.form && box) { clearTimeout(previewTimer); previewTimer = setTimeout(preview, 250, field.form, box); }
};

// ---- Everything listens at the document ---------------------------------------------------------------------

/** @param {ParentNode} within */
const prepare = within => {
  for (const choice of all('select[data-picker]', within)) makePicker(/** @type {HTMLSelectElement} */ (choice));
  const fields = '.body :is(input:not([type=hidden], [type=checkbox], [type=radio]), textarea):not([hidden])';
  const first = one('[data-focus], [aria-invalid=true]', within) ?? (within === drawer() ? one(fields, within) : one('.door form input:not([type=hidden])', within));
  first?.focus();
};
/** @param {HTMLElement} button */
const copy = async button => {
  await navigator.clipboard.writeText(button.dataset.copy ?? '');
  const was = one('.ic', button), done = icon('check');
  was?.replaceWith(done); toast('Copied');
  setTimeout(() => { if (was) done.replaceWith(was); }, 1600);
};

addEventListener('input', event => {
  const target = /** @type {HTMLInputElement} */ (event.target), form = /** @type {HTMLFormElement|null} */ (target.closest('form[data-live]'));
  previewSoon(target);
  if (!form) return;
  clearTimeout(waiting);
  waiting = setTimeout(refresh, target.type === 'search' ? 140 : 0, form);
  if (target.name === 'col') localStorage.setItem(columnsKey(), all('[data-columns] input:checked', form).map(box => /** @type {HTMLInputElement} */ (box).value).join(' '));
});
addEventListener('change', event => {
  const target = /** @type {HTMLInputElement} */ (event.target);
  if (target.matches('[data-pick-all]')) { const here = boxes(); here.forEach(box => { box.checked = target.checked; }); select(here); }
  if (target.matches('[data-pick]')) select([target]);
  if (target.matches('select')) previewSoon(target);
  if (target.matches('[data-submit-on-change]')) target.form?.requestSubmit();
});
addEventListener('submit', event => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  // A button with an address of its own leaves the page: a list as a file.
  if (form.matches('[data-live]') && !event.submitter?.hasAttribute('formaction')) { event.preventDefault(); clearTimeout(waiting); refresh(form); }
  if (form.matches('#drawer form[data-sheet]')) { event.preventDefault(); postSheet(form, event.submitter); }
  if (form.matches('[data-with-selection]')) addSelected(form);
  // What was ticked on another page and is being done now is no longer ticked.
  const done = /** @type {HTMLInputElement|null} */ (form.elements.namedItem('selection'));
  if (done) sessionStorage.removeItem(`selected:${done.value}`);
});
addEventListener('click', event => {
  const target = /** @type {HTMLElement} */ (event.target), plain = !event.ctrlKey && !event.metaKey && !event.shiftKey;
  /** @param {string} selector @returns {HTMLElement|null} */
  const on = selector => target.closest(selector);
  for (const open of all('details.pop[open]')) if (!open.contains(target)) open.removeAttribute('open');
  let it;
  if ((it = on('[data-copy]'))) copy(it);
  else if ((it = on('[data-theme-choice]'))) setTheme(it.dataset.themeChoice ?? 'system');
  else if ((it = on('[data-clear-selection]'))) { keep({}); showSelection(); }
  else if (target === drawer() || (on('[data-close]') && on('#drawer'))) { event.preventDefault(); drawer().close(); }
  else if (plain && (it = on('a[data-drawer]'))) { event.preventDefault(); openDrawer(/** @type {HTMLAnchorElement} */ (it).href); }
  else if (plain && (it = on('a[data-live-link]'))) {
    const form = /** @type {HTMLFormElement|null} */ (one('form[data-live]')), url = new URL(/** @type {HTMLAnchorElement} */ (it).href);
    if (!form) return;
    event.preventDefault();
    const sort = /** @type {HTMLInputElement|null} */ (form.elements.namedItem('sort'));
    if (sort) sort.value = url.searchParams.get('sort') ?? '';
    refresh(form, url);
  }
});
// A row's menu stands above the table that scrolls, and moves with its row.
/** @param {HTMLElement} menu */
const placeMenu = menu => {
  const sheet = one('.menu', menu), at = one('summary', menu)?.getBoundingClientRect();
  if (!sheet || !at) return;
  const below = innerHeight - at.bottom > sheet.offsetHeight + 8;
  sheet.style.right = `${Math.max(8, root.clientWidth - at.right)}px`;
  sheet.style.top = below ? `${at.bottom + 4}px` : 'auto'; sheet.style.bottom = below ? 'auto' : `${innerHeight - at.top + 4}px`;
};
addEventListener('toggle', event => { const menu = /** @type {HTMLElement} */ (event.target); if (menu.matches?.('details.row-menu[open]')) placeMenu(menu); }, true);
addEventListener('scroll', () => all('details.row-menu[open]').forEach(placeMenu), true);
addEventListener('close', event => { if (event.target === drawer() && drawer().dataset.changed) location.reload(); }, true);
addEventListener('keydown', event => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.key === 'Escape') all('details.pop[open]').forEach(open => { open.removeAttribute('open'); one('summary', open)?.focus(); });
  if (event.key === '/' && !target.matches('input, textarea, select') && !one('dialog[open]')) { const search = one('main [type=search]'); if (search) { event.preventDefault(); search.focus(); } }
  const cell = target.closest('table.grid td');
  if (cell && !target.matches('input:not([type=checkbox]), select') && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
    const rows = all('table.grid tbody tr:not(.group)'), row = /** @type {HTMLElement} */ (cell.parentElement), index = all('a, button, input', row).indexOf(target);
    const next = rows[rows.indexOf(row) + (event.key === 'ArrowDown' ? 1 : -1)];
    if (next) { event.preventDefault(); (all('a, button, input', next)[index] ?? one('a, button, input', next))?.focus(); }
  }
});

// On a narrow screen the tabs scroll, and the one that is open may lie outside.
one('nav.tabs [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
showTheme(); prepare(document); restoreColumns(); showSelection();
all('[data-job-events]').forEach(followJob);
