/**
 * Buying beside the picture: how many, where to, held, paid. The show goes on meanwhile.
 *
 * The form posts to /api/v1/orders; `held.js` looks after the order until it is paid or over.
 */
import { init as followCountry } from "showfloor/address";
import { api, fieldErrors } from "showfloor/api";
import { day } from "showfloor/goods";
import { money } from "showfloor/sums";
import { Held } from "showfloor/held";
import { showPicture } from "showfloor/pictures";
import { say } from "showfloor/words";

const MOST = 99;
const ADDRESS = ["name", "line1", "line2", "city", "region", "postal_code", "country"];
export class Buying {
  sku = "";
  quantity = 1;
  #key = "";
  #keyBody = "";
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
    this.held = new Held(side, goods, wire, { skewMs });
    this.#listen();
    this.held.resume();
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
    this.#one("end-again").addEventListener("click", () => this.#show("form"));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.form.addEventListener("input", (event) => this.#mark(/** @type {HTMLInputElement} */ (event.target), ""));
    this.goods.addEventListener("change", () => this.isOpen && this.#draw());
    this.held.addEventListener("end", (event) => this.#end(/** @type {CustomEvent} */ (event).detail));
    this.held.addEventListener("open", (event) =>
      this.open(this.held.sku, /** @type {CustomEvent} */ (event).detail.opener),
    );
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  /** @param {string} sku @param {HTMLElement} [opener] gets the focus back */
  open(sku, opener) {
    if (!this.goods.item(sku)) return;
    this.#opener = opener ?? null;
    const isHeld = this.held.sku === sku;
    if (this.sku !== sku) Object.assign(this, { sku, quantity: 1 });
    this.panel.hidden = false;
    this.side.toggleAttribute("data-buying", true);
    this.#show(isHeld ? "held" : "form");
    if (!isHeld) this.#refresh();
    followCountry(this.form);
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
    const stops = /** @type {HTMLElement[]} */ ([
      ...this.panel.querySelectorAll("a[href], button, select, input:not([type=hidden])"),
    ]).filter((stop) => stop.getClientRects().length && !(/** @type {any} */ (stop).disabled));
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
    if (answer.ok)
      this.goods.apply(Object.fromEntries(answer.body.results.map((/** @type {any} */ one) => [one.sku, one])));
  }

  #draw() {
    const item = this.goods.item(this.sku);
    if (!item) return;
    showPicture(this.#one("buy-picture"), item.picture);
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
      list.replaceChildren(
        ...choices.map((one) => {
          const label = document.createElement("label");
          const radio = Object.assign(document.createElement("input"), {
            type: "radio",
            name: "choice",
            value: one.sku,
            disabled: one.available <= 0,
          });
          radio.addEventListener("change", () => {
            this.sku = one.sku;
            this.#draw();
          });
          label.append(
            radio,
            one.available > 0 ? one.label || one.title : `${one.label || one.title}, ${say("sold_out_short")}`,
          );
          return label;
        }),
      );
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
    this.#one("buy-day").textContent = item.delivery_on
      ? say("delivery_day", { day: day(item.delivery_on) })
      : say("delivery");
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
    const error = Object.assign(document.createElement("p"), {
      className: "error",
      id: `${input.id}-error`,
      textContent: text,
    });
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
    const text = (/** @type {string} */ name) =>
      /** @type {HTMLInputElement} */ (this.form.elements.namedItem(name)).value.trim();
    const bad = [
      .../** @type {NodeListOf<HTMLInputElement>} */ (this.form.querySelectorAll(".fields input, .fields select")),
    ].filter((input) => {
      const isRight = input.checkValidity() || !this.#isAsked(input.name);
      this.#mark(input, isRight ? "" : say(input.value ? "not_email" : "needed"));
      return !isRight;
    });
    if (bad.length) return this.#point(bad[0]);
    const body = {
      lines: [{ sku: this.sku, quantity: this.quantity }],
      email: text("email"),
      address: Object.fromEntries(ADDRESS.map((name) => [name, this.#isAsked(name) ? text(name) : ""])),
      session: this.goods.slug,
    };
    const same = JSON.stringify(body);
    if (!this.#key || this.#keyBody !== same) this.#key = crypto.randomUUID();
    this.#keyBody = same;
    this.#busy(true);
    this.#say("");
    const answer = await this.#post(body);
    this.#busy(false);
    if (answer.status !== 201) return this.#refused(answer);
    this.#key = "";
    this.held.take({ email: body.email, ...answer.body }, this.sku);
    if (!this.isOpen) return;
    this.#show("held");
    this.#one("pay").focus({ preventScroll: true });
  }

  /** Whether the chosen country's addresses have this. @param {string} name */
  #isAsked(name) {
    return !(/** @type {HTMLElement} */ (this.form.elements.namedItem(name)).closest(".field[hidden]"));
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
    const marked = Object.entries(errors)
      .map(([name, words]) => {
        const input = /** @type {HTMLInputElement | null} */ (this.form.elements.namedItem(name));
        if (!input || input.type === "hidden") return null;
        this.#mark(input, words);
        return input;
      })
      .filter((input) => input !== null);
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

  // --- how it ended ---

  /** @param {{order: import("showfloor/held").Order, sku: string, outcome: string}} end */
  #end({ order, sku, outcome }) {
    const end = this.#one("buy-end");
    end.dataset.outcome = outcome;
    this.#one("end-mark")
      .querySelector("use")
      .setAttribute("href", { paid: "#i-check", expired: "#i-clock" }[outcome] ?? "#i-x");
    this.#one("end-title").textContent = say(`${outcome}_title`);
    this.#one("end-text").textContent = say(`${outcome}_text`, { number: order.number, email: order.email ?? "" });
    const link = this.#one("end-order");
    link.hidden = outcome !== "paid";
    link.href = `/orders/${order.id}/`;
    this.#one("end-again").hidden = outcome === "paid";
    this.sku = sku;
    this.panel.hidden = false;
    this.side.toggleAttribute("data-buying", true);
    this.#show("end");
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
