/**
 * The studio's page in parts, `[data-part]`: after a form or a change, the server's page is read again and only the parts
 * that differ are put in, so that the picture and the chat go on.
 *
 * Events: `replaced` ({name, element}), `said` ({text, level}) for the server's messages.
 */

// What script keeps up to date by itself, or what differs on every reading.
const VOLATILE =
  "input[name=csrfmiddlewaretoken], [data-since], [data-until], [data-pinned-since], [data-health], [data-fig], [data-fig-money], [data-left], [data-sold], [data-held], [data-ask-figures], .bar";
const SEARCH = "found";

export class Parts extends EventTarget {
  /** @type {Map<string, string>} what the server last wrote for each part */
  #written = new Map();
  #reading = 0;

  /** @param {Document} page */
  constructor(page) {
    super();
    this.page = page;
    for (const part of all(page)) this.#written.set(nameOf(part), plain(part));
  }

  /** Read the page again. @param {string} [query] @returns {Promise<boolean>} */
  async refresh(query = "") {
    const reading = ++this.#reading;
    const answer = await fetch(location.pathname + query, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer || reading !== this.#reading) return false;
    return this.#merge(answer);
  }

  /** Send a form, and take in the page that answers. @param {HTMLFormElement} form @param {HTMLElement | null} [button] */
  async submit(form, button = null) {
    const body = new FormData(form);
    const { name, value } = /** @type {HTMLButtonElement} */ (button ?? {});
    if (name) body.set(name, value);
    this.#reading += 1; // what was being read is old now
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } }).catch(
      () => null,
    );
    return answer ? this.#merge(answer) : false;
  }

  /** @param {Response} answer */
  async #merge(answer) {
    const url = new URL(answer.url);
    if (!answer.ok || url.pathname !== location.pathname) {
      if (answer.status < 500) location.reload(); // signed out, or no longer ours: the server says it best
      return false;
    }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    this.#renew(fresh);
    const isSearch = url.searchParams.get("ask") === "add";
    for (const part of all(fresh)) {
      const name = nameOf(part);
      if (name === SEARCH ? isSearch : true) this.#put(name, part);
    }
    for (const message of fresh.querySelectorAll(".messages .notice")) {
      const level = /notice--(\w+)/.exec(message.className)?.[1] ?? "info";
      this.dispatchEvent(new CustomEvent("said", { detail: { text: message.textContent?.trim(), level } }));
    }
    return true;
  }

  /** Give every form the key of an attempt of its own again: what is sent twice with the same one is done once. @param {Document} fresh */
  #renew(fresh) {
    const keys = (/** @type {ParentNode} */ root) =>
      /** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll("input[name=csrfmiddlewaretoken]"));
    const key = keys(fresh)[0]?.value;
    if (!key) return;
    const templates = [...this.page.querySelectorAll("template")].map((template) => template.content);
    for (const root of [this.page, ...templates]) for (const input of keys(root)) input.value = key;
  }

  /** @param {string} name @param {HTMLElement} part */
  #put(name, part) {
    const old = /** @type {HTMLElement | null} */ (this.page.querySelector(`[data-part="${name}"]`));
    const text = plain(part);
    if (!old || this.#written.get(name) === text) return;
    this.#written.set(name, text);
    const focused = old.contains(document.activeElement) ? document.activeElement?.id : "";
    const open = new Set(
      [...old.querySelectorAll("details[open][data-keep]")].map((one) => /** @type {HTMLElement} */ (one).dataset.keep),
    );
    const element = /** @type {HTMLElement} */ (document.adoptNode(part));
    for (const details of element.querySelectorAll("details[data-keep]")) {
      /** @type {HTMLDetailsElement} */ (details).open = open.has(/** @type {HTMLElement} */ (details).dataset.keep);
    }
    old.replaceWith(element);
    if (focused) document.getElementById(focused)?.focus();
    this.dispatchEvent(new CustomEvent("replaced", { detail: { name, element } }));
  }
}

/** @param {ParentNode} root @returns {HTMLElement[]} */
const all = (root) => [...root.querySelectorAll("[data-part]")].map((part) => /** @type {HTMLElement} */ (part));

/** @param {HTMLElement} part */
const nameOf = (part) => part.dataset.part ?? "";

/** @param {HTMLElement} part */
function plain(part) {
  const copy = /** @type {HTMLElement} */ (part.cloneNode(true));
  for (const element of copy.querySelectorAll(VOLATILE)) element.remove();
  for (const element of copy.querySelectorAll("[data-version]")) element.removeAttribute("data-version");
  return copy.outerHTML;
}
