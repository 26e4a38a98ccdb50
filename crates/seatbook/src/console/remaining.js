
// ---- What remains: form[data-remaining]; [data-share="<key>"] fields draw on [data-left="<key>"] ------------------
// `data-seen` is the share the page was built with, `data-free` what its pool had left then. The server counts again.

/** @param {HTMLFormElement} form */
const runRemaining = form => {
  const fields = /** @type {HTMLInputElement[]} */ (all('[data-share]', form));
  const show = () => fields.forEach(field => {
    const place = one(`[data-left="${field.dataset.share}"]`, form), change = one(`[data-changes="${field.dataset.share}"]`, form);
    const moved = Math.trunc(Number(field.value) || 0) - Number(field.dataset.seen), left = Number(field.dataset.free) - moved;
    if (place) { place.textContent = words(left); place.classList.toggle('bad', left < 0); }
    if (change) change.textContent = moved === 0 ? '–' : (moved > 0 ? '+' : '') + words(moved);
  });
  form.addEventListener('input', show);
  show();
};
all('form[data-remaining]').forEach(form => runRemaining(/** @type {HTMLFormElement} */ (form)));
