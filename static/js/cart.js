/** The cart: a change redraws the lines and the sum where they stand, instead of the page. */

/** @param {Document} page */
export function init(page) {
  page.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (!form.closest("[data-basket]")) return;
    event.preventDefault();
    void change(page, form, /** @type {SubmitEvent} */ (event).submitter);
  });
}

/** @param {Document} page @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
async function change(page, form, submitter) {
  const basket = page.querySelector("[data-basket]");
  if (!basket || basket.getAttribute("aria-busy") === "true") return;
  basket.setAttribute("aria-busy", "true");
  const label = submitter?.getAttribute("aria-label");
  try {
    const body = new FormData(form, submitter);
    const answer = await fetch(form.getAttribute("action") ?? "", {
      method: "POST",
      body,
      headers: { Accept: "text/html" },
    });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = fresh.querySelector("[data-basket]");
    // An emptied cart has another page altogether.
    if (!now) return location.reload();
    basket.replaceWith(page.importNode(now, true));
    const cart = page.querySelector("[data-cart]");
    const counted = fresh.querySelector("[data-cart]");
    if (cart && counted) cart.replaceWith(page.importNode(counted, true));
    const again = /** @type {HTMLButtonElement | null} */ (
      label ? page.querySelector(`[aria-label="${CSS.escape(label)}"]`) : null
    );
    if (again && !again.disabled) again.focus({ preventScroll: true });
    else /** @type {HTMLElement | null} */ (page.querySelector("#main"))?.focus({ preventScroll: true });
  } catch {
    location.reload();
  }
}
