/** The bar of unpaid orders: counts down, and drops an order that was paid, cancelled, or ran out. */
import { init as countDown } from "showfloor/countdown";

const GOODBYE_MS = 6000;

/** @param {ParentNode} root */
export function init(root) {
  const bar = /** @type {HTMLElement | null} */ (root.querySelector("[data-unpaid]"));
  if (!bar) return;
  countDown(bar);
  document.addEventListener("showfloor:order", (event) => {
    const { id, state } = /** @type {CustomEvent} */ (event).detail;
    if (state !== "created") drop(bar, bar.querySelector(`[data-unpaid-order="${CSS.escape(id)}"]`));
  });
  bar.addEventListener("showfloor:hold-over", (event) => {
    const row = /** @type {HTMLElement} */ (event.target).closest("[data-unpaid-order]");
    row?.querySelector(".unpaid__pay")?.remove();
    setTimeout(() => drop(bar, row), GOODBYE_MS);
  });
}

/** @param {HTMLElement} bar @param {Element | null} row */
function drop(bar, row) {
  row?.remove();
  if (!bar.querySelector("[data-unpaid-order]")) bar.hidden = true;
}
