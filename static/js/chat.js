/**
 * The chat of a show, for its page and for the studio.
 *
 *   const chat = attach(root, wire, { me: { name, role } });
 *
 * `root` holds `[data-scroll] > [data-lines]` with the lines that the server wrote (`data-line`: message id), and, each if wanted,
 * `[data-newer]` (the pill), `[data-slow]` (the badge), `[data-none]` and `form[data-say]`. A line's text is text, never HTML.
 * Sentences come from `#show-words` ({% show_texts %}).
 */
import { Composer } from "showfloor/composer";
import { has, say } from "showfloor/words";

const LINES_MAX = 200;
const NEAR_END_PX = 64;
const AGAIN = new Set(["no_answer", "slow_mode", "rate_limited", "muted"]);

/**
 * @typedef {{name: string, role: string, refusal?: {code: string, until: string | null} | null}} Me
 * @typedef {{id: string, author: string, role: string, text: string, at: string, isPast?: boolean}} Message
 * @param {HTMLElement} root
 * @param {import("showfloor/wire").Wire} wire
 * @param {{me?: Me | null, onLine?: (message: Message, line: HTMLElement) => void,
 *   endedAt?: string, skewMs?: number}} [options] `onLine` may add to a line, e.g. a moderator's buttons; in a replay of a show that
 *   ended then, what was said in it is replay_chat.js's; `skewMs`: the server's clock less ours
 */
