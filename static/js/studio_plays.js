/** How the show plays at its viewers, on the host's page: kept up to date with the other figures. */

/** @typedef {{p50_ms: number | null, p95_ms: number | null}} Spread */

/**
 * @param {Document} page
 * @param {{viewings: number, startup: Spread, latency: Spread, stalls: number, stalled_percent: number}} watching
 */
export function drawPlays(page, { viewings, startup, latency, stalls, stalled_percent }) {
  const list = /** @type {HTMLElement | null} */ (page.querySelector('[data-part="plays"]'));
  if (!list) return;
  list.hidden = !viewings;
  const seconds = (/** @type {number | null} */ ms) => (ms === null ? "–" : (ms / 1000).toFixed(1));
  /** @type {Record<string, (string | number)[]>} */
  const values = {
    startup: [seconds(startup.p50_ms)],
    "startup-worse": [seconds(startup.p95_ms)],
    latency: [seconds(latency.p50_ms)],
    "latency-worse": [seconds(latency.p95_ms)],
    stalled: [stalled_percent],
    stalls: [stalls, viewings],
  };
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("[data-plays]"))) {
    const [n, m = ""] = values[element.dataset.plays ?? ""];
    const text = (element.dataset.words ?? "").replace("{n}", String(n)).replace("{m}", String(m));
    if (element.textContent !== text) element.textContent = text;
  }
}
