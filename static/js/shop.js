/** The shop's filters: results change in place, the address with them; on a phone the filters are a sheet. */

const WAIT_MS = 250;

/** @type {AbortController | null} */
let asking = null;

/** @param {Document} page */
export function init(page) {
  const form = /** @type {HTMLFormElement | null} */ (page.querySelector("[data-filters]"));
  if (!form) return;
  let timer = 0;
  page.addEventListener("change", (event) => {
    const field = /** @type {HTMLElement} */ (event.target);
    if (field.matches("[data-mirror]")) {
      const sort = /** @type {HTMLSelectElement} */ (page.querySelector("#sort"));
      sort.value = /** @type {HTMLSelectElement} */ (field).value;
    } else if (!field.closest("[data-filters]") && !field.matches("[data-submits]")) return;
    clearTimeout(timer);
    timer = window.setTimeout(() => void go(page, address(page)), WAIT_MS);
  });
  page.addEventListener("submit", (event) => {
    if (!(/** @type {HTMLElement} */ (event.target).matches("[data-filters]"))) return;
    event.preventDefault();
    clearTimeout(timer);
    // What was refused is said beside its field, in the sheet.
    void go(page, address(page)).then(() => showRefused(page) || closeSheet(page));
  });
  page.addEventListener("click", (event) => {
    const mouse = /** @type {MouseEvent} */ (event);
    const link = /** @type {HTMLAnchorElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("a"));
    if (!link || mouse.metaKey || mouse.ctrlKey || mouse.shiftKey) return;
    if (link.matches("[data-sheet]")) openSheet(page, link);
    else if (link.matches("[data-sheet-close]")) closeSheet(page);
    else if (link.matches("[data-more]")) void more(page, link);
    else if (link.closest(".chosen")) void go(page, link.href);
    else return;
    event.preventDefault();
  });
  page.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeSheet(page);
    else if (event.key === "Tab") keepInside(page, event);
  });
  window.addEventListener("popstate", () => void go(page, location.href, { isNew: false }));
}

/** The address that the filters ask for, empty ones left out. @param {Document} page */
function address(page) {
  const form = /** @type {HTMLFormElement} */ (page.querySelector("[data-filters]"));
  const query = new URLSearchParams();
  const sort = /** @type {HTMLSelectElement | null} */ (page.querySelector("#sort"));
  for (const [name, value] of new FormData(form)) {
    const isUsual = name === "sort" && sort?.selectedIndex === 0;
    if (value !== "" && !isUsual) query.append(name, String(value));
  }
  return `${form.action}?${query}`;
}

/** @param {string} href @returns {Promise<Document>} */
async function read(href) {
  asking?.abort();
  asking = new AbortController();
  const answer = await fetch(href, { headers: { Accept: "text/html" }, signal: asking.signal });
  if (!answer.ok) throw new Error(String(answer.status));
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/** @param {Document} page @param {string} href @param {{isNew?: boolean}} [options] */
async function go(page, href, { isNew = true } = {}) {
  const results = page.querySelector("[data-results]");
  results?.setAttribute("aria-busy", "true");
  try {
    const fresh = await read(href);
    if (isNew) history.pushState(null, "", shown(href));
    page.title = fresh.title;
    const focused = name(page.activeElement);
    for (const part of [
      ".head",
      ".fbar",
      "[data-filters]",
      "[data-results]",
      ".place",
      ".only-phone[popovertarget=place]",
    ]) {
      const old = page.querySelector(part);
      const now = fresh.querySelector(part);
      if (old && now) old.replaceWith(page.importNode(now, true));
    }
    if (focused) /** @type {HTMLElement | null} */ (page.querySelector(focused))?.focus({ preventScroll: true });
  } catch (error) {
    if (/** @type {Error} */ (error).name !== "AbortError") location.assign(href);
  }
}

/** Bring the first field that was refused into sight, if there is one. @param {Document} page */
function showRefused(page) {
  const field = /** @type {HTMLElement | null} */ (page.querySelector("[data-filters] [aria-invalid=true]"));
  field?.focus();
  return field !== null;
}

/** The postal code is remembered by the server; it need not stay in the address. @param {string} href */
function shown(href) {
  const url = new URL(href, location.href);
  url.searchParams.delete("postal_code");
  return url.href;
}

/** A selector that finds a field again after the form was drawn anew. @param {Element | null} field */
function name(field) {
  if (!(field instanceof HTMLElement) || !field.closest(".head, .fbar, [data-filters]")) return "";
  if (field.id) return `#${CSS.escape(field.id)}`;
  if (field instanceof HTMLInputElement)
    return `[name="${CSS.escape(field.name)}"][value="${CSS.escape(field.value)}"]`;
  return "";
}

/** Append the next products where the reader is. @param {Document} page @param {HTMLAnchorElement} link */
async function more(page, link) {
  link.setAttribute("aria-disabled", "true");
  try {
    const fresh = await read(link.href);
    const grid = page.querySelector(".grid");
    const had = grid?.querySelectorAll(".card").length ?? 0;
    const added = [...fresh.querySelectorAll(".grid .card")].slice(had).map((card) => page.importNode(card, true));
    grid?.append(...added);
    page
      .querySelector(".more")
      ?.replaceWith(page.importNode(/** @type {Element} */ (fresh.querySelector(".more")), true));
    /** @type {HTMLElement | null | undefined} */ (added[0]?.querySelector("a"))?.focus({ preventScroll: true });
    history.replaceState(null, "", link.href.split("#")[0]);
  } catch (error) {
    if (/** @type {Error} */ (error).name !== "AbortError") location.assign(link.href);
  }
}

/** @type {HTMLElement | null} */
let opener = null;

/** @param {Document} page @param {HTMLElement} link */
function openSheet(page, link) {
  const sheet = /** @type {HTMLElement} */ (page.querySelector("#filters"));
  opener = link;
  sheet.classList.add("is-open");
  sheet.setAttribute("role", "dialog");
  sheet.setAttribute("aria-modal", "true");
  page.body.style.overflow = "hidden";
  /** @type {HTMLElement} */ (sheet.querySelector("[data-sheet-close]")).focus();
}

/** @param {Document} page */
function closeSheet(page) {
  const sheet = page.querySelector("#filters.is-open");
  if (!sheet) return;
  sheet.classList.remove("is-open");
  sheet.setAttribute("role", "region");
  sheet.removeAttribute("aria-modal");
  page.body.style.overflow = "";
  (opener?.isConnected ? opener : /** @type {HTMLElement | null} */ (page.querySelector("[data-sheet]")))?.focus();
}

/** @param {Document} page @param {KeyboardEvent} event */
function keepInside(page, event) {
  const sheet = page.querySelector("#filters.is-open");
  if (!sheet) return;
  const stops = /** @type {HTMLElement[]} */ ([
    ...sheet.querySelectorAll("a[href], input:not([type=hidden]), button"),
  ]).filter((stop) => stop.offsetParent);
  const last = stops[stops.length - 1];
  if (event.shiftKey && page.activeElement === stops[0]) last.focus();
  else if (!event.shiftKey && page.activeElement === last) stops[0].focus();
  else return;
  event.preventDefault();
}
