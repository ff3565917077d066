/**
 * The studio's dialogs (`a[data-ask=NAME]` opens `dialog#ask-NAME`), its keyboard shortcuts, and the copying of addresses.
 * Without script the same links open the same dialogs by the page's address.
 */

import { toast } from "showfloor/toast";
import { say } from "showfloor/words";

const SEARCH_AFTER_MS = 250;

/**
 * @param {Document} page @param {import("showfloor/studio_parts").Parts} parts
 * @param {{onOpen?: (name: string) => void}} [options]
 */
export function dialogs(page, parts, { onOpen } = {}) {
  const dialogOf = (/** @type {string} */ name) =>
    /** @type {HTMLDialogElement | null} */ (page.getElementById(`ask-${name}`));
  const open = (/** @type {string} */ name) => {
    const dialog = dialogOf(name);
    if (!dialog) return;
    for (const other of page.querySelectorAll("dialog[open]")) /** @type {HTMLDialogElement} */ (other).close();
    dialog.showModal();
    onOpen?.(name);
    if (name === "add") search();
  };

  page.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const asker = /** @type {HTMLElement | null} */ (target.closest("[data-ask]"));
    const closer = target.closest("[data-close]");
    const isBackdrop = target instanceof HTMLDialogElement && isOutside(target, event);
    if (!asker && !closer && !isBackdrop) return;
    if (!isBackdrop) event.preventDefault();
    if (asker) open(asker.dataset.ask ?? "");
    else /** @type {HTMLDialogElement} */ (target.closest("dialog")).close();
  });

  const opened = /** @type {HTMLDialogElement | null} */ (page.querySelector("dialog[open]"));
  if (opened) {
    opened.close();
    opened.showModal();
    history.replaceState(null, "", location.pathname);
  }

  // --- finding products ---
  const find = /** @type {HTMLFormElement | null} */ (page.querySelector("[data-find]"));
  let timer = 0;
  const search = () =>
    parts.refresh(
      `?${new URLSearchParams({ ask: "add", q: /** @type {HTMLInputElement | null} */ (find?.elements.namedItem("q"))?.value ?? "" })}`,
    );
  find?.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, SEARCH_AFTER_MS);
  });
  find?.addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
}

/**
 * Single keys, while nothing is being typed and no dialog is open.
 * @param {Document} page @param {{lines: () => HTMLElement[]}} chat
 */
export function shortcuts(page, chat) {
  const click = (/** @type {string} */ selector) => () =>
    /** @type {HTMLElement | null} */ (page.querySelector(selector))?.click();
  const step = (/** @type {number} */ by) => () => {
    const lines = chat.lines();
    const at = lines.findIndex((line) => line.dataset.chosen !== undefined);
    const next = lines[at < 0 ? (by > 0 ? 0 : lines.length - 1) : Math.max(0, Math.min(lines.length - 1, at + by))];
    choose(lines, next);
    next?.scrollIntoView({ block: "nearest" });
  };
  /** @type {Record<string, () => void>} */
  const keys = {
    g: click("#go-live, .cam[data-state=ready]:not([hidden]) [data-camera-go]"),
    p: click("#pin-next"),
    u: click("#unpin"),
    a: click("#add-product"),
    e: click("#end-show"),
    n: click("#announce"),
    "?": click("[data-ask=keys]"),
    c: () => page.getElementById("say")?.focus(),
    j: step(1),
    k: step(-1),
    x: click(".line[data-chosen] .mod button"),
  };
  page.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.key === "Escape" && target.id === "say") target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (target.matches("input, select, textarea") || page.querySelector("dialog[open]")) return;
    const act = keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/** @param {HTMLElement[]} lines @param {HTMLElement | undefined} chosen */
export function choose(lines, chosen) {
  for (const line of lines) line.toggleAttribute("data-chosen", line === chosen);
}

/** `button[data-copy=ID]` copies a field and says so. @param {Document} page */
export function copying(page) {
  page.addEventListener("click", async (event) => {
    const button = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-copy]"));
    const field = /** @type {HTMLInputElement | null} */ (page.getElementById(button?.dataset.copy ?? ""));
    if (!button || !field) return;
    if (!(await copy(field))) return toast(page, say("copy_by_hand"));
    const word = button.textContent;
    button.textContent = button.dataset.copied ?? "";
    setTimeout(() => (button.textContent = word), 1500);
  });
}

/** @param {HTMLInputElement} field */
async function copy(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    // Not a secure page: have the browser copy a selection, for which the field must be seen.
    const secret = field.closest("details");
    if (secret) secret.open = true;
    field.select();
    return document.execCommand("copy");
  }
}

/** @param {HTMLElement} dialog @param {MouseEvent} event */
function isOutside(dialog, event) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return event.clientX < left || event.clientX > right || event.clientY < top || event.clientY > bottom;
}
