/**
 * Reactions: a tray of emojis; what everyone sends, summed by the server, rises over the picture. With reduced motion nothing
 * rises, and the newest shows for a moment instead.
 */

const AT_ONCE = 6; // of one emoji and batch: more would only hide the picture
const MOST = 24;
const OWN_EVERY_MS = 250;
const RISES_MS = 2600;

/** @param {HTMLElement} root holds `[data-react]` buttons and `[data-floats]` @param {import("showfloor/wire").Wire} wire */
export function attach(root, wire) {
  const floats = /** @type {HTMLElement | null} */ (root.querySelector("[data-floats]"));
  const tray = /** @type {HTMLElement | null} */ (root.querySelector("[data-tray]"));
  if (!floats || !tray) return;
  tray.hidden = false;
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
  let nextAt = 0;

  /** @param {string} emoji @param {number} delay */
  const rise = (emoji, delay) => {
    if (document.hidden || (isCalm.matches && floats.childElementCount > 0)) return;
    while (floats.childElementCount >= MOST) floats.firstElementChild?.remove();
    const one = document.createElement("span");
    one.textContent = emoji;
    one.style.setProperty("--at", `${Math.round(Math.random() * 100)}%`);
    one.style.setProperty("--wait", `${delay}ms`);
    floats.append(one);
    setTimeout(() => one.remove(), RISES_MS + delay);
  };

  tray.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-react]");
    const now = Date.now();
    if (!button || now < nextAt) return;
    nextAt = now + OWN_EVERY_MS;
    wire.react(/** @type {HTMLElement} */ (button).dataset.react ?? "");
  });
  wire.addEventListener("reactions", (event) => {
    for (const [emoji, count] of Object.entries(/** @type {CustomEvent} */ (event).detail.counts)) {
      for (let n = 0; n < Math.min(AT_ONCE, Number(count)); n++) rise(emoji, n * 120);
    }
  });
}
