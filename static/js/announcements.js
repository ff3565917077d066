/**
 * What is said over every page: drawn by the server, kept true by the page's wire. A news flash or a disclaimer can be hidden
 * for this visit, an emergency can't.
 */

const HIDDEN = "showfloor-announcements-hidden";

/**
 * @typedef {{id: string, kind: string, text: string, until: string | null}} Announcement
 * @param {Document} page @param {import("showfloor/wire").Wire} wire
 */
export function attach(page, wire) {
  const place = /** @type {HTMLElement | null} */ (page.querySelector("[data-announced]"));
  if (!place) return;
  const words = (/** @type {string} */ name) => place.getAttribute(`data-words-${name}`) ?? "";
  const hidden = new Set(recall());
  /** @type {Map<string, any>} */
  const timers = new Map();

  const bars = () => /** @type {HTMLElement[]} */ ([...place.querySelectorAll("[data-announcement]")]);
  const idOf = (/** @type {HTMLElement} */ bar) => bar.dataset.announcement ?? "";

  /** Over a show one is in sight, the newest or an emergency, and a button for the others and the rest of its text. */
  const more = Object.assign(page.createElement("button"), { type: "button", className: "announced__more" });
  more.setAttribute("aria-label", words("more"));
  more.addEventListener("click", () => {
    // On a phone they unfold over the show, which stays where it is.
    if (!place.hasAttribute("data-open")) page.body.style.setProperty("--folded", `${place.offsetHeight}px`);
    place.toggleAttribute("data-open");
    fold();
  });
  const fold = () => {
    const all = bars();
    const first = all.findLast((bar) => bar.classList.contains("announced__one--emergency")) ?? all.at(-1);
    for (const bar of all) bar.toggleAttribute("data-first", bar === first);
    const text = first?.querySelector("p");
    const isOpen = place.hasAttribute("data-open");
    const isCut = Boolean(text && text.scrollHeight > text.clientHeight + 1);
    if (!first) place.removeAttribute("data-open");
    if (!first || (all.length === 1 && !isCut && !isOpen)) return more.remove();
    more.textContent = isOpen ? "−" : all.length > 1 ? `+${all.length - 1}` : "…";
    more.setAttribute("aria-expanded", String(isOpen));
    if (more.parentElement !== first) first.querySelector("p")?.after(more);
    return undefined;
  };
  new MutationObserver(fold).observe(place, { childList: true });
  addEventListener("resize", fold);

  /** @param {HTMLElement} bar */
  const dress = (bar) => {
    const id = idOf(bar);
    if (hidden.has(id)) return bar.remove();
    clearTimeout(timers.get(id));
    const left = bar.dataset.goneAt ? Date.parse(bar.dataset.goneAt) - Date.now() : NaN;
    if (left < 2 ** 31)
      timers.set(
        id,
        setTimeout(() => bar.remove(), Math.max(0, left)),
      );
    if (bar.classList.contains("announced__one--emergency") || bar.querySelector(".iconbtn")) return undefined;
    const button = Object.assign(page.createElement("button"), { type: "button", className: "iconbtn" });
    button.setAttribute("aria-label", words("hide"));
    button.innerHTML = '<svg class="icon" aria-hidden="true"><use href="#i-x"/></svg>';
    button.addEventListener("click", () => {
      hidden.add(id);
      remember([...hidden]);
      bar.remove();
    });
    bar.append(button);
    return undefined;
  };

  /** @param {Announcement} announcement */
  const draw = ({ id, kind, text, until }) => {
    const bar = page.createElement("div");
    bar.className = `announced__one announced__one--${kind}`;
    bar.dataset.announcement = id;
    if (until) bar.dataset.goneAt = until;
    bar.setAttribute("role", kind === "emergency" ? "alert" : "status");
    const line = page.createElement("p");
    line.append(Object.assign(page.createElement("b"), { textContent: words(kind) || words("flash") }), ` ${text}`);
    bar.append(line);
    const known = bars().find((one) => idOf(one) === id);
    if (known) known.replaceWith(bar);
    else place.append(bar);
    dress(bar);
  };

  for (const bar of bars()) dress(bar);
  fold();
  /** @type {Announcement[]} */
  let drawn = [];
  wire.addEventListener("state", (event) => {
    const { announcements } = /** @type {CustomEvent} */ (event).detail;
    if (announcements === drawn) return;
    for (const one of announcements) {
      const before = drawn.find(({ id }) => id === one.id);
      const isThere = bars().some((bar) => idOf(bar) === one.id);
      if (!isThere || (before && before.text !== one.text)) draw(one);
    }
    for (const bar of bars())
      if (!announcements.some((/** @type {Announcement} */ one) => one.id === idOf(bar))) bar.remove();
    drawn = announcements;
  });
}

/** @returns {string[]} */
function recall() {
  try {
    return JSON.parse(sessionStorage.getItem(HIDDEN) ?? "[]");
  } catch {
    return []; // storage is off: it comes back on the next page
  }
}

/** @param {string[]} ids */
function remember(ids) {
  try {
    sessionStorage.setItem(HIDDEN, JSON.stringify(ids.slice(-50)));
  } catch {
    // storage is off: it comes back on the next page
  }
}
