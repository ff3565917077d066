/**
 * The socket of a show, or of the site: connects, resumes, notices gaps, and keeps the state (docs/realtime-protocol.md).
 * Where sockets never open it reads server-sent events, says chat over the API, and tries a socket again now and then.
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
 *   chatstate  {id, text, state: "queued" | "sending" | "sent" | "held" | "failed", message, code, reason, retryMs}: own
 *              messages; `message` is the id under which it comes, or came, as `chat`; queued ones go out by themselves;
 *              held ones wait for a moderator, and come, or are removed, later
 *   refused    {code, retryMs}: an error that answers no message: `banned` and `muted` when a moderator decided so
 *   order, claim  private frames; also dispatched on `document` as "showfloor:order", "showfloor:claim"
 *   announcement, announcementended, drop, platform   as in the protocol
 *   bye        {code}; "banned" is final, and "not_found" of a show that never was there
 *
 * Each of session, pin, viewers, likes, items, runlist and slowmode fires after a snapshot, too, if it changed.
 */
import { SocketLine, socketOfPage, StreamLine } from "showfloor/line";
import { OwnMessages } from "showfloor/own_messages";
import { NOTHING, reduce } from "showfloor/reduce";

export { NOTHING, reduce };

const VERSION = 1;
const TOLD_MAX = 2000;
const PONG_WITHIN_MS = 8_000;
const WELCOME_WITHIN_MS = 15_000;
const SOCKET_TRIES = 2; // then streams take turns with sockets
const SOCKET_TRIES_MORE = 6; // where a socket has worked before, it is rather the server that is away
const PROBE_MS = [60_000, 180_000];
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 20_000;
const RESTART_SPREAD_MS = [500, 8000];
const SERVICE_RESTART = 4012; // RFC 6455's 1012, as a code that a server may choose
const FINAL_BYES = new Set(["not_found", "banned"]);

