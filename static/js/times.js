/** Times in the reader's own time zone, and countdowns by the server's clock. */
import { duration, twoDigits } from "showfloor/clock";
import { languageOfDates } from "showfloor/moments";
import { say } from "showfloor/words";

const DAY_MS = 86_400_000;

/**
 * Rewrite `time[data-when]` (day and hour), `time[data-day]` (day), and `time[data-slot]` (hour in `b`, day after it).
 * @param {ParentNode} root
 */
export function localTimes(root) {
  const language = languageOfDates();
  for (const element of /** @type {NodeListOf<HTMLTimeElement>} */ (
    root.querySelectorAll("time[data-when], time[data-day], time[data-slot]")
  )) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(+at)) continue;
    const hour = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
    const day = dayOf(at, language);
    if (element.dataset.slot !== undefined) {
      element.replaceChildren(Object.assign(document.createElement("b"), { textContent: hour }), day);
    } else element.textContent = element.dataset.when !== undefined ? `${day}, ${hour}` : day;
  }
}

/** "today", "tomorrow", or "Sun 22 Nov" @param {Date} at @param {string} language */
function dayOf(at, language) {
  const midnight = new Date();
  midnight.setHours(0, 0, 0, 0);
  const days = Math.floor((+at - +midnight) / DAY_MS);
  if (days === -1) return say("yesterday");
  if (days === 0) return say("today");
  if (days === 1) return say("tomorrow");
  return new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric", month: "short" })
    .format(at)
    .replace(",", "");
}

/**
 * Run `[data-countdown=ISO]` down to nothing; past that it says that the show starts any moment.
 * @param {ParentNode} root @param {number} skewMs how far the server's clock is ahead
 */
export function countDown(root, skewMs) {
  const element = /** @type {HTMLElement | null} */ (root.querySelector("[data-countdown]"));
  if (!element) return;
  const at = new Date(element.dataset.countdown ?? "");
  const digits = document.createElement("span");
  const when = document.createElement("small");
  const language = languageOfDates();
  const hour = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
  when.textContent = `${dayOf(at, language)}, ${hour}`;
  element.replaceChildren(digits, when);
  element.setAttribute("role", "timer");
  const tick = () => {
    const left = Math.max(0, Math.ceil((+at - Date.now() - skewMs) / 1000));
    const days = Math.floor(left / 86400);
    const clock = [Math.floor(left / 3600) % 24, Math.floor(left / 60) % 60, left % 60].map(twoDigits).join(":");
    digits.textContent =
      left === 0 ? say("starting") : days ? say("days_left", { n: days, time: clock }) : duration(left);
    digits.style.fontSize = left === 0 ? "var(--t-5)" : "";
    digits.style.letterSpacing = left === 0 ? "0" : "";
  };
  setInterval(tick, 500);
  tick();
}
