
// ---- Rows of a form: [data-rows] holds [data-rows-body] and a template; a row is added and removed in place ------
// Without script the same buttons send the form, and the server shows it with a row more or less.

/** @param {HTMLElement} area */
const runRows = area => {
  const body = /** @type {HTMLElement} */ (one('[data-rows-body]', area)), template = /** @type {HTMLTemplateElement} */ (one('template', area));
  let added = 0;
  area.addEventListener('click', event => {
    const button = /** @type {HTMLElement|null} */ (/** @type {HTMLElement} */ (event.target).closest('[data-rows-add], [data-rows-remove]'));
    if (!button) return;
    event.preventDefault();
    if (button.matches('[data-rows-add]')) {
      const holder = document.createElement('tbody');
      holder.innerHTML = template.innerHTML.replaceAll('__key__', `n${Date.now().toString(36)}${++added}`);
      const row = /** @type {HTMLElement} */ (holder.firstElementChild);
      body.append(row); prepare(row); one('[role=combobox]', row)?.focus();
    } else {
      const row = /** @type {HTMLElement} */ (button.closest('[data-row]')), next = row.nextElementSibling ?? row.previousElementSibling;
      row.remove();
      ((next && one('[data-rows-remove]', next)) ?? one('[data-rows-add]', area))?.focus();
    }
  });
  area.addEventListener('picked', event => {
    const row = /** @type {HTMLElement} */ (/** @type {HTMLElement} */ (event.target).closest('[data-row]')), name = one('[data-units-name]', row), units = /** @type {HTMLInputElement|null} */ (one('[data-units-input]', row));
    if (name) name.textContent = /** @type {CustomEvent} */ (event).detail.units ?? 'units';
    units?.focus(); units?.select();
  });
};
all('[data-rows]').forEach(runRows);
