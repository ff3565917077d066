/** A short word at the foot of the page, in `[data-toast]`, gone by itself. */

const SHOWN_MS = 3500;

/** @type {any} */
let timer;

/** @param {Document} page @param {string} text */
export function toast(page, text) {
  const place = /** @type {HTMLElement | null} */ (page.querySelector("[data-toast]"));
  if (!place) return;
  place.textContent = text;
  place.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => (place.hidden = true), SHOWN_MS);
}
