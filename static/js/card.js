/**
 * Stripe's card form on our pay page. What is typed there is in a frame of Stripe's; we only press its button.
 *
 *   <form data-card data-missing-text="…" data-refused-text="…">… <div data-card-fields>…</div> <button data-card-pay disabled>Pay</button></form>
 *   <script type="application/json" id="card">{"key": …, "secret": …, "back": …}</script>
 *
 * `secret` belongs to this payment alone. A declined card is no end: its words are shown and another may be tried,
 * until the time is up.
 */

/** @typedef {{key: string, secret: string, back: string}} Card */

/** @param {Document} root */
export function init(root) {
  const form = /** @type {HTMLFormElement | null} */ (root.querySelector("[data-card]"));
  const facts = root.getElementById("card");
  if (!form || !facts) return;
  /** @type {Card} */
  const card = JSON.parse(facts.textContent ?? "{}");
  // @ts-ignore Stripe.js has no types here
  const makeStripe = window.Stripe;
  if (!makeStripe || !card.key) return giveUp(form);
  const stripe = makeStripe(card.key);
  const elements = stripe.elements({ clientSecret: card.secret, appearance: appearance(root) });
  const fields = elements.create("payment", { layout: "tabs" });
  fields.on("ready", () => {
    form.querySelector("[data-card-wait]")?.remove();
    setBusy(form, false);
  });
  fields.on("loaderror", () => giveUp(form));
  fields.mount(form.querySelector("[data-card-fields]"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    pay(form, stripe, elements, card);
  });
  form.addEventListener("showfloor:hold-over", () => {
    form.dataset.over = "";
    setBusy(form, true);
    // The order's own page says what became of it, and of the money if some was on its way.
    location.assign(card.back);
  });
}

/** @param {HTMLFormElement} form @param {any} stripe @param {any} elements @param {Card} card */
async function pay(form, stripe, elements, card) {
  setBusy(form, true);
  say(form, "");
  const { error } = await stripe.confirmPayment({ elements, confirmParams: { return_url: card.back } });
  // Only an error comes back here: a success has led to `back`.
  if (!error || "over" in form.dataset) return;
  say(form, error.message || (form.dataset.refusedText ?? ""));
  setBusy(form, false);
}

/** @param {HTMLFormElement} form @param {boolean} isBusy */
function setBusy(form, isBusy) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("[data-card-pay]"));
  button.disabled = isBusy;
  form.toggleAttribute("aria-busy", isBusy);
}

/** @param {HTMLFormElement} form @param {string} text */
function say(form, text) {
  const place = /** @type {HTMLElement} */ (form.querySelector("[data-card-error]"));
  place.hidden = !text;
  /** @type {HTMLElement} */ (place.querySelector("span")).textContent = text;
}

/** Say that there is no form, and offer to look again. @param {HTMLFormElement} form */
function giveUp(form) {
  form.querySelector("[data-card-fields]")?.replaceChildren();
  say(form, form.dataset.missingText ?? "");
  /** @type {HTMLElement} */ (form.querySelector("[data-card-pay]")).hidden = true;
  /** @type {HTMLElement} */ (form.querySelector("[data-card-again]")).hidden = false;
}

/** Have the form look like the page around it. @param {Document} root */
function appearance(root) {
  const style = getComputedStyle(root.documentElement);
  const token = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  return {
    theme: "stripe",
    variables: {
      colorPrimary: token("--buy"),
      colorText: token("--n-9"),
      colorDanger: token("--live"),
      borderRadius: token("--r-1"),
      fontFamily: token("--sans"),
    },
  };
}
