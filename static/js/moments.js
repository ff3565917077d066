/**
 * Moments in the reader's own time zone: `<time datetime="…" data-local="when|day|hour">`, as {% moment %} writes them.
 * Until then, and without script, they are in the shop's zone, which they name.
 */

/** The page's language; plain English writes the day before the month, as the server does. */
export const languageOfDates = () =>
  document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang || "en-GB";

const CLOCK = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
/** @type {Record<string, Intl.DateTimeFormatOptions>} */
const KINDS = {
  when: { day: "numeric", month: "short", ...CLOCK },
  day: { day: "numeric", month: "long", year: "numeric" },
  hour: CLOCK,
};

/** Rewrite what is on the page, and whatever is put into it later. @param {Document} page */
export function init(page) {
  localise(page);
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) if (node instanceof Element) localise(node);
  }).observe(page.body, { childList: true, subtree: true });
}

/** @param {Document | Element} root */
function localise(root) {
  const inside = /** @type {NodeListOf<HTMLTimeElement>} */ (root.querySelectorAll("time[data-local]"));
  for (const time of root instanceof HTMLTimeElement && root.matches("[data-local]") ? [root, ...inside] : inside) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(+at)) continue;
    time.textContent = new Intl.DateTimeFormat(languageOfDates(), KINDS[time.dataset.local ?? ""] ?? KINDS.when).format(
      at,
    );
    time.title = new Intl.DateTimeFormat(languageOfDates(), { dateStyle: "full", timeStyle: "long" }).format(at);
  }
}
