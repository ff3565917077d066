/** Checkout: fields follow the country, the day of delivery the postal code, and one press makes one order. */
import { init as followCountry } from "showfloor/address";

const TYPING_MS = 350;
const RETRY_MS = 1200;

/** @param {ParentNode} root */
export function init(root) {
  const form = /** @type {HTMLFormElement | null} */ (root.querySelector("[data-checkout]"));
  if (!form) return;
  const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (root.querySelectorAll("[data-pay]"));
  followCountry(form);
  pressOnce(form, buttons);
  followPostalCode(form);
  for (const input of form.querySelectorAll("input, select"))
    input.addEventListener("input", () => mark(/** @type {HTMLInputElement} */ (input), ""));
  // The first of two presses still runs: the same request again finds its order.
  if ("retry" in form.dataset) setTimeout(() => form.requestSubmit(buttons[0]), RETRY_MS);
}

/** @param {HTMLFormElement} form @param {NodeListOf<HTMLButtonElement>} buttons */
function pressOnce(form, buttons) {
  let isSent = false;
  form.addEventListener("submit", (event) => {
    if (isSent) event.preventDefault();
    if (event.submitter?.closest("[data-change-country]")) return;
    isSent = true;
    for (const button of buttons) button.setAttribute("aria-disabled", "true");
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    isSent = false;
    for (const button of buttons) button.removeAttribute("aria-disabled");
  });
}

/** @param {HTMLFormElement} form */
function followPostalCode(form) {
  const code = /** @type {HTMLInputElement} */ (form.elements.namedItem("postal_code"));
  const country = /** @type {HTMLSelectElement} */ (form.elements.namedItem("country"));
  const place = form.querySelector("[data-delivery]");
  let timer = 0;
  let asked = `${code.value} ${country.value}`;

  const ask = async (/** @type {boolean} */ isDone) => {
    clearTimeout(timer);
    const wanted = `${code.value.trim()} ${country.value}`;
    if ((!code.value.trim() && code.required) || (wanted === asked && !isDone)) return;
    asked = wanted;
    const lines = /** @type {HTMLInputElement} */ (form.elements.namedItem("lines")).value;
    const query = new URLSearchParams(Object.keys(JSON.parse(lines)).map((sku) => ["sku", sku]));
    query.set("postal_code", code.value.trim());
    query.set("country", country.value);
    try {
      const answer = await fetch(`${form.dataset.deliveryUrl}?${query}`, { headers: { Accept: "application/json" } });
      if (!answer.ok || wanted !== asked) return;
      const { error, html } = await answer.json();
      if (place) place.innerHTML = html;
      if (!error || isDone) mark(code, error);
    } catch {
      // Offline: the order itself will say so.
    }
  };
  code.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(ask, TYPING_MS, false);
  });
  // Leaving the field is the moment to say what is wrong with it, not typing.
  code.addEventListener("change", () => ask(true));
  form.addEventListener("showfloor:fields", () => ask(true));
}

/** Put words beside a field, or take them away. @param {HTMLInputElement} input @param {string} words */
function mark(input, words) {
  const error = /** @type {HTMLElement | null} */ (
    input.closest("[data-field]")?.querySelector("[data-error]") ?? null
  );
  if (!error) return;
  error.hidden = !words;
  const text = error.querySelector("span");
  if (text) text.textContent = words;
  if (words) {
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", error.id);
  } else {
    input.removeAttribute("aria-invalid");
  }
}
