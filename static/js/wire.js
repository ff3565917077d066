/**
 * The socket of a show, or of the site: connects, resumes, notices gaps, and keeps the state (docs/realtime-protocol.md).
 *
 *   import { connect } from "showfloor/wire";
 *   const show = connect({ path: "/ws/sessions/demo-live/" });   // address and ticket come from the page's <meta>
 *   show.addEventListener("items", () => draw(show.state.items));
 *   const mine = show.say("size M?");       // {id, text, state}; its fate comes as "chatstate" events
 *   show.retry(mine.id);                    // say a failed one again
 *   show.react("❤️");
 *   show.follow(order.id, order.access);    // a guest's order placed on this page: its "order" events come here
 *   show.close();
 *
 * `show.state` (see reduce.js): session {slug, state, title, pinned_sku, viewers, likes, dislikes, slow_mode_s} or null
 * before the first snapshot, run_list [sku], items {sku: {available, version, price_minor, currency, as_of}},
 * chat [{id, author, role, text, at}], announcements, drops, platform_events. `show.isFresh`: the numbers are live.
 *
 * Events (`event.detail`):
 *   state      whole state, after each change               fresh, stale   none; the socket is back, is lost
 *   session    session (state or title changed)             pin            {sku} or {sku: null}
 *   viewers    {count}                                      likes          {likes, dislikes}
 *   items      items (a number, a price or the list)        runlist        {skus}
 *   messagepin {message: CHAT or null}: the one that stays above the chat
 *   slowmode   {seconds}                                    reactions      {counts: {"❤️": 12}}
 *   chat       CHAT and isPast (from a snapshot); once for each message id, in order
 *   chatremoved {id}
 *   chatstate  {id, text, state: "queued" | "sending" | "sent" | "held" | "failed", message, code, retryMs}: own
 *              messages; `message` is the id under which it comes, or came, as `chat`; queued ones go out by themselves;
 *              held ones wait for a moderator, and come, or are removed, later
 *   order, claim  private frames; also dispatched on `document` as "showfloor:order", "showfloor:claim"
 *   announcement, announcementended, drop, platform   as in the protocol
 *   bye        {code}; "not_found" and "banned" are final
 *
 * Each of session, pin, viewers, likes, items, runlist and slowmode fires after a snapshot, too, if it changed.
 */
import { NOTHING, reduce } from "showfloor/reduce";

export { NOTHING, reduce };

const VERSION = 1;
const QUEUE_MAX = 20;
const TOLD_MAX = 2000;
const ACK_WITHIN_MS = 10_000;
const PONG_WITHIN_MS = 8_000;
const WELCOME_WITHIN_MS = 15_000;
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 20_000;
const RESTART_SPREAD_MS = [500, 8000];
const SERVICE_RESTART = 4012; // RFC 6455's 1012, as a code that a server may choose
const FINAL_BYES = new Set(["not_found", "banned"]);
const SHORT_CODES = new Set(["slow_mode", "rate_limited", "muted", "unavailable"]);

/** @type {Record<string, string>} event of the protocol → event of the wire, where it passes by as it is */
const PASSING = {
  reactions: "reactions", chat_removed: "chatremoved", announcement: "announcement",
  announcement_ended: "announcementended", drop: "drop", platform_event: "platform",
};

/** @type {Set<Wire>} every open wire of this page */
export const wires = new Set();

/**
 * Open the socket at `path` and keep it open.
 * @param {{path: string, ticket?: string, address?: string, since?: {epoch: string, seq: number}, watches?: boolean}} options
 * @returns {Wire}
 */
export function connect(options) {
  return new Wire(options);
}

/** Where sockets are, and who we are: `<meta name="showfloor-socket">` (templates/realtime/_socket.html). */
export function socketOfPage() {
  const meta = globalThis.document?.querySelector('meta[name="showfloor-socket"]');
  const { content = "", dataset = {} } = /** @type {any} */ (meta ?? {});
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return { address: content || `${scheme}//${location.hostname}:${dataset.port}`, ticket: dataset.ticket ?? "" };
}

