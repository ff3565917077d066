/** One product's page: choosing a variant shows its price, picture, stock and day; the cart answers in place. */
import { send, showCount } from "showfloor/frame";

/** @param {Document} page */
export function init(page) {
  const form = /** @type {HTMLFormElement | null} */ (page.querySelector("[data-buy]"));
  drive(/** @type {HTMLElement | null} */ (page.querySelector("[data-gallery]")));
  if (!form) return;
  form.addEventListener("change", (event) => {
    const radio = /** @type {HTMLInputElement} */ (event.target);
    if (radio.name === "sku") choose(page, radio);
  });
  page.addEventListener("showfloor:stock", () => redraw(page));
  form.addEventListener("submit", (event) => {
    if (!(/** @type {HTMLElement | null} */ (event.submitter)?.matches("[data-add]"))) return;
    event.preventDefault();
    void add(form, /** @type {HTMLButtonElement} */ (event.submitter));
  });
}

/** @param {Document} page @param {HTMLInputElement} radio */
function choose(page, radio) {
  const sku = radio.value;
  const stock = /** @type {HTMLElement | null} */ (page.querySelector(`[data-stock="${CSS.escape(sku)}"]`));
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll("[data-stock]")))
    each.hidden = each !== stock;
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll("[data-delivery]")))
    each.hidden = each.dataset.delivery !== sku;
  const price = page.querySelector("[data-price][aria-live]");
  if (price) price.textContent = radio.dataset.price ?? "";
  redraw(page);
  const picture = page.querySelector(`[data-picture="${CSS.escape(radio.dataset.picture ?? "")}"]`);
  const gallery = picture?.parentElement;
  if (picture && gallery && gallery.firstElementChild !== picture) {
    gallery.prepend(picture);
    gallery.scrollTo({ left: 0 });
  }
  const wish = /** @type {HTMLInputElement | null} */ (page.querySelector("[data-wish-line] [name=sku]"));
  if (wish) drawWish(/** @type {HTMLFormElement} */ (wish.form), sku);
  const url = new URL(location.href);
  url.searchParams.set("sku", sku);
  history.replaceState(null, "", url);
}

/** Arrow keys, Home and End move from picture to picture. @param {HTMLElement | null} gallery */
function drive(gallery) {
  gallery?.addEventListener("keydown", (event) => {
    const pictures = [...gallery.children];
    const last = pictures.length - 1;
    const isNearest = (/** @type {Element} */ one) =>
      Math.abs(
        one.getBoundingClientRect().left - pictures[0].getBoundingClientRect().left - Math.abs(gallery.scrollLeft),
      );
    const at = Number(
      gallery.dataset.at ??
        pictures.reduce((best, one, index) => (isNearest(one) < isNearest(pictures[best]) ? index : best), 0),
    );
    const forward = getComputedStyle(gallery).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const to = {
      [forward]: at + 1,
      [forward === "ArrowLeft" ? "ArrowRight" : "ArrowLeft"]: at - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(last, to));
    gallery.dataset.at = String(next);
    pictures[next].scrollIntoView({ block: "nearest", inline: "start" });
  });
}

/** Lets the buttons and choices say what the stock says. @param {Document} page */
function redraw(page) {
  const field = /** @type {NodeListOf<HTMLInputElement>} */ (page.querySelectorAll("[data-buy] [name=sku]"));
  const isOut = (/** @type {string} */ sku) =>
    page.querySelector(`[data-stock="${CSS.escape(sku)}"]`)?.hasAttribute("data-out") ?? false;
  for (const one of field) one.closest("label")?.toggleAttribute("data-out", isOut(one.value));
  const chosen = [...field].find((one) => one.type === "hidden" || one.checked);
  if (!chosen) return;
  const reaches = !chosen.dataset.away;
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (
    page.querySelectorAll("[data-add], [data-buy-now]")
  ))
    button.disabled = !reaches || isOut(chosen.value);
  const buy = /** @type {HTMLElement | null} */ (page.querySelector("[data-buy-now]"));
  if (buy) buy.textContent = (isOut(chosen.value) ? buy.dataset.out : buy.dataset.in) ?? "";
}

/** What the heart does for each variant that was looked at. @type {Map<string, string>} */
const wishes = new Map();

/** The heart belongs to the variant that is chosen. @param {HTMLFormElement} form @param {string} sku */
function drawWish(form, sku) {
  const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  wishes.set(field("sku").value, field("action").value);
  const known = JSON.parse(form.dataset.skus ?? "[]");
  const action = wishes.get(sku) ?? (known.includes(sku) ? "remove" : "add");
  field("sku").value = sku;
  field("action").value = action;
  const isWished = action === "remove";
  button.setAttribute("aria-pressed", String(isWished));
  button.querySelector(".icon")?.classList.toggle("icon--fill", isWished);
  const text = button.querySelector("span");
  if (text) text.textContent = (isWished ? form.dataset.wished : form.dataset.unwished) ?? "";
}

/** @param {HTMLFormElement} form @param {HTMLButtonElement} button */
async function add(form, button) {
  const said = /** @type {HTMLElement} */ (form.querySelector("[data-said]"));
  button.setAttribute("aria-busy", "true");
  const answer = await send(form, button);
  button.removeAttribute("aria-busy");
  if (answer.status === 0) {
    form.submit();
    return;
  }
  said.toggleAttribute("data-bad", !answer.ok);
  said.textContent = answer.ok ? answer.body.said : answer.body.detail;
  if (answer.ok) showCount(answer.body.count);
}
