/**
 * Buying beside the picture: how many, where to, held, paid. The show goes on meanwhile.
 *
 * Posts to /api/v1/orders and waits for the private `order` frame (`showfloor:order`), asking by itself as well.
 */
import { api, fieldErrors } from "showfloor/api";
import { day, money } from "showfloor/goods";
import { say } from "showfloor/words";

const MOST = 20;
const ASK_MS = 4000;
const ASK_MS_WHEN_LOST = 1500;
const LAST_MINUTE_S = 60;
const KEPT_IN = "showfloor:held:";

/** @typedef {{id: string, number: string, state: string, total_minor: number, currency: string, expires_at: string, cancel_reason?: string,
 *   email?: string, payment: {url: string} | null, access: string}} Order */

export class Buying {
  sku = "";
  quantity = 1;
  #key = "";
  #keyBody = "";
  /** @type {Order | null} */ #order = null;
  #orderSku = "";
  #email = "";
  #heldMs = 1;
  #clock = 0;
  #asking = 0;
  /** @type {HTMLElement | null} */ #opener = null;

  /**
   * @param {HTMLElement} side the column that holds `[data-buy]`
   * @param {import("showfloor/goods").Goods} goods @param {import("showfloor/wire").Wire} wire @param {{skewMs: number}} options
   */
  constructor(side, goods, wire, { skewMs }) {
    this.side = side;
    this.panel = /** @type {HTMLElement} */ (side.querySelector("[data-buy]"));
    this.form = /** @type {HTMLFormElement} */ (this.panel.querySelector("[data-buy-form]"));
    this.goods = goods;
    this.wire = wire;
    this.skewMs = skewMs;
    this.#listen();
    this.#resume();
  }

  // --- opening and leaving ---