/** @type {Record<string, string>} event of the protocol → event of the wire, where it passes by as it is */
const PASSING = {
  reactions: "reactions",
  chat_removed: "chatremoved",
  announcement: "announcement",
  announcement_ended: "announcementended",
  drop: "drop",
  platform_event: "platform",
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

export class Wire extends EventTarget {
  /** @type {SocketLine|StreamLine|null} */ #line = null;
  /** @type {SocketLine|null} a socket tried beside a stream */ #probing = null;
  #mine = new OwnMessages(
    (frame) => this.isFresh && this.#send(frame),
    (message) => this.#tell("chatstate", message),
  );
  /** @type {Set<string>} ids of chat messages already told of */ #told = new Set();
  #attempt = 0;
  #failures = 0; // tries in a row that were not welcomed
  #isWelcome = false;
  #hasSocketWorked = false;
  #hasSaidHello = false;
  #isClosed = false;
  #leaving = new AbortController(); // ends what it hears of the page
  /** @type {any} */ #pingTimer;
  /** @type {any} */ #pongTimer;
  /** @type {any} */ #connectTimer;
  /** @type {any} */ #probeTimer;
  #pingMs = 0;
  #head = 0;

  /** @param {{path: string, ticket?: string, address?: string, since?: {epoch: string, seq: number}, watches?: boolean}} options */
  constructor({ path, ticket, address, since, watches = true }) {
    super();
    const known = address ? { address, ticket: "" } : socketOfPage();
    this.path = path;
    this.address = known.address;
    this.ticket = ticket ?? known.ticket;
    this.state = NOTHING;
    this.since = since;
    this.watches = watches; // whether it counts as a viewer
    this.isFresh = false;
    /** @type {Map<string, string>} guests' orders to be told of: id → access */
    this.orders = new Map();
    const { signal } = this.#leaving;
    globalThis.addEventListener?.("online", () => this.#reopenNow(), { signal });
    globalThis.addEventListener?.("offline", () => this.#goStale(), { signal });
    globalThis.addEventListener?.("pagehide", () => this.#hidden(), { signal });
    globalThis.addEventListener?.("pageshow", (event) => event.persisted && this.#reopenNow(), { signal });
    const page = globalThis.document;
    page?.addEventListener("visibilitychange", () => page.visibilityState === "visible" && this.#reopenNow(), {
      signal,
    });
    wires.add(this);
    this.#open();
  }

  /** Say something. Offline it waits, and goes out once the socket is back. @param {string} text */
  say(text) {
    return this.#mine.say(text);
  }

  /** Say a failed message again. @param {string} id */
  retry(id) {
    this.#mine.retry(id);
  }

  /** Let an emoji rise. Lost when offline: a reaction belongs to its moment. @param {string} emoji */
  react(emoji) {
    this.#send({ type: "react", emoji });
  }

  /** Be told of a guest's order that was placed on this page. @param {string} id @param {string} access of the order */
  follow(id, access) {
    this.orders.set(id, access);
    if (this.#line) this.#hello();
  }

  /** Leave for good. */
  close() {
    this.#isClosed = true;
    clearTimeout(this.#connectTimer);
    this.#stopPinging();
    this.#leaving.abort();
    wires.delete(this);
    this.#stopProbing();
    this.#line?.close();
  }

  // --- the line ---

  #open() {
    clearTimeout(this.#connectTimer);
    this.#line?.close();
    const Line = this.#triesStream() ? StreamLine : SocketLine;
    this.#isWelcome = false;
    this.#hasSaidHello = true;
    /** @type {SocketLine|StreamLine} */
    const line = new Line(this.path, this.address, {
      hello: () => this.#greeting(),
      onFrame: (frame) => {
        if (this.#line === line) this.#receive(frame);
        else if (line.isStream) this.#mine.answered(frame);
      },
      onLost: (code) => this.#line === line && this.#lost(code),
    });
    this.#line = line;
    clearTimeout(this.#pongTimer);
    this.#pongTimer = setTimeout(() => this.#lost(0), WELCOME_WITHIN_MS);
  }

  #triesStream() {
    const most = this.#hasSocketWorked ? SOCKET_TRIES_MORE : SOCKET_TRIES;
    return "EventSource" in globalThis && this.#failures >= most && this.#failures % 2 === 0;
  }

  #greeting() {
    const { epoch, seq } = this.state;
    const since = epoch === null ? this.since : { epoch, seq };
    return {
      type: "hello",
      v: VERSION,
      ...(since && { since }),
      ...(!this.watches && { watches: false }),
      ...(this.ticket && { ticket: this.ticket }),
      ...(this.orders.size && { orders: Object.fromEntries(this.orders) }),
    };
  }

  /** Say hello (again). A stream does it by opening anew. */
  #hello() {
    if (this.#line?.isStream) this.#open();
    else this.#hasSaidHello = this.#send(this.#greeting());
  }

  /** @param {number} code @param {number[]} [spread] */
  #lost(code, spread) {
    const wasStream = this.#line?.isStream;
    this.#line?.close();
    this.#line = null;
    this.#stopPinging();
    this.#stopProbing();
    if (!this.#isWelcome) this.#failures += 1;
    this.#goStale();
    if (this.#isClosed) return;
    if (!wasStream) this.#mine.unsend(); // what went by the API is answered all the same
    const wait = spread ?? (code === SERVICE_RESTART ? RESTART_SPREAD_MS : this.#backoff());
    this.#connectTimer = setTimeout(() => this.#open(), between(wait));
  }

  /** Try a socket beside the stream, and move there once it is welcomed. */
  #probe() {
    this.#stopProbing();
    this.#probeTimer = setTimeout(() => this.#probe(), between(PROBE_MS));
    const line = new SocketLine(this.path, this.address, {
      hello: () => this.#greeting(),
      onFrame: (frame) => {
        if (this.#line !== line) {
          if (frame.type !== "welcome") return;
          this.#probing = null;
          this.#stopProbing();
          this.#line?.close();
          this.#line = line;
        }
        this.#receive(frame);
      },
      onLost: (code) => (this.#line === line ? this.#lost(code) : line.close()),
    });
    this.#probing = line;
  }

  #stopProbing() {
    clearTimeout(this.#probeTimer);
    this.#probeTimer = undefined;
    this.#probing?.close();
    this.#probing = null;
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

  /** The page goes: an open socket would keep the browser from showing it again at once when the person goes back. */
  #hidden() {
    this.#lost(0, []);
    clearTimeout(this.#connectTimer);
  }

  #reopenNow() {
    if (this.#line) {
      if (this.#line.isStream) this.#probe();
      return this.#ping();
    }
    this.#attempt = 0;
    if (!this.#isClosed) this.#open();
  }

  /** Ask for a sign of life. Over a stream nothing can be asked: one comes every so often. */
  #ping() {
    this.#send({ type: "ping" });
    this.#pongTimer ??= setTimeout(() => this.#lost(0), PONG_WITHIN_MS + (this.#line?.isStream ? this.#pingMs : 0));
  }

  #stopPinging() {
    clearInterval(this.#pingTimer);
    clearTimeout(this.#pongTimer);
    this.#pingTimer = this.#pongTimer = undefined;
  }

  /** @param {object} frame @returns {boolean} whether it went out */
  #send(frame) {
    return this.#line?.send(frame) ?? false;
  }

  // --- what comes in ---

  /** @param {Record<string, any>} frame */
  #receive(frame) {
    clearTimeout(this.#pongTimer);
    this.#pongTimer = undefined;
    const before = this.state;
    this.state = reduce(before, frame);
    if (frame.type === "welcome") this.#welcomed(frame);
    else if (frame.type === "error" && frame.id === undefined)
      this.#tell("refused", { code: frame.code, retryMs: frame.retry_ms ?? 0 });
    else if (frame.type === "ack" || frame.type === "error") this.#mine.answered(frame);
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
      this.#mine.flush();
    }
  }

  /** @param {Record<string, any>} frame */
  #welcomed(frame) {
    this.#attempt = 0;
    this.#isWelcome = true;
    this.#hasSaidHello = false;
    this.#head = frame.seq; // what was missed up to here comes next
    if (this.#line?.isStream) this.#probeTimer ??= setTimeout(() => this.#probe(), between(PROBE_MS));
    else {
      this.#hasSocketWorked = true;
      this.#failures = 0;
    }
    this.#stopPinging();
    this.#pingMs = frame.ping_s * 1000;
    this.#pingTimer = setInterval(() => this.#ping(), this.#pingMs);
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
    /** @type {Partial<import("showfloor/reduce").Session>[]} */
    const [was, is] = [before.session ?? {}, now.session ?? {}];
    const changed = (/** @type {(keyof import("showfloor/reduce").Session)[]} */ ...names) =>
      names.some((name) => was[name] !== is[name]);
    if (isSnapshot) this.#compareChat(before);
    if (changed("state", "title")) this.#tell("session", is);
    if (changed("pinned_sku")) this.#tell("pin", { sku: is.pinned_sku ?? null });
    if (changed("viewers")) this.#tell("viewers", { count: is.viewers });
    if (changed("likes", "dislikes")) this.#tell("likes", { likes: is.likes, dislikes: is.dislikes });
    if (is.pinned_message?.id !== was.pinned_message?.id)
      this.#tell("messagepin", { message: is.pinned_message ?? null });
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

  /** @param {string} name @param {any} [detail] */
  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** @param {number[]} range */
function between([least, most]) {
  return least + Math.random() * (most - least);
}
