/**
 * An order's page: counts down, and shows what became of the order without a reload.
 *
 * News comes by the socket ("showfloor:order"); while the order awaits payment the page asks by itself, too.
 */
import { copyText } from "showfloor/clipboard";
import { init as countDown } from "showfloor/countdown";

const ASK_MS = 4000;
const ASK_MS_HIDDEN = 20_000;

/** @param {Document} root */
export function init(root) {
  countDown(root);
  for (const link of root.querySelectorAll("[data-keep]")) link.addEventListener("click", copy);
  const page = /** @type {HTMLElement | null} */ (root.querySelector("[data-order]"));
  if (page) follow(page);
}

/** @param {HTMLElement} page */
function follow(page) {
  const { order: id = "", api = "", access = "" } = page.dataset;
  let state = page.dataset.state;
  let timer = 0;

  const later = () => {
    clearTimeout(timer);
    if (state === "created")
      timer = window.setTimeout(ask, document.visibilityState === "visible" ? ASK_MS : ASK_MS_HIDDEN);
  };
  const ask = async () => {
    try {
      const answer = await fetch(api, { headers: { Accept: "application/json", "Order-Access": access } });
      if (answer.ok) await heard(await answer.json());
    } catch {
      // Offline for now: asked again later.
    }
    later();
  };
  const heard = async (/** @type {{id: string, state: string}} */ news) => {
    if (news.id !== id || news.state === state) return;
    state = news.state;
    if (!(await redraw(page))) location.reload();
  };

  document.addEventListener("showfloor:order", (event) => heard(/** @type {CustomEvent} */ (event).detail));
  document.addEventListener(
    "visibilitychange",
    () => document.visibilityState === "visible" && state === "created" && ask(),
  );
  page.addEventListener("showfloor:hold-over", () => setTimeout(() => redraw(page), 1000));
  later();
}

/** Fetch the page again and put its order in place; say whether that worked. @param {HTMLElement} page */
async function redraw(page) {
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    if (!answer.ok) return false;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-order]");
    if (!fresh) return false;
    page.replaceChildren(...fresh.childNodes);
    page.dataset.state = /** @type {HTMLElement} */ (fresh).dataset.state;
    for (const link of page.querySelectorAll("[data-keep]")) link.addEventListener("click", copy);
    countDown(page);
    return true;
  } catch {
    return false;
  }
}

/** Copy the link instead of following it; where nothing can be copied, show it. @param {Event} event */
async function copy(event) {
  const link = /** @type {HTMLAnchorElement} */ (event.currentTarget);
  event.preventDefault();
  if (await copyText(link.href)) return link.replaceWith(link.dataset.kept ?? "");
  const field = Object.assign(document.createElement("input"), {
    className: "input",
    readOnly: true,
    value: link.href,
    ariaLabel: link.textContent,
  });
  link.replaceWith(field);
  field.select();
}
