// @ts-check
// One scheme marked in every chart and table: the one under the pointer or the focus, else the one that was chosen by a
// click, a search or Enter. Escape lets go of it.

/** @type {string | null} */
let chosen = null;
/** @type {string | null} */
let hovered = null;
/** @type {string | null} */
let shown = null;

/** @type {NodeListOf<HTMLElement>} */
const named = document.querySelectorAll("[data-scheme]");
const search = document.querySelector("#search");

function show() {
  const mark = hovered ?? chosen;
  if (mark === shown) return;
  shown = mark;
  for (const element of named) element.classList.toggle("marked", element.dataset.scheme === mark);
  document.dispatchEvent(new CustomEvent("mark", { detail: mark }));
}

/** @param {string | null} scheme */
function choose(scheme) {
  chosen = scheme === chosen ? null : scheme;
  for (const element of named) {
    if (element instanceof HTMLButtonElement) {
      element.setAttribute("aria-pressed", String(element.dataset.scheme === chosen));
    }
  }
  show();
}

/** @param {EventTarget | null} target */
function schemeAt(target) {
  const element = target instanceof Element ? target.closest("[data-scheme]") : null;
  return element instanceof HTMLElement ? (element.dataset.scheme ?? null) : null;
}

/** @param {string | null} scheme */
function hover(scheme) {
  hovered = scheme;
  show();
}

document.addEventListener("hover", (event) => {
  if (event instanceof CustomEvent) hover(event.detail);
});
document.addEventListener("pointerover", (event) => {
  const scheme = schemeAt(event.target);
  // Charts say themselves what the pointer is on.
  if (scheme !== null || !(event.target instanceof Element && event.target.closest("[data-chart]"))) hover(scheme);
});
document.addEventListener("focusin", (event) => hover(schemeAt(event.target)));
document.addEventListener("click", (event) => {
  const scheme = schemeAt(event.target);
  if (scheme !== null) choose(scheme);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || chosen === null) return;
  choose(null);
  hover(null);
});

if (search instanceof HTMLInputElement) {
  const names = [...new Set([...named].map((element) => element.dataset.scheme ?? ""))];
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    const found =
      names.find((name) => name.toLowerCase() === wanted) ??
      names.find((name) => wanted !== "" && name.toLowerCase().includes(wanted)) ??
      null;
    if (found !== chosen) choose(found);
  });
}