  #listen() {
    document.addEventListener("click", (event) => {
      const link = /** @type {HTMLElement} */ (event.target).closest?.("[data-buy-open]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const sku = /** @type {HTMLElement} */ (link).dataset.buyOpen;
      if (sku && !link.hasAttribute("aria-disabled")) this.open(sku, /** @type {HTMLElement} */ (link));
    });
    for (const button of this.#all("buy-close")) button.addEventListener("click", () => this.close());
    this.panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
      if (event.key === "Tab") this.#keepFocus(event);
    });
    this.#one("fewer").addEventListener("click", () => this.#setQuantity(this.quantity - 1));
    this.#one("more").addEventListener("click", () => this.#setQuantity(this.quantity + 1));
    this.#one("buy-fewer").addEventListener("click", () => this.#takeFewer());
    this.#one("to-change").addEventListener("click", () => this.#showFields());
    this.#one("let-go").addEventListener("click", () => this.#letGo());
    this.#one("end-again").addEventListener("click", () => this.#show("form"));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.form.addEventListener("input", (event) => this.#mark(/** @type {HTMLInputElement} */ (event.target), ""));
    this.goods.addEventListener("change", () => this.isOpen && this.#draw());
    document.addEventListener("showfloor:order", (event) => this.#heard(/** @type {CustomEvent} */ (event).detail));
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#ask());
    this.side.querySelector("[data-held-open]")?.addEventListener("click", (event) =>
      this.open(this.#orderSku, /** @type {HTMLElement} */ (event.currentTarget)));
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  /** @param {string} sku @param {HTMLElement} [opener] gets the focus back */
  open(sku, opener) {
    if (!this.goods.item(sku)) return;
    this.#opener = opener ?? null;
    const isHeld = this.#order && this.#orderSku === sku;
    if (this.sku !== sku) Object.assign(this, { sku, quantity: 1 });
    this.panel.hidden = false;
    this.side.toggleAttribute("data-buying", true);
    this.#show(isHeld ? "held" : "form");
    if (!isHeld) this.#refresh();
    this.#one("buy-title").focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("showfloor:buying"));
  }

  close() {
    this.panel.hidden = true;
    this.side.toggleAttribute("data-buying", false);
    const back = this.#opener?.isConnected ? this.#opener : this.side.querySelector("[data-pin-buy]");
    /** @type {HTMLElement | null} */ (back)?.focus({ preventScroll: true });
  }

  /** On a phone the panel is a sheet over the page: focus stays in it. @param {KeyboardEvent} event */
  #keepFocus(event) {
    const stops = /** @type {HTMLElement[]} */ ([...this.panel.querySelectorAll("a[href], button, input:not([type=hidden])")])
      .filter((stop) => stop.getClientRects().length && !(/** @type {any} */ (stop).disabled));
    if (getComputedStyle(this.panel).position !== "fixed" || !stops.length) return;
    const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
    if (document.activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
  }

  /** @param {"form" | "held" | "end"} state */
  #show(state) {
    this.form.hidden = state !== "form";
    this.#one("buy-held").hidden = state !== "held";
    this.#one("buy-end").hidden = state !== "end";
    if (state === "form") {
      this.#say("");
      this.#draw();
    }
  }

  // --- the form ---

  /** Numbers of siblings that are not on the run list don't come by the socket: ask for them. */
  async #refresh() {
    const skus = this.goods.item(this.sku)?.choices ?? [];
    const away = skus.filter((sku) => !this.goods.runList.includes(sku));
    if (!away.length) return;
    const answer = await api(`availability?${new URLSearchParams(away.map((sku) => ["sku", sku]))}`);
    if (answer.ok) this.goods.apply(Object.fromEntries(answer.body.results.map((/** @type {any} */ one) => [one.sku, one])));
  }

  #draw() {
    const item = this.goods.item(this.sku);
    if (!item) return;
    Object.assign(this.#one("buy-picture"), { src: item.picture });
    this.#one("buy-name").textContent = item.choices.length > 1 ? item.name : item.title;
    const stock = this.#one("buy-stock");
    if (stock.dataset.stock !== item.sku) {
      stock.dataset.stock = item.sku;
      this.goods.draw(item.sku);
    }
    this.#drawChoices(item);
    this.#setQuantity(this.quantity);
  }

  /** @param {import("showfloor/goods").Item} item */
  #drawChoices(item) {
    const choices = item.choices.map((sku) => this.goods.item(sku)).filter((one) => one !== undefined);
    this.#one("choices").hidden = choices.length < 2;
    const list = this.#one("choice-list");
    const drawn = choices.map((one) => `${one.sku} ${one.available > 0}`).join("\n");
    if (list.dataset.drawn !== drawn) {
      list.dataset.drawn = drawn;
      list.replaceChildren(...choices.map((one) => {
        const label = document.createElement("label");
        const radio = Object.assign(document.createElement("input"), { type: "radio", name: "choice", value: one.sku, disabled: one.available <= 0 });
        radio.addEventListener("change", () => {
          this.sku = one.sku;
          this.#draw();
        });
        label.append(radio, one.available > 0 ? one.label || one.title : `${one.label || one.title}, ${say("sold_out_short")}`);
        return label;
      }));
    }
    for (const radio of list.querySelectorAll("input")) radio.checked = radio.value === item.sku;
  }

  /** @param {number} wanted */
  #setQuantity(wanted) {
    const item = this.goods.item(this.sku);
    if (!item) return;
    const most = Math.max(1, Math.min(MOST, this.goods.isStale ? MOST : item.available));
    this.quantity = Math.max(1, Math.min(wanted, most));
    this.#one("quantity").textContent = String(this.quantity);
    this.#one("fewer").disabled = this.quantity <= 1;
    this.#one("more").disabled = this.quantity >= most;
    const sum = money(item.price_minor * this.quantity, item.currency);
    this.#one("buy-line").textContent = this.quantity > 1 ? `${this.quantity} × ${item.title}` : item.title;
    this.#one("buy-sum").textContent = this.#one("buy-total").textContent = sum;
    this.#one("buy-day").textContent = item.delivery_on ? say("delivery_day", { day: day(item.delivery_on) }) : say("delivery");
    const submit = this.#one("buy-submit");
    if (!submit.dataset.busy) submit.disabled = item.available <= 0 && !this.goods.isStale;
  }

