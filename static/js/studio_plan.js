/** The form that plans a show: times are meant in the reader's own zone. */
import { localTimes } from "showfloor/times";

/** @param {Document} page */
export function plan(page) {
  localTimes(page);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const field = /** @type {HTMLInputElement | null} */ (page.querySelector("[data-zone]"));
  const hint = /** @type {HTMLElement | null} */ (page.querySelector("[data-zone-hint]"));
  if (!field || !hint || !zone) return;
  field.value = zone;
  hint.textContent = (hint.dataset.zoneHint ?? "").replace("{zone}", zone.replaceAll("_", " "));
}
