/**
 * Deadlines by the server's clock: text, ring, and a word when it is nearly over.
 *
 *   <span data-hold data-until="…Z" data-now="…Z">… <span data-hold-left>4:12</span></span>
 *
 * `data-now` is the server's time when the page was written. On `data-hold`, --left runs from 1 to 0 over
 * `data-window` seconds, `hold--last` is set in the last minute, and "showfloor:hold-over" is dispatched at zero.
 * `data-hold-warn` inside is an assertive live region: it speaks only in the last minute.
 */

import { minutesAndSeconds } from "showfloor/clock";

const LAST_MINUTE_S = 60;
const SPOKEN_AT_S = [60, 30, 10];

/** @typedef {{element: HTMLElement, untilMs: number, offsetMs: number, windowMs: number, spoken: number, isOver: boolean}} Hold */

/** @type {Set<Hold>} */
const holds = new Set();
let timer = 0;

/** @param {ParentNode} root */
export function init(root) {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (
    root.querySelectorAll("[data-hold]:not([data-hold-runs])")
  )) {
    const untilMs = Date.parse(element.dataset.until ?? "");
    if (Number.isNaN(untilMs)) continue;
    element.dataset.holdRuns = "";
    const offsetMs = (Date.parse(element.dataset.now ?? "") || Date.now()) - Date.now();
    const hold = {
      element,
      untilMs,
      offsetMs,
      windowMs: Number(element.dataset.window ?? 0) * 1000,
      spoken: Infinity,
      isOver: false,
    };
    holds.add(hold);
    draw(hold);
  }
  if (holds.size && !timer) tick();
}

/** Draw all, then wait for the next whole second of the first of them. */
function tick() {
  clearTimeout(timer);
  timer = 0;
  for (const hold of holds) {
    if (hold.element.isConnected && !hold.isOver) draw(hold);
    else holds.delete(hold);
  }
  if (!holds.size) return;
  const [first] = holds;
  const leftMs = first.untilMs - first.offsetMs - Date.now();
  timer = window.setTimeout(tick, Math.max(50, leftMs % 1000) + 5);
}

document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && holds.size && tick());

/** @param {Hold} hold */
function draw(hold) {
  const leftMs = hold.untilMs - hold.offsetMs - Date.now();
  const left = Math.max(0, Math.ceil(leftMs / 1000));
  const { element } = hold;
  const text = minutesAndSeconds(left);
  for (const place of element.querySelectorAll("[data-hold-left]"))
    if (place.textContent !== text) place.textContent = text;
  if (hold.windowMs)
    element.style.setProperty("--left", String(Math.min(1, Math.max(0, leftMs / hold.windowMs)).toFixed(4)));
  element.classList.toggle("hold--last", left <= LAST_MINUTE_S);
  warn(hold, left);
  if (left > 0) return;
  hold.isOver = true;
  const words = element.dataset.overText;
  const place = element.querySelector("[data-hold-say], [data-hold-words]");
  if (words && place) place.textContent = words;
  element.dispatchEvent(new CustomEvent("showfloor:hold-over", { bubbles: true }));
}

/** @param {Hold} hold @param {number} left */
function warn(hold, left) {
  const region = hold.element.querySelector("[data-hold-warn]");
  if (!region) return;
  const due = SPOKEN_AT_S.filter((at) => left <= at).at(-1);
  if (due === undefined || due >= hold.spoken) return;
  hold.spoken = due;
  region.textContent = left > 0 ? (hold.element.dataset.warnText ?? "").replace("{n}", String(left)) : "";
}