  #showFields() {
    this.#one("to").hidden = true;
    this.#one("fields").hidden = false;
    /** @type {HTMLElement} */ (this.form.elements.namedItem("email")).focus();
  }

  /** Mark a field, with its words beside it. @param {HTMLInputElement} input @param {string} text */
  #mark(input, text) {
    const field = input.closest(".field");
    if (!field) return;
    field.querySelector(".error")?.remove();
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
    if (!text) return;
    const error = Object.assign(document.createElement("p"), { className: "error", id: `${input.id}-error`, textContent: text });
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", error.id);
    field.append(error);
  }

  /** Say something about the whole order; `fewer` offers that many instead. @param {string} text @param {number} [fewer] */
  #say(text, fewer = 0) {
    this.#one("buy-error").hidden = !text;
    this.#one("buy-error-text").textContent = text;
    const button = this.#one("buy-fewer");
    button.hidden = !fewer;
    button.dataset.n = String(fewer);
    button.textContent = fewer ? say("fewer", { n: fewer }) : "";
  }

  #takeFewer() {
    this.#setQuantity(Number(this.#one("buy-fewer").dataset.n));
    this.#say("");
    this.#submit();
  }

  // --- ordering ---

  async #submit() {
    const text = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (this.form.elements.namedItem(name)).value.trim();
    const bad = [.../** @type {NodeListOf<HTMLInputElement>} */ (this.form.querySelectorAll(".fields input"))].filter((input) => {
      this.#mark(input, input.checkValidity() ? "" : say(input.value ? "not_email" : "needed"));
      return !input.checkValidity();
    });
    if (bad.length) return this.#point(bad[0]);
    const body = {
      lines: [{ sku: this.sku, quantity: this.quantity }],
      email: text("email"),
      address: Object.fromEntries(["name", "line1", "city", "postal_code", "country"].map((name) => [name, text(name)])),
      session: this.goods.slug,
    };
    const same = JSON.stringify(body);
    if (!this.#key || this.#keyBody !== same) Object.assign(this, this.#newKey(same));
    this.#email = body.email;
    this.#busy(true);
    this.#say("");
    const answer = await this.#post(body);
    this.#busy(false);
    if (answer.status === 201) return this.#hold(answer.body, this.sku);
    this.#refused(answer);
  }

  /** @param {string} body */
  #newKey(body) {
    this.#key = crypto.randomUUID();
    this.#keyBody = body;
    return {};
  }

  /** Post; the same key again while the first still runs, so that a lost answer never makes two orders. @param {object} body */
  async #post(body) {
    for (let attempt = 0; ; attempt++) {
      const answer = await api("orders", { method: "POST", body, headers: { "Idempotency-Key": this.#key } });
      if (answer.body?.code !== "idempotency_in_progress" || attempt >= 5) return answer;
      await new Promise((done) => setTimeout(done, 400 * (attempt + 1)));
    }
  }

  /** @param {{status: number, body: any}} answer */
  #refused({ status, body }) {
    if (status === 0) return this.#say(say("offline"));
    if (status !== 503 && status !== 429) this.#key = "";
    const shortage = body?.code === "insufficient_stock" ? body.shortages?.[0] : null;
    if (shortage) {
      const title = this.goods.item(shortage.sku)?.title ?? shortage.sku;
      const { requested, available } = shortage;
      this.#say(say(available ? "short" : "short_none", { title, requested, available }), available);
      return;
    }
    const errors = fieldErrors(body);
    const marked = Object.entries(errors).map(([name, words]) => {
      const input = /** @type {HTMLInputElement | null} */ (this.form.elements.namedItem(name));
      if (!input || input.type === "hidden") return null;
      this.#mark(input, words);
      return input;
    }).filter((input) => input !== null);
    if (marked.length) return this.#point(marked[0]);
    this.#say(status === 429 || status === 503 ? say("busy") : body?.detail || say("refused"));
  }

  /** @param {HTMLInputElement} input */
  #point(input) {
    this.#one("to").hidden = true;
    this.#one("fields").hidden = false;
    input.focus();
  }

  /** @param {boolean} isBusy */
  #busy(isBusy) {
    const submit = this.#one("buy-submit");
    submit.disabled = isBusy;
    if (isBusy) submit.dataset.busy = "1";
    else delete submit.dataset.busy;
    submit.textContent = say(isBusy ? "sending_order" : "hold_and_pay");
  }

  // --- held ---

  /** @param {Order} order @param {string} sku */
  #hold(order, sku) {
    this.#key = "";
    this.#order = order;
    this.#orderSku = sku;
    this.#heldMs = Math.max(1, this.#leftMs());
    sessionStorage.setItem(KEPT_IN + this.goods.slug, JSON.stringify({ order, sku, email: this.#email }));
    if (order.access) this.wire.follow(order.access);
    const item = this.goods.item(sku);
    Object.assign(this.#one("held-picture"), { src: item?.picture ?? "" });
    this.#one("held-name").textContent = item?.title ?? "";
    this.#one("held-number").textContent = order.number;
    this.#one("held-total").textContent = money(order.total_minor, order.currency);
    this.#one("pay").href = order.payment?.url ?? `/orders/${order.id}/pay/`;
    this.#one("held-error").hidden = true;
    this.#one("hold-warning").textContent = "";
    if (this.isOpen) {
      this.#show("held");
      this.#one("pay").focus({ preventScroll: true });
    }
    clearInterval(this.#clock);
    this.#clock = setInterval(() => this.#tick(), 500);
    this.#tick();
    this.#askLater();
  }

  #leftMs() {
    return Date.parse(this.#order?.expires_at ?? "") - (Date.now() + this.skewMs);
  }

  #tick() {
    const left = Math.max(0, Math.ceil(this.#leftMs() / 1000));
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    const text = left > 0 ? say("held_left", { time }) : say("checking_end");
    for (const element of [this.#one("hold-left"), this.side.querySelector("[data-held-left]")]) {
      if (element && element.textContent !== text) element.textContent = text;
    }
    this.#one("hold").classList.toggle("hold--last", left <= LAST_MINUTE_S);
    this.#one("hold-bar").style.setProperty("--of", `${Math.min(100, (100 * this.#leftMs()) / this.#heldMs)}%`);
    const warning = this.#one("hold-warning");
    if (left <= LAST_MINUTE_S && left > 0 && !warning.textContent) warning.textContent = say("last_minute");
    this.#one("pay").toggleAttribute("aria-disabled", left <= 0);
    const chip = /** @type {HTMLElement | null} */ (this.side.querySelector("[data-held-open]"));
    if (chip) chip.hidden = !this.#order;
  }

  async #letGo() {
    const order = this.#order;
    if (!order) return;
    const answer = await api(`orders/${order.id}/cancel`, { method: "POST", body: {}, headers: { "Order-Access": order.access } });
    if (answer.ok) return this.#settle({ ...order, ...answer.body });
    await this.#ask();
    if (this.#order) {
      this.#one("held-error").hidden = false;
      this.#one("held-error").textContent = say("cancel_failed");
    }
  }

  /** @param {{id: string, state: string}} news */
  #heard({ id, state }) {
    if (this.#order?.id === id && state !== "created") this.#ask();
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
    if (answer.ok && answer.body.state !== "created") return this.#settle({ ...order, ...answer.body });
    if (answer.status === 404) return this.#forget();
    this.#askLater();
  }

  #forget() {
    clearInterval(this.#clock);
    clearTimeout(this.#asking);
    this.#order = null;
    sessionStorage.removeItem(KEPT_IN + this.goods.slug);
    const chip = /** @type {HTMLElement | null} */ (this.side.querySelector("[data-held-open]"));
    if (chip) chip.hidden = true;
  }

  /** Say how it ended. @param {Order} order */
  #settle(order) {
    const sku = this.#orderSku;
    this.#forget();
    const outcome = order.state !== "cancelled" ? "paid"
      : { payment_failed: "declined", expired: "expired" }[order.cancel_reason ?? ""] ?? "cancelled";
    const end = this.#one("buy-end");
    end.dataset.outcome = outcome;
    this.#one("end-mark").querySelector("use").setAttribute("href", { paid: "#i-check", expired: "#i-clock" }[outcome] ?? "#i-x");
    this.#one("end-title").textContent = say(`${outcome}_title`);
    this.#one("end-text").textContent = say(`${outcome}_text`, { number: order.number, email: order.email ?? this.#email });
    const link = this.#one("end-order");
    link.hidden = outcome !== "paid";
    link.href = `/orders/${order.id}/`;
    this.#one("end-again").hidden = outcome === "paid";
    this.sku = sku;
    if (!this.isOpen) {
      this.panel.hidden = false;
      this.side.toggleAttribute("data-buying", true);
    }
    this.#show("end");
  }

  /** An order that was held before this page was opened again. */
  #resume() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(KEPT_IN + this.goods.slug) ?? "null");
      if (!kept) return;
      this.#email = kept.email;
      this.#hold(kept.order, kept.sku);
      this.#ask();
    } catch {
      sessionStorage.removeItem(KEPT_IN + this.goods.slug);
    }
  }

  /** @param {string} name @returns {any} */
  #one(name) {
    return this.panel.querySelector(`[data-${name}]`);
  }

  /** @param {string} name @returns {HTMLElement[]} */
  #all(name) {
    return [...this.panel.querySelectorAll(`[data-${name}]`)].map((element) => /** @type {HTMLElement} */ (element));
  }
}
