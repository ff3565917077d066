/** What every page's frame does: hearts that answer at once, the cart's count, and the reader's own times. Without script, all of it is forms. */

import { init as localMoments } from "showfloor/moments";

/** @param {Document} page */
export function init(page) {
  localMoments(page);
  page.documentElement.classList.add("is-scripted");
  page.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.matches("[data-wish], [data-wish-line]")) {
      event.preventDefault();
      void wish(form);
    }
  });
  page.addEventListener("keydown", closeAround);
  const code = page.querySelector("#place input[name=postal_code]");
  page.querySelector("#place")?.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "open") /** @type {HTMLInputElement} */ (code)?.select();
  });
}

/** Escape closes what a search field stands in at once; browsers would empty the field first. @param {KeyboardEvent} event */
function closeAround(event) {
  const field = /** @type {HTMLElement} */ (event.target);
  if (event.key !== "Escape" || event.isComposing || !field.matches("input[type=search]")) return;
  const around = /** @type {HTMLElement | null} */ (field.closest("dialog[open], [popover]:popover-open"));
  if (!around) return;
  event.preventDefault();
  if (around instanceof HTMLDialogElement) around.close();
  else around.hidePopover();
}

/** A form's address; `form.action` would be its field of that name. @param {HTMLFormElement} form */
const address = (form) => form.getAttribute("action") ?? "";

/**
 * Sends a form and returns its JSON answer; status 0 when none came.
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} [submitter]
 * @returns {Promise<{ok: boolean, status: number, body: any}>}
 */
export async function send(form, submitter = null) {
  try {
    const body = new FormData(form, /** @type {HTMLButtonElement | null} */ (submitter));
    const answer = await fetch(address(form), { method: "POST", body, headers: { Accept: "application/json" } });
    return { ok: answer.ok, status: answer.status, body: await answer.json().catch(() => ({})) };
  } catch {
    return { ok: false, status: 0, body: {} };
  }
}

/** @param {number} count units in the cart */
export function showCount(count) {
  const cart = document.querySelector("[data-cart]");
  const badge = /** @type {HTMLElement | null | undefined} */ (cart?.querySelector(".count"));
  if (!cart || !badge) return;
  badge.textContent = String(count);
  badge.hidden = count < 1;
  cart.setAttribute(
    "aria-label",
    (count === 1 ? cart.getAttribute("data-one") : (cart.getAttribute("data-many") ?? ""))?.replace(
      "{n}",
      String(count),
    ) ?? "",
  );
}

/** @param {HTMLFormElement} form */
async function wish(form) {
  const button = form.querySelector("button");
  const action = /** @type {HTMLInputElement} */ (form.elements.namedItem("action"));
  if (!button || button.getAttribute("aria-busy") === "true") return;
  const isWish = action.value === "add";
  draw(form, button, action, isWish);
  button.setAttribute("aria-busy", "true");
  const data = new FormData(form);
  data.set("action", isWish ? "add" : "remove");
  let status = 0;
  /** @type {any} */ let body = {};
  try {
    const answer = await fetch(address(form), { method: "POST", body: data, headers: { Accept: "application/json" } });
    status = answer.status;
    body = await answer.json();
  } catch {
    // Told below, as any other refusal.
  }
  button.removeAttribute("aria-busy");
  if (status === 401 && body.login) location.assign(body.login);
  else if (status !== 200) draw(form, button, action, !isWish);
}

/** @param {HTMLFormElement} form @param {HTMLButtonElement} button @param {HTMLInputElement} action @param {boolean} isWished */
function draw(form, button, action, isWished) {
  button.setAttribute("aria-pressed", String(isWished));
  button.querySelector(".icon")?.classList.toggle("icon--fill", isWished);
  action.value = isWished ? "remove" : "add";
  const text = button.querySelector("span");
  if (text) text.textContent = (isWished ? form.dataset.wished : form.dataset.unwished) ?? text.textContent;
}
