// Finds what a person would name: `find(kind, name, within)` looks among what can be seen and reached now.
// In an open dialog only the dialog can be reached. `within` narrows to the row that says these words.
const [kind, name, within] = arguments;

const squash = text => text.replace(/\s+/g, ' ').trim();
const visible = element => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
/** What is read out of an element: not its decoration, and not what another control inside it holds. */
const spoken = element => {
  const copy = element.cloneNode(true);
  copy.querySelectorAll('[aria-hidden=true], select, textarea').forEach(part => part.remove());
  return squash(copy.textContent);
};
const called = element => squash(
  element.getAttribute('aria-label') || [...element.labels ?? []].map(spoken).join(' ') || spoken(element));
const KINDS = {
  link: 'a[href]',
  button: 'button, summary, [role=button]',
  field: 'input:not([type=hidden]), select, textarea',
  option: '[role=option]',
  heading: 'h1, h2, h3',
  focused: ':focus',
};

const row = scope => [...scope.querySelectorAll('tr, li')].filter(visible).find(candidate => {
  const written = [...candidate.querySelectorAll('input:not([type=hidden], [type=checkbox], [type=radio])')].filter(visible).map(input => input.value);
  return squash(`${candidate.innerText} ${written.join(' ')}`).includes(within);
});
const reach = document.querySelector('dialog[open]') ?? document.body;
const scope = within ? row(reach) : reach;
if (!scope) return null;
if (kind === 'text') return squash(scope.innerText).includes(name) ? scope : null;

const candidates = [...scope.querySelectorAll(KINDS[kind])].filter(visible);
const matches = test => candidates.find(candidate => test(called(candidate)));
return matches(it => it === name) ?? matches(it => it.startsWith(name)) ?? (kind === 'option' ? matches(it => it.includes(name)) : null) ?? null;
