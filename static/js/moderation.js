/**
 * Moderating a chat, in the studio and on the moderators' page: what each line offers, and what waits.
 *
 * `root` holds the chat (see chat.js) and `template[data-mod-template]`: what a line offers, with a nil UUID for its id.
 */
import * as chat from "showfloor/chat";
import { choose } from "showfloor/studio_asking";
import { Parts } from "showfloor/studio_parts";
import { toast } from "showfloor/toast";
import { connect } from "showfloor/wire";
import { say } from "showfloor/words";

const NIL = "00000000-0000-0000-0000-000000000000";
const POLL_MS = 4000;

/**
 * @param {HTMLElement} root @param {import("showfloor/wire").Wire} wire
 * @param {{me: {name: string, role: string} | null, tell: (words: string) => void}} options
 */
export function moderate(root, wire, { me, tell }) {
  const template = /** @type {HTMLTemplateElement | null} */ (root.querySelector("template[data-mod-template]"));
  const lines = () => /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-lines] > [data-line]")]);

  /** Give a line what may be done about it. @param {{id: string, author: string, role: string}} message @param {HTMLElement} line */
  const dress = ({ id, author, role }, line) => {
    if (!template || line.querySelector(".mod")) return;
    const offers = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    for (const form of offers.querySelectorAll("form"))
      form.setAttribute("action", (form.getAttribute("action") ?? "").replace(NIL, id));
    const labels = [
      ["[data-mod] button", "delete_line"],
      ["summary", "moderate_line"],
    ];
    for (const [selector, words] of labels)
      offers.querySelector(selector)?.setAttribute("aria-label", say(words, { name: author }));
    if (role !== "viewer") for (const offer of offers.querySelectorAll("[data-of-viewer]")) offer.remove();
    line.append(offers);
  };

  /** @param {HTMLFormElement} form */
  const remove = async (form) => {
    const line = /** @type {HTMLElement} */ (form.closest("[data-line]"));
    line.hidden = true;
    const answer = await fetch(form.getAttribute("action") ?? "", {
      method: "POST",
      body: new FormData(form),
      redirect: "manual",
    }).catch(() => null);
    if (answer?.type === "opaqueredirect") return line.remove();
    line.hidden = false;
    return tell(say("not_done"));
  };

  root.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.dataset.mod === undefined) return;
    event.preventDefault();
    remove(form);
  });
  root.addEventListener("click", (event) => {
    const line = /** @type {HTMLElement} */ (event.target).closest("[data-line]");
    if (line && template) choose(lines(), /** @type {HTMLElement} */ (line));
  });
  chat.attach(root, wire, { me, onLine: dress });
}

/** The moderators' own page. @param {Document} page @param {string} slug */
export function init(page, slug) {
  document.documentElement.dataset.script = "";
  const root = /** @type {HTMLElement} */ (page.querySelector("[data-chat]"));
  const me = JSON.parse(page.getElementById("moderation-me")?.textContent ?? "null");
  const parts = new Parts(page);
  const tell = (/** @type {string} */ words) => toast(page, words);
  const wire = connect({ path: `/ws/sessions/${slug}/`, watches: false });
  moderate(root, wire, { me, tell });
  page.addEventListener("submit", async (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.dataset.quiet === undefined) return;
    event.preventDefault();
    if (form.dataset.busy !== undefined) return; // a second press of the same button
    form.dataset.busy = "";
    const wentThrough = await parts.submit(form, event.submitter);
    delete form.dataset.busy;
    if (!wentThrough) tell(say("not_done"));
  });
  parts.addEventListener("said", (event) => tell(/** @type {CustomEvent} */ (event).detail.text));
  wire.addEventListener("messagepin", () => parts.refresh());
  setInterval(() => document.hidden || page.querySelector(".mod__more[open]") || parts.refresh(), POLL_MS);
}
