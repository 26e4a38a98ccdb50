
// ---- The allocation grid: form[data-grid]; every keystroke says what is left -----------------------------------
// Fields are named `field.key` with one `row` field per row; `seen.key` is the quantity the page was built with.
// The server drops rows that say what it already has, and checks everything again: this part only helps.

/** @param {HTMLFormElement} form */
const runGrid = form => {
  const body = /** @type {HTMLElement} */ (one('tbody', form)), template = /** @type {HTMLTemplateElement} */ (one('template', form));
  const free = Number(form.dataset.free), assigned = Number(form.dataset.assigned), quantity = Number(form.dataset.quantity);
  const unit = [form.dataset.unit ?? 'unit', form.dataset.units ?? 'units'];
  let added = 0, sending = false;

  const rows = () => all('tr[data-row]', body);
  /** @param {HTMLElement} row */
  const amount = row => /** @type {HTMLInputElement} */ (one('[data-quantity-input]', row));
  /** @param {HTMLElement} row */
  const chooser = row => /** @type {HTMLSelectElement|null} */ (one('select', row));
  /** @param {HTMLElement} row */
  const name = row => (chooser(row)?.selectedOptions[0]?.textContent ?? row.dataset.name ?? 'This tenant').trim();
  /** @param {HTMLElement} row */
  const seen = row => Number(row.dataset.seen ?? 0);
  /** @param {HTMLElement} row */
  const floor = row => Number(row.dataset.floor ?? 0);
  /** @param {HTMLElement} row */
  const wanted = row => (row.classList.contains('gone') ? 0 : Math.max(0, Math.trunc(Number(amount(row).value) || 0)));
  /** @param {string} selector @param {string} text @param {ParentNode} [within] */
  const say = (selector, text, within = form) => { const place = one(selector, within); if (place) place.textContent = text; };

  /** @param {HTMLElement} row @param {string} text */
  const blame = (row, text) => {
    const place = one('[data-row-problem]', row);
    row.classList.toggle('wrong', Boolean(text));
    if (place) { place.hidden = !text; say('span', text, place); }
    amount(row).setAttribute('aria-invalid', String(Boolean(text)));
  };
  /** What is wrong with a row, in words; empty when nothing. @param {HTMLElement} row */
  const problem = row => {
    const value = amount(row).value.trim(), twin = rows().find(other => other !== row && chooser(row)?.value && (other.dataset.organization ?? chooser(other)?.value) === chooser(row)?.value);
    if (row.classList.contains('gone')) return '';
    if (chooser(row) && !chooser(row)?.value) return 'Choose a tenant.';
    if (twin) return `${name(row)} is already in the list.`;
    if (!/^\d+$/.test(value)) return 'Enter a whole number.';
    if (Number(value) < floor(row)) return `${name(row)} has ${words(floor(row))} in use: free ${words(floor(row) - Number(value))} there first.`;
    if (Number(value) === 0 && !seen(row)) return 'Enter 1 or more.';
    return '';
  };
  /** @param {HTMLElement} row */
  const showRow = row => {
    const now = wanted(row), change = now - seen(row);
    say('[data-quantity-shown]', words(now), row);
    say('[data-tenant-shown]', name(row), row);
    say('[data-change]', change === 0 ? '–' : (change > 0 ? '+' : '') + words(change), row);
    one('[data-change]', row)?.classList.toggle('mute', change === 0);
  };
  const total = () => {
    const change = rows().reduce((sum, row) => sum + wanted(row) - seen(row), 0), left = free - change, card = one('[data-balance]', form);
    rows().forEach(showRow);
    say('[data-left]', words(left));
    say('[data-assigned-now]', words(assigned + change));
    say('[data-was]', change === 0 ? '' : `was ${words(assigned)}`);
    one('[data-bar]', form)?.setAttribute('width', `${quantity ? Math.min(100, Math.max(0, (quantity - left) / quantity * 100)) : 0}%`);
    card?.classList.toggle('over', left < 0);
    if (left < 0) say('[data-says]', `${counted(-left, unit[0], unit[1])} more than this license has. Lower the quantities by ${words(-left)}.`);
    else if (change === 0) say('[data-says]', rows().some(row => wanted(row) !== seen(row)) ? `Units move between tenants; ${counted(left, unit[0], unit[1])} remain.` : 'Nothing changed yet.');
    else say('[data-says]', `${change > 0 ? `${counted(change, unit[0], unit[1])} will be passed on` : `${counted(-change, unit[0], unit[1])} will come back`}; ${words(left)} will remain.`);
  };

  /** @param {HTMLElement} row */
  const edit = row => { row.dataset.before = amount(row).value; row.classList.add('editing'); const first = row.hasAttribute('data-new') && !chooser(row)?.value ? /** @type {HTMLInputElement} */ (one('[role=combobox]', row)) : amount(row); first.focus(); first.select(); };
  /** Keeps a row as it stands, or says why not. @param {HTMLElement} row @param {boolean} [move] */
  const save = (row, move = true) => {
    const wrong = problem(row);
    blame(row, wrong);
    if (wrong) { row.classList.add('editing'); (chooser(row) && !chooser(row)?.value ? one('[role=combobox]', row) : amount(row))?.focus(); return false; }
    row.classList.remove('editing'); total();
    if (move) one('[data-grid-edit]', row)?.focus();
    return true;
  };
  /** @param {HTMLElement} row */
  const cancel = row => {
    if (row.hasAttribute('data-new') && !row.dataset.before) { row.remove(); one('[data-grid-add]', form)?.focus(); } else { amount(row).value = row.dataset.before ?? amount(row).value; row.classList.remove('editing'); blame(row, ''); one('[data-grid-edit]', row)?.focus(); }
    total(); showEmpty();
  };
  /** @param {HTMLElement} row @param {boolean} gone */
  const remove = (row, gone) => {
    if (gone && floor(row) > 0) { blame(row, `${name(row)} has ${words(floor(row))} in use: free ${words(floor(row))} there first.`); return; }
    if (gone && row.hasAttribute('data-new')) { row.remove(); one('[data-grid-add]', form)?.focus(); } else {
      row.classList.toggle('gone', gone); row.classList.remove('editing'); blame(row, '');
      const box = /** @type {HTMLInputElement|null} */ (one('[data-remove]', row));
      if (box) box.checked = gone;
      one(gone ? '[data-grid-restore]' : '[data-grid-edit]', row)?.focus();
    }
    total(); showEmpty();
  };
  const showEmpty = () => { const empty = one('[data-grid-empty]', form); if (empty) empty.hidden = rows().length > 0; };
  const add = () => {
    const holder = document.createElement('tbody');
    holder.innerHTML = template.innerHTML.replaceAll('__key__', `n${Date.now().toString(36)}${++added}`);
    const row = /** @type {HTMLElement} */ (holder.firstElementChild);
    body.prepend(row); prepare(row); showEmpty(); edit(row); row.dataset.before = ''; total();
  };

  form.addEventListener('click', event => {
    const target = /** @type {HTMLElement} */ (event.target), row = /** @type {HTMLElement} */ (target.closest('tr[data-row]'));
    const on = (/** @type {string} */ selector) => target.closest(selector);
    if (on('[data-grid-add]')) { event.preventDefault(); add(); }
    else if (!row) return;
    else if (on('[data-grid-save]')) save(row);
    else if (on('[data-grid-edit]')) edit(row);
    else if (on('[data-grid-cancel]')) cancel(row);
    else if (on('[data-grid-remove]')) remove(row, true);
    else if (on('[data-grid-restore]')) remove(row, false);
  });
  form.addEventListener('input', event => {
    const row = /** @type {HTMLElement|null} */ (/** @type {HTMLElement} */ (event.target).closest('tr[data-row]'));
    if (row?.classList.contains('wrong')) blame(row, problem(row));
    if (/** @type {HTMLElement} */ (event.target).matches('[data-grid-find]')) { const find = /** @type {HTMLInputElement} */ (event.target).value.toLowerCase(); for (const each of rows()) each.hidden = !name(each).toLowerCase().includes(find); }
    total();
  });
  form.addEventListener('picked', event => {
    const row = /** @type {HTMLElement} */ (/** @type {HTMLElement} */ (event.target).closest('tr')), picked = /** @type {CustomEvent} */ (event).detail;
    row.dataset.seen = picked.seen ?? '0'; row.dataset.floor = picked.floor ?? '0';
    const before = /** @type {HTMLInputElement|null} */ (one('[data-seen-input]', row));
    if (before) before.value = row.dataset.seen;
    if (seen(row) && !amount(row).value) amount(row).value = String(seen(row));
    say('[data-use]', floor(row) ? `${words(floor(row))} in use, cannot go below` : seen(row) ? `has ${words(seen(row))} now` : 'new here', row);
    blame(row, ''); total(); amount(row).focus(); amount(row).select();
  });
  form.addEventListener('change', event => {
    const choice = /** @type {HTMLInputElement} */ (event.target), row = /** @type {HTMLElement|null} */ (choice.closest('tr'));
    if (!choice.matches('[data-conflict]') || !row) return;
    const owner = row.previousElementSibling;
    if (owner instanceof HTMLElement) { amount(owner).value = choice.dataset.conflict ?? ''; total(); }
  });
  form.addEventListener('keydown', event => {
    const target = /** @type {HTMLElement} */ (event.target), row = /** @type {HTMLElement|null} */ (target.closest('tr[data-row]'));
    // Enter outside a row would press the form's first button, which is the search for those without script.
    if (event.key === 'Enter' && target.matches('input') && !row) event.preventDefault();
    if (!row || !target.matches('input:not([type=checkbox], [type=radio])')) return;
    if (event.key === 'Enter') { event.preventDefault(); save(row); }
    if (event.key === 'Escape') { event.preventDefault(); cancel(row); }
  });
  form.addEventListener('submit', event => {
    const open = rows().filter(row => row.classList.contains('editing') && !save(row, false));
    if (open.length) { event.preventDefault(); toast('One row is not complete yet.'); } else sending = true;
  });
  addEventListener('beforeunload', event => { if (!sending && rows().some(row => wanted(row) !== seen(row))) event.preventDefault(); });
  showEmpty(); total();
};
all('form[data-grid]').forEach(form => runGrid(/** @type {HTMLFormElement} */ (form)));
