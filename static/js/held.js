/**
 * An order that is held while its buyer pays: its countdown, and how it ends.
 *
 * It hears of the end by the private `order` frame (`showfloor:order`), and asks by itself in case that is lost.
 * Events: `end` {order, sku, outcome: "paid" | "declined" | "expired" | "cancelled"}, `open` {opener}.
 */
import { api } from "showfloor/api";
import { minutesAndSeconds } from "showfloor/clock";
import { showPicture } from "showfloor/pictures";
import { money } from "showfloor/sums";
import { say } from "showfloor/words";

const ASK_MS = 4000;
const ASK_MS_WHEN_LOST = 1500;
const LAST_MINUTE_S = 60;
// On a phone, another tab would leave this show playing behind the provider's page, and its viewer in the other one.
const STAYS_HERE = "(max-width: 63.99rem), (pointer: coarse)";
const KEPT_IN = "showfloor:held:";

/** @typedef {{id: string, number: string, state: string, total_minor: number, currency: string, expires_at: string,
 *   cancel_reason?: string, email?: string, payment: {url: string} | null, access: string}} Order */

export class Held extends EventTarget {
  sku = "";
  /** @type {Order | null} */ #order = null;
  #wholeMs = 1;
  #clock = 0;
  #asking = 0;

  /**
   * @param {HTMLElement} side holds `[data-buy-held]`, and `[data-held-open]`: the way back to an order that waits
   * @param {import("showfloor/goods").Goods} goods @param {import("showfloor/wire").Wire} wire @param {{skewMs: number}} options
   */
  constructor(side, goods, wire, { skewMs }) {
    super();
    this.side = side;
    this.goods = goods;
    this.wire = wire;
    this.skewMs = skewMs;
    this.chip = /** @type {HTMLElement | null} */ (side.querySelector("[data-held-open]"));
    this.chip?.addEventListener("click", () => this.#tell("open", { opener: this.chip }));
    this.#one("let-go").addEventListener("click", () => this.#letGo());
    document.addEventListener("showfloor:order", (event) => {
      const { id, state } = /** @type {CustomEvent} */ (event).detail;
      if (this.#order?.id === id && state !== "created") this.#ask();
    });
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#ask());
  }

  /** @param {Order} order @param {string} sku */
  take(order, sku) {
    this.#forget();
    this.#order = order;
    this.sku = sku;
    this.#wholeMs = Math.max(1, this.#leftMs());
    sessionStorage.setItem(KEPT_IN + this.goods.slug, JSON.stringify({ order, sku }));
    if (order.access) this.wire.follow(order.id, order.access);
    const item = this.goods.item(sku);
    showPicture(this.#one("held-picture"), item?.picture ?? "");
    this.#one("held-name").textContent = item?.title ?? "";
    this.#one("held-number").textContent = order.number;
    this.#one("held-total").textContent = money(order.total_minor, order.currency);
    this.#aim(order.payment?.url ?? `/orders/${order.id}/pay/`);
    this.#one("held-error").hidden = true;
    this.#one("hold-warning").textContent = "";
    this.#clock = setInterval(() => this.#tick(), 500);
    this.#tick();
    this.#askLater();
  }

  /** Let Pay lead to the provider: in this tab on a phone, else in one of its own, beside the show. @param {string} url */
  #aim(url) {
    const pay = this.#one("pay");
    const isHere = matchMedia(STAYS_HERE).matches;
    Object.assign(pay, { href: url, target: isHere ? "" : "_blank", rel: isHere ? "" : "noopener" });
    if (isHere) for (const name of ["target", "rel"]) pay.removeAttribute(name);
    this.#one("pay-here").hidden = !isHere;
    this.#one("pay-there").hidden = isHere;
  }

  /** Look after an order that was held before this page was opened again. */
  resume() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(KEPT_IN + this.goods.slug) ?? "null");
      if (!kept) return;
      this.take(kept.order, kept.sku);
      this.#ask();
    } catch {
      sessionStorage.removeItem(KEPT_IN + this.goods.slug);
    }
  }

  #leftMs() {
    return Date.parse(this.#order?.expires_at ?? "") - (Date.now() + this.skewMs);
  }

  #tick() {
    const left = Math.max(0, Math.ceil(this.#leftMs() / 1000));
    const time = minutesAndSeconds(left);
    const text = left > 0 ? say("held_left", { time }) : say("checking_end");
    for (const element of [this.#one("hold-left"), this.#one("held-left")]) {
      if (element && element.textContent !== text) element.textContent = text;
    }
    this.#one("hold").classList.toggle("hold--last", left <= LAST_MINUTE_S);
    this.#one("hold-bar").style.setProperty(
      "--of",
      `${Math.max(0, Math.min(100, (100 * this.#leftMs()) / this.#wholeMs))}%`,
    );
    const warning = this.#one("hold-warning");
    if (left <= LAST_MINUTE_S && left > 0 && !warning.textContent) warning.textContent = say("last_minute");
    this.#one("pay").toggleAttribute("aria-disabled", left <= 0);
    // The bar at the top of the page says the same, if this page was opened with it.
    if (this.chip) this.chip.hidden = document.querySelector(`[data-unpaid-order="${this.#order?.id}"]`) !== null;
  }

  async #letGo() {
    const order = this.#order;
    if (!order) return;
    const answer = await api(`orders/${order.id}/cancel`, {
      method: "POST",
      body: {},
      headers: { "Order-Access": order.access },
    });
    if (this.#order !== order) return; // the news of it was faster
    if (answer.ok) return this.#end({ ...order, ...answer.body });
    await this.#ask();
    if (!this.#order) return;
    this.#one("held-error").hidden = false;
    this.#one("held-error").textContent = say("cancel_failed");
  }

  #askLater() {
    clearTimeout(this.#asking);
    if (this.#order) this.#asking = setTimeout(() => this.#ask(), this.wire.isFresh ? ASK_MS : ASK_MS_WHEN_LOST);
  }

  /** Ask how the order stands. */
  async #ask() {
    const order = this.#order;
    if (!order) return;
    const answer = await api(`orders/${order.id}`, { headers: { "Order-Access": order.access } });
    if (this.#order !== order) return;
    if (answer.ok && answer.body.state !== "created") return this.#end({ ...order, ...answer.body });
    if (answer.status === 404) return this.#forget();
    this.#askLater();
  }

  #forget() {
    clearInterval(this.#clock);
    clearTimeout(this.#asking);
    this.#order = null;
    this.sku = "";
    sessionStorage.removeItem(KEPT_IN + this.goods.slug);
    if (this.chip) this.chip.hidden = true;
  }

  /** @param {Order} order */
  #end(order) {
    const { sku } = this;
    this.#forget();
    const reasons = /** @type {Record<string, string>} */ ({ payment_failed: "declined", expired: "expired" });
    const outcome = order.state === "cancelled" ? (reasons[order.cancel_reason ?? ""] ?? "cancelled") : "paid";
    this.#tell("end", { order, sku, outcome });
  }

  /** @param {string} name @param {object} detail */
  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /** @param {string} name @returns {any} */
  #one(name) {
    return this.side.querySelector(`[data-${name}]`);
  }
}