export class Wire extends EventTarget {
  /** @type {WebSocket|null} */ #socket = null;
  /** @type {Map<string, any>} own messages not yet acknowledged, in order */ #mine = new Map();
  /** @type {Set<string>} ids of chat messages already told of */ #told = new Set();
  #attempt = 0;
  #hasSaidHello = false;
  #isClosed = false;
  /** @type {any} */ #pingTimer; /** @type {any} */ #pongTimer; /** @type {any} */ #connectTimer;
  #head = 0;

  /** @param {{path: string, ticket?: string, address?: string, since?: {epoch: string, seq: number}, watches?: boolean}} options */
  constructor({ path, ticket, address, since, watches = true }) {
    super();
    const page = address ? { address, ticket: "" } : socketOfPage();
    this.url = new URL(path, page.address).href;
    this.ticket = ticket ?? page.ticket;
    this.state = NOTHING;
    this.since = since;
    this.watches = watches; // whether it counts as a viewer
    this.isFresh = false;
    /** @type {Map<string, string>} guests' orders to be told of: id → access */
    this.orders = new Map();
    globalThis.addEventListener?.("online", this.#onOnline);
    globalThis.addEventListener?.("offline", this.#onOffline);
    globalThis.addEventListener?.("pagehide", this.#onHide);
    globalThis.addEventListener?.("pageshow", this.#onShow);
    globalThis.document?.addEventListener("visibilitychange", this.#onVisible);
    wires.add(this);
    this.#open();
  }

  /** Say something. Offline it waits, and goes out once the socket is back. @param {string} text */
  say(text) {
    const message = { id: crypto.randomUUID().slice(0, 18), text, state: "queued" };
    if (this.#mine.size >= QUEUE_MAX) return this.#settle(message, { state: "failed", code: "rate_limited" });
    this.#mine.set(message.id, message);
    this.#sendMine(message);
    return message;
  }

  /** Say a failed message again. @param {string} id */
  retry(id) {
    const message = this.#mine.get(id);
    if (message?.state === "failed") this.#sendMine(message);
  }

  /** Forget a failed message. @param {string} id */
  discard(id) {
    this.#mine.delete(id);
  }

  /** Let an emoji rise. Lost when offline: a reaction belongs to its moment. @param {string} emoji */
  react(emoji) {
    this.#send({ type: "react", emoji });
  }

  /** Be told of a guest's order that was placed on this page. @param {string} id @param {string} access of the order */
  follow(id, access) {
    this.orders.set(id, access);
    if (this.#socket) this.#hello();
  }

  /** Leave for good. */
  close() {
    this.#isClosed = true;
    clearTimeout(this.#connectTimer);
    this.#stopPinging();
    globalThis.removeEventListener?.("online", this.#onOnline);
    globalThis.removeEventListener?.("offline", this.#onOffline);
    globalThis.removeEventListener?.("pagehide", this.#onHide);
    globalThis.removeEventListener?.("pageshow", this.#onShow);
    globalThis.document?.removeEventListener("visibilitychange", this.#onVisible);
    wires.delete(this);
    this.#socket?.close(1000);
  }

  // --- the socket ---

  #open() {
    clearTimeout(this.#connectTimer);
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.onopen = () => this.#hello();
    socket.onmessage = (message) => this.#socket === socket && this.#receive(JSON.parse(message.data));
    socket.onclose = (event) => this.#socket === socket && this.#lost(event.code);
    // A handshake that fails ends in "close", too, but not everywhere.
    socket.onerror = () => this.#socket === socket && socket.readyState !== 1 && this.#lost(0);
    this.#pongTimer = setTimeout(() => this.#lost(0), WELCOME_WITHIN_MS);
  }

  #hello() {
    const { epoch, seq } = this.state;
    const since = epoch === null ? this.since : { epoch, seq };
    this.#hasSaidHello = true;
    this.#send({
      type: "hello", v: VERSION,
      ...(since && { since }), ...(!this.watches && { watches: false }), ...(this.ticket && { ticket: this.ticket }),
      ...(this.orders.size && { orders: Object.fromEntries(this.orders) }),
    });
  }

  /** @param {number} code @param {number[]} [spread] */
  #lost(code, spread) {
    const old = this.#socket;
    this.#socket = null;
    old?.close();
    this.#stopPinging();
    this.#hasSaidHello = false;
    this.#goStale();
    if (this.#isClosed) return;
    for (const message of this.#mine.values()) {
      if (message.state === "sending") this.#settle(message, { state: "queued" });
    }
    const wait = spread ?? (code === SERVICE_RESTART ? RESTART_SPREAD_MS : this.#backoff());
    this.#connectTimer = setTimeout(() => this.#open(), between(wait));
  }

  /** @returns {number[]} */
  #backoff() {
    const most = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** this.#attempt++);
    return [most / 2, most];
  }

  #goStale() {
    if (!this.isFresh) return;
    this.isFresh = false;
    this.#tell("stale");
  }

  #onOffline = () => this.#goStale();
  // An open socket would keep the browser from showing this page again at once when the person goes back.
  #onHide = () => {
    this.#lost(0, []);
    clearTimeout(this.#connectTimer);
  };
  #onShow = (/** @type {PageTransitionEvent} */ event) => event.persisted && this.#reopenNow();
  #onOnline = () => this.#reopenNow();
  #onVisible = () => {
    if (document.visibilityState !== "visible") return;
    if (this.#socket) this.#ping();
    else this.#reopenNow();
  };

  #reopenNow() {
    if (this.#socket) return this.#ping();
    this.#attempt = 0;
    if (!this.#isClosed) this.#open();
  }

  #ping() {
    this.#send({ type: "ping" });
    this.#pongTimer ??= setTimeout(() => this.#lost(0), PONG_WITHIN_MS);
  }

  #stopPinging() {
    clearInterval(this.#pingTimer);
    clearTimeout(this.#pongTimer);
    this.#pingTimer = this.#pongTimer = undefined;
  }

  /** @param {object} frame @returns {boolean} whether it went out */
  #send(frame) {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  // --- what comes in ---

  /** @param {Record<string, any>} frame */
  #receive(frame) {
    clearTimeout(this.#pongTimer);
    this.#pongTimer = undefined;
    const before = this.state;
    this.state = reduce(before, frame);
    if (frame.type === "welcome") this.#welcomed(frame);
    else if (frame.type === "ack" || frame.type === "error") this.#answered(frame);
    else if (frame.type === "bye") this.#dismissed(frame);
    else if (frame.type === "order" || frame.type === "claim") this.#private(frame);
    if (this.state.isLost) {
      if (frame.type === "batch" && !this.#hasSaidHello) this.#hello();
      return;
    }
    if (frame.type === "batch" && this.state !== before) this.#announce(frame.events);
    if (this.state !== before) this.#compare(before, frame.type === "snapshot");
    if (!this.isFresh && this.state.seq >= this.#head) {
      this.isFresh = true;
      this.#tell("fresh");
      for (const message of this.#mine.values()) if (message.state === "queued") this.#sendMine(message);
    }
  }

  /** @param {Record<string, any>} frame */
  #welcomed(frame) {
    this.#attempt = 0;
    this.#hasSaidHello = false;
    this.#head = frame.seq; // what was missed up to here comes next
    this.#stopPinging();
    this.#pingTimer = setInterval(() => this.#ping(), frame.ping_s * 1000);
  }

  /** @param {Record<string, any>} frame */
  #dismissed(frame) {
    this.#tell("bye", { code: frame.code });
    if (FINAL_BYES.has(frame.code)) this.#isClosed = true;
    this.#lost(0, frame.retry_ms);
  }

  /** @param {Record<string, any>} frame */
  #private(frame) {
    const { type, ...detail } = frame;
    this.#tell(type, detail);
    globalThis.document?.dispatchEvent(new CustomEvent(`showfloor:${type}`, { detail }));
  }

  /** Tell of what passes by and leaves no trace in the state. @param {Record<string, any>[]} events */
  #announce(events) {
    for (const event of events) {
      const { type, ...detail } = event;
      if (type === "chat") this.#tellChat(detail, false);
      else if (PASSING[type]) this.#tell(PASSING[type], detail);
      if (type === "chat_removed") this.#told.delete(detail.id);
    }
  }

  /** Tell of every part of the state that changed. @param {any} before @param {boolean} isSnapshot */
  #compare(before, isSnapshot) {
    const now = this.state;
    const [was, is] = [before.session ?? {}, now.session ?? {}];
    const changed = (/** @type {string[]} */ ...names) => names.some((name) => was[name] !== is[name]);
    if (isSnapshot) this.#compareChat(before);
    if (changed("state", "title")) this.#tell("session", is);
    if (changed("pinned_sku")) this.#tell("pin", { sku: is.pinned_sku ?? null });
    if (changed("viewers")) this.#tell("viewers", { count: is.viewers });
    if (changed("likes", "dislikes")) this.#tell("likes", { likes: is.likes, dislikes: is.dislikes });
    if (is.pinned_message?.id !== was.pinned_message?.id) this.#tell("messagepin", { message: is.pinned_message ?? null });
    if (changed("slow_mode_s")) this.#tell("slowmode", { seconds: is.slow_mode_s });
    if (before.run_list.join("\n") !== now.run_list.join("\n")) this.#tell("runlist", { skus: now.run_list });
    if (now.items !== before.items) this.#tell("items", now.items);
    this.#tell("state", now);
  }

  /** Tell of the messages of a snapshot that are new here, and of those that were removed meanwhile. */
  #compareChat(/** @type {any} */ before) {
    const present = new Set(this.state.chat.map((message) => message.id));
    const oldest = this.state.chat[0]?.at ?? "";
    for (const message of before.chat) {
      if (!present.has(message.id) && message.at >= oldest && this.#told.delete(message.id)) {
        this.#tell("chatremoved", { id: message.id });
      }
    }
    for (const message of this.state.chat) this.#tellChat(message, true);
  }

  /** @param {any} message @param {boolean} isPast */
  #tellChat(message, isPast) {
    if (this.#told.has(message.id)) return;
    if (this.#told.size > TOLD_MAX) this.#told = new Set(this.state.chat.map((one) => one.id));
    this.#told.add(message.id);
    this.#tell("chat", { ...message, isPast });
  }

  // --- own messages ---

  /** @param {any} message */
  #sendMine(message) {
    if (!this.isFresh || !this.#send({ type: "chat", id: message.id, text: message.text })) {
      return this.#settle(message, { state: "queued" });
    }
    message.timer = setTimeout(() => this.#settle(message, { state: "failed", code: "no_answer" }), ACK_WITHIN_MS);
    return this.#settle(message, { state: "sending" }, false);
  }

  /** @param {Record<string, any>} frame */
  #answered(frame) {
    const message = this.#mine.get(frame.id);
    if (!message) return;
    if (frame.type === "ack") {
      this.#mine.delete(frame.id);
      this.#settle(message, { state: "sent", message: frame.message });
      return;
    }
    if (frame.code === "held_for_review") {
      this.#mine.delete(frame.id);
      this.#settle(message, { state: "held", message: frame.message });
      return;
    }
    this.#settle(message, { state: "failed", code: frame.code, retryMs: frame.retry_ms ?? 0 });
    if (!SHORT_CODES.has(frame.code)) this.#mine.delete(frame.id);
  }

  /** @param {any} message @param {object} fate @param {boolean} [isAnswered] */
  #settle(message, fate, isAnswered = true) {
    if (isAnswered) clearTimeout(message.timer);
    const changed = Object.entries(fate).some(([name, value]) => message[name] !== value);
    Object.assign(message, fate);
    const { timer, ...detail } = message;
    if (changed || detail.state === "queued") this.#tell("chatstate", detail);
    return message;
  }

  /** @param {string} name @param {any} [detail] */
  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** @param {number[]} range */
function between([least, most]) {
  return least + Math.random() * (most - least);
}
