/** A receipt's page: a button that prints it. Without script the browser's own menu does. */

/** @param {Document} page */
export function init(page) {
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (page.querySelectorAll("[data-print]"))) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
}