export function attach(root, wire, { me = null, onLine, endedAt = "", skewMs = 0 } = {}) {
  const one = (/** @type {string} */ name) => /** @type {any} */ (root.querySelector(`[data-${name}]`));
  const [scroll, lines, newer, slow, none] = ["scroll", "lines", "newer", "slow", "none"].map(one);
  /** @type {Map<string, HTMLElement>} own messages under way, by the id we gave them */
  const mine = new Map();
  let isAtEnd = true;
  let unseen = 0;

  // --- lines ---
  const find = (/** @type {string} */ id) =>
    /** @type {HTMLElement | null} */ (lines.querySelector(`[data-line="${CSS.escape(id)}"]`));

  const add = (/** @type {HTMLElement} */ line) => {
    lines.append(line);
    while (!endedAt && lines.children.length > LINES_MAX) lines.firstElementChild.remove();
    if (none) none.hidden = true;
  };

  const toEnd = () => {
    scroll.scrollTop = scroll.scrollHeight;
    isAtEnd = true;
    unseen = 0;
    if (newer) newer.hidden = true;
  };

  const grown = (/** @type {boolean} */ isOwn, isPast = false) => {
    if (isAtEnd || isOwn) return toEnd();
    if (isPast || !newer) return;
    unseen += 1;
    newer.textContent = say("new_messages", { n: unseen });
    newer.hidden = false;
  };

  scroll.addEventListener(
    "scroll",
    () => {
      isAtEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_END_PX;
      if (isAtEnd) toEnd();
    },
    { passive: true },
  );
  newer?.addEventListener("click", toEnd);
  new ResizeObserver(() => isAtEnd && toEnd()).observe(scroll);

  wire.addEventListener("chat", (event) => {
    const message = /** @type {CustomEvent<Message>} */ (event).detail;
    if (Date.parse(message.at) <= Date.parse(endedAt)) return;
    const known = find(message.id);
    if (known) {
      settled(known, message);
      return;
    }
    const line = draw(message);
    onLine?.(message, line);
    add(line);
    grown(false, message.isPast);
  });
  wire.addEventListener("chatremoved", (event) => find(/** @type {CustomEvent} */ (event).detail.id)?.remove());

  /** An own message came back: it is a line like any other now. */
  const settled = (/** @type {HTMLElement} */ line, /** @type {Message} */ message) => {
    if (line.dataset.mine === undefined) return onLineOnce(message, line);
    delete line.dataset.mine;
    line.className = `line line--${message.role}`;
    fill(line, message);
    onLineOnce(message, line);
  };
  const onLineOnce = (/** @type {Message} */ message, /** @type {HTMLElement} */ line) => {
    if (!onLine || line.dataset.dressed !== undefined) return;
    line.dataset.dressed = "";
    onLine(message, line);
  };

  // --- own messages ---
  wire.addEventListener("chatstate", (event) => {
    const own = /** @type {CustomEvent} */ (event).detail;
    let line = mine.get(own.id);
    if (!line) {
      line = draw({ id: "", author: me?.name ?? "", role: me?.role ?? "viewer", text: own.text, at: "" });
      mine.set(own.id, line);
      add(line);
    }
    line.dataset.mine = own.state;
    line.classList.toggle("line--sending", own.state === "sending" || own.state === "queued");
    line.classList.toggle("line--held", own.state === "held");
    line.classList.toggle("line--failed", own.state === "failed");
    line.querySelector(".retry")?.remove();
    if (own.state === "sent") {
      mine.delete(own.id);
      const double = own.message && find(own.message);
      if (double) line.remove();
      else line.dataset.line = own.message ?? "";
    } else if (own.state === "held") {
      // Shown once approved, under this id; removed like any other.
      mine.delete(own.id);
      line.dataset.line = own.message ?? "";
      line.append(waits());
    } else if (own.state === "failed") line.append(failure(own));
    else line.append(pending(own.state));
    if (own.state === "sent" || own.state === "held")
      composer?.taken(slowS && me?.role === "viewer" ? slowS * 1000 : 0);
    else if (own.state === "failed") composer?.refused(own.code, own.retryMs);
    grown(true);
  });

  /** @param {string} state */
  const pending = (state) => {
    const note = document.createElement("span");
    note.className = "retry";
    note.append(" … ");
    const word = document.createElement("span");
    word.className = state === "queued" ? "small" : "visually-hidden";
    word.textContent = say(state === "queued" ? "reconnecting" : "sending");
    note.append(word);
    note.style.color = "inherit";
    return note;
  };

  const waits = () =>
    Object.assign(document.createElement("span"), { className: "retry line__waits", textContent: ` ${say("waits")}` });

  /** @param {any} own */
  const failure = (own) => {
    const note = document.createElement("span");
    note.className = "retry";
    const words = [`refused_${own.reason}`, `refused_${own.code}`].find(has) ?? "not_sent";
    note.append(say(words), " ");
    if (AGAIN.has(own.code)) {
      const again = Object.assign(document.createElement("button"), { type: "button", textContent: say("send_again") });
      again.addEventListener("click", () => wire.retry(own.id));
      note.append(again);
    }
    return note;
  };

  // --- writing ---
  let slowS = Number(slow && !slow.hidden ? (/\d+/.exec(slow.textContent ?? "")?.[0] ?? 0) : 0);
  const form = one("say");
  const composer = form && me ? new Composer(form, one("say-note"), (text) => wire.say(text)) : null;
  if (me?.refusal)
    composer?.refused(me.refusal.code, me.refusal.until ? Date.parse(me.refusal.until) - Date.now() - skewMs : 0);
  wire.addEventListener("refused", (event) => {
    const { code, retryMs } = /** @type {CustomEvent} */ (event).detail;
    composer?.refused(code, retryMs);
  });
  wire.addEventListener("slowmode", (event) => {
    slowS = /** @type {CustomEvent} */ (event).detail.seconds;
    composer?.hurry(slowS * 1000);
    if (!slow) return;
    slow.hidden = !slowS;
    slow.textContent = say("slow_mode", { n: slowS });
  });

  // --- the message that stays above the others ---
  const pinned = one("pinned-line");
  wire.addEventListener("messagepin", (event) => {
    const { message } = /** @type {CustomEvent} */ (event).detail;
    if (!pinned) return;
    pinned.hidden = !message;
    if (message) fill(pinned.querySelector("p"), message);
  });

  toEnd();
  return { toEnd };
}

/** A line of the log. @param {Message} message */
export function draw(message) {
  const line = document.createElement("p");
  line.className = `line line--${message.role}`;
  if (message.id) line.dataset.line = message.id;
  fill(line, message);
  return line;
}

/** @param {HTMLElement} line @param {Message} message */
function fill(line, { author, role, text }) {
  line.textContent = "";
  if (role === "host" || role === "moderator") {
    line.append(Object.assign(document.createElement("span"), { className: "role", textContent: say(role) }));
  }
  line.append(Object.assign(document.createElement("b"), { textContent: author }), text);
}
