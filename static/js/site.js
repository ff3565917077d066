/**
 * The site's socket, on every page that has no show's: one's own orders, as "showfloor:order" events on `document`
 * (`event.detail`: {id, state, expires_at}), and what is announced, over any page. A show's socket brings the same, so a page never needs both.
 */
import * as announcements from "showfloor/announcements";
import { connect, wires } from "showfloor/wire";

/** @param {Document} page */
export function init(page) {
  const start = () => {
    const [wire = connect({ path: "/ws/site/" })] = wires;
    announcements.attach(page, wire);
  };
  // Every script of the page has run by then, so a show's page has its socket.
  if (page.readyState === "complete") start();
  else addEventListener("load", start, { once: true });
}
