/**
 * The site's socket, on every page that has no show's: one's own orders, as "showfloor:order" events on `document`
 * (`event.detail`: {id, state, expires_at}). A show's socket brings the same, so a page never needs both.
 */
import { connect, wires } from "showfloor/wire";

/** @param {Document} page */
export function init(page) {
  const start = () => wires.size || connect({ path: "/ws/site/" });
  // Every script of the page has run by then, so a show's page has its socket.
  if (page.readyState === "complete") start();
  else addEventListener("load", start, { once: true });
}
