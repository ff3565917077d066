/**
 * What a show sells, as its page shows it: numbers, prices, and which product is on the table.
 *
 * Marks in the page: `[data-stock=SKU]` (with `[data-left]`, `[data-of]`, `.bar > i`), `[data-price=SKU]`, `[data-item=SKU]`.
 * A number that may be old says so (`data-stale`).
 */
import { money } from "showfloor/sums";
import { languageOfDates } from "showfloor/moments";
import { showPicture } from "showfloor/pictures";
import { LOW_STOCK } from "showfloor/stock";
import { say } from "showfloor/words";

/**
 * @typedef {{sku: string, name: string, label: string, title: string, url: string, price_minor: number, currency: string,
 *   picture: string, alt: string, available: number, version: number, of: number, delivery_on: string | null, choices: string[]}} Item
 */

/** "Wed 25 Nov" @param {string} isoDay */
export function day(isoDay) {
  const options = /** @type {const} */ ({ weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
  return new Intl.DateTimeFormat(languageOfDates(), options).format(new Date(isoDay)).replace(",", "");
}

export class Goods extends EventTarget {
  isStale = false;

  /** @param {Document} page @param {{slug: string, items: Record<string, Item>, pinned_sku: string | null, run_list: string[]}} show */
  constructor(page, show) {
    super();
    this.page = page;
    this.slug = show.slug;
    this.items = show.items;
    this.pinned = show.pinned_sku;
    this.runList = show.run_list;
  }

  /** @param {string} sku @returns {Item | undefined} */
  item(sku) {
    return this.items[sku];
  }

  /** Take in numbers and prices; an older version of a number is left alone. @param {Record<string, Partial<Item>>} news */
  apply(news) {
    for (const [sku, fresh] of Object.entries(news)) {
      const item = this.items[sku];
      if (!item) continue;
      const isNewer = fresh.version !== undefined && fresh.version > item.version;
      const isPriced = fresh.price_minor !== undefined && fresh.price_minor !== item.price_minor;
      if (isNewer) Object.assign(item, { available: fresh.available, version: fresh.version });
      if (isPriced) Object.assign(item, { price_minor: fresh.price_minor, currency: fresh.currency });
      if (isNewer || isPriced) this.draw(sku, isNewer);
    }
    this.dispatchEvent(new Event("change"));
  }

  /** @param {boolean} isStale the socket is lost, or back */
  setStale(isStale) {
    if (this.isStale === isStale) return;
    this.isStale = isStale;
    for (const sku of Object.keys(this.items)) this.draw(sku);
    for (const word of this.page.querySelectorAll("[data-stale-word]"))
      /** @type {HTMLElement} */ (word).hidden = !isStale;
  }

  /** @param {string} sku @param {boolean} [isNews] the number changed just now */
  draw(sku, isNews = false) {
    const item = this.items[sku];
    const name = CSS.escape(sku);
    const isOut = item.available <= 0;
    for (const element of this.#all(`[data-stock="${name}"]`)) {
      element.toggleAttribute("data-stale", this.isStale);
      element.toggleAttribute("data-out", isOut);
      element.toggleAttribute("data-low", !isOut && item.available <= LOW_STOCK);
      const left = element.querySelector("[data-left]");
      const isSmall = element.classList.contains("meta");
      const text = this.isStale
        ? say(isOut ? "out_maybe" : isSmall ? "about_short" : "about", { n: item.available })
        : isOut
          ? say("sold_out")
          : say("left", { n: item.available });
      if (left && left.textContent !== text) {
        left.textContent = text;
        if (isNews) roll(left);
      }
      const of = element.querySelector("[data-of]");
      const most = Math.max(item.of, item.available);
      if (of) of.textContent = isOut || this.isStale || !item.of ? "" : say("of", { n: most });
      const bar = /** @type {HTMLElement | null} */ (element.querySelector(".bar > i"));
      bar?.style.setProperty("--of", `${most ? Math.round((100 * Math.max(0, item.available)) / most) : 0}%`);
    }
    for (const element of this.#all(`[data-item="${name}"]`)) element.toggleAttribute("data-out", isOut);
    for (const element of this.#all(`[data-price="${name}"]`))
      element.textContent = money(item.price_minor, item.currency);
    if (sku === this.pinned) this.#drawPinned(false);
  }

  /** Put a product on the table, or clear it. @param {string | null} sku */
  async pin(sku) {
    this.pinned = sku;
    if (sku && !this.items[sku]) await this.refetch();
    if (this.pinned !== sku) return;
    for (const element of this.#all("[data-item]")) {
      const isHere = element.dataset.item === sku;
      if (isHere) element.setAttribute("aria-current", "true");
      else element.removeAttribute("aria-current");
      const here = /** @type {HTMLElement | null} */ (element.querySelector("[data-here]"));
      if (here) here.hidden = !isHere;
      const strip = element.parentElement;
      if (isHere && strip && strip.scrollWidth > strip.clientWidth) {
        strip.scrollTo({ left: element.offsetLeft - strip.offsetLeft - 2, behavior: "smooth" });
      }
    }
    this.#drawPinned(true);
  }

  /** The host changed the run list. @param {string[]} skus */
  async setRunList(skus) {
    const drawn = this.#all(".run [data-item]").map((element) => element.dataset.item);
    if (drawn.join("\n") === skus.join("\n")) return;
    await this.refetch();
    await this.pin(this.pinned);
  }

  /** Read the run list again from the server: it knows products that this page does not. */
  async refetch() {
    const answer = await fetch(`/shows/${this.slug}/run-list/`).catch(() => null);
    if (!answer?.ok) return;
    const fragment = new DOMParser().parseFromString(await answer.text(), "text/html");
    const data = JSON.parse(fragment.getElementById("run-list-data")?.textContent ?? "{}");
    for (const [sku, item] of Object.entries(data.items ?? {})) {
      if (!(this.items[sku]?.version > item.version)) this.items[sku] = item;
    }
    this.runList = data.run_list ?? this.runList;
    const fresh = fragment.querySelector("[data-run]");
    const old = this.page.querySelector("[data-run]");
    if (fresh && old) old.replaceChildren(...fresh.childNodes);
    for (const count of this.#all("[data-run-count]")) count.textContent = String(this.runList.length);
    for (const sku of Object.keys(this.items)) this.draw(sku);
    this.dispatchEvent(new Event("change"));
  }

  /** @param {boolean} isSwap */
  #drawPinned(isSwap) {
    const card = /** @type {HTMLElement | null} */ (this.page.querySelector("[data-pinned]"));
    const item = this.pinned ? this.items[this.pinned] : undefined;
    if (!card) return;
    card.hidden = !item;
    if (!item) return;
    const one = (/** @type {string} */ name) => /** @type {any} */ (card.querySelector(`[data-pin-${name}]`));
    const isOther = card.dataset.pinned !== item.sku;
    if (isOther) {
      card.dataset.pinned = item.sku;
      showPicture(one("picture"), item.picture, item.alt);
      one("title").textContent = item.title;
      one("delivery").hidden = !item.delivery_on;
      one("day").textContent = item.delivery_on ? say("arrives", { day: day(item.delivery_on) }) : "";
      /** @type {HTMLElement} */ (card.querySelector("[data-stock]")).dataset.stock = item.sku;
      one("buy").dataset.buyOpen = item.sku;
      card.toggleAttribute("data-swapped", false);
      if (isSwap) requestAnimationFrame(() => card.toggleAttribute("data-swapped", true));
    }
    one("price").textContent = money(item.price_minor, item.currency);
    const buy = one("buy");
    const isOut = item.available <= 0;
    buy.textContent = isOut ? say("sold_out") : say("buy");
    if (isOut) {
      buy.removeAttribute("href");
      buy.setAttribute("aria-disabled", "true");
    } else {
      buy.href = `/checkout/?${new URLSearchParams({ sku: item.sku, quantity: "1", session: this.slug })}`;
      buy.removeAttribute("aria-disabled");
    }
    if (isOther) this.draw(item.sku);
  }

  /** @param {string} selector @returns {HTMLElement[]} */
  #all(selector) {
    return [...this.page.querySelectorAll(selector)].map((element) => /** @type {HTMLElement} */ (element));
  }
}

/** A number that changes rolls once and rests. @param {Element} element */
function roll(element) {
  element.classList.remove("rolls");
  void (/** @type {HTMLElement} */ (element).offsetWidth);
  element.classList.add("rolls");
}
