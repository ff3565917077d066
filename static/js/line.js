/**
 * One connection to the realtime server: a WebSocket, or server-sent events where something in between breaks those.
 * Both: `isOpen`, `isStream`, `send(frame)` (whether it went out), `close()`. A line that was closed says no more.
 *
 * @typedef {object} Ears
 * @property {() => Record<string, any>} hello what to say first of all
 * @property {(frame: Record<string, any>) => void} onFrame
 * @property {(code: number) => void} onLost the close code, or 0
 */
import { api } from "showfloor/api";

/** Where sockets are, and who we are: `<meta name="showfloor-socket">` (templates/realtime/_socket.html). */
export function socketOfPage() {
  const meta = globalThis.document?.querySelector('meta[name="showfloor-socket"]');
  const { content = "", dataset = {} } = /** @type {any} */ (meta ?? {});
  return { address: content || location.origin.replace(/^http/, "ws"), ticket: dataset.ticket ?? "" };
}

const CLOSED = 2; // EventSource.CLOSED
const GONE_RETRY_MS = [60_000, 120_000];

export class SocketLine {
  isStream = false;

  /** @param {string} path @param {string} address @param {Ears} ears */
  constructor(path, address, { hello, onFrame, onLost }) {
    const socket = (this.socket = new WebSocket(new URL(path, address)));
    socket.onopen = () => this.send(hello());
    socket.onmessage = (message) => onFrame(JSON.parse(message.data));
    socket.onclose = (event) => onLost(event.code);
    // A handshake that fails ends in "close", too, but not everywhere.
    socket.onerror = () => socket.readyState !== 1 && onLost(0);
  }

  get isOpen() {
    return this.socket.readyState === 1;
  }

  /** @param {object} frame */
  send(frame) {
    if (this.isOpen) this.socket.send(JSON.stringify(frame));
    return this.isOpen;
  }

  close() {
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = this.socket.onerror = null;
    this.socket.close(1000);
  }
}

/** Server-sent events. What it says in hello stands in its address, chat goes by the API, all else is left unsaid. */
export class StreamLine {
  isStream = true;

  /** @param {string} path of the socket @param {string} address of the sockets @param {Ears} ears */
  constructor(path, address, { hello, onFrame, onLost }) {
    const { since, watches } = hello();
    const url = new URL(path.replace("/ws/", "/sse/"), address.replace(/^ws/, "http"));
    if (since) url.searchParams.set("last_event_id", `${since.epoch}:${since.seq}`);
    if (watches === false) url.searchParams.set("watches", "0");
    this.path = path;
    this.onFrame = onFrame;
    const source = (this.source = new EventSource(url, { withCredentials: true }));
    source.onmessage = (event) => onFrame(JSON.parse(event.data));
    this.onLost = onLost;
    // It would come back by itself; when, is not for it to say. Closed, it was refused.
    source.onerror = () => (source.readyState === CLOSED ? void this.#refused() : onLost(0));
  }

  get isOpen() {
    return this.source.readyState === 1;
  }

  /** @param {Record<string, any>} frame */
  send(frame) {
    if (this.isOpen && frame.type === "chat") this.#post(frame);
    return this.isOpen;
  }

  close() {
    this.source.onmessage = this.source.onerror = null;
    this.source.close();
  }

  /** Find out whether there is such a show at all: an EventSource does not tell. */
  async #refused() {
    const slug = /^\/ws\/sessions\/([^/]+)/.exec(this.path)?.[1];
    const { status } = slug ? await api(`sessions/${slug}`) : { status: 0 };
    if (status === 404) this.onFrame({ type: "bye", code: "not_found", retry_ms: GONE_RETRY_MS });
    else this.onLost(0);
  }

  /** Say it over the API, and answer as the socket would, also after this line was closed. */
  async #post(/** @type {Record<string, any>} */ { id, text }) {
    const slug = this.path.split("/")[3];
    const { status, body } = await api(`sessions/${slug}/comments`, { method: "POST", body: { text } });
    if (status === 201) return this.onFrame({ type: "ack", id, message: body.id });
    const code = body?.code ?? (status ? "bad_message" : "no_answer");
    this.onFrame({ type: "error", id, code, retry_ms: body?.retry_ms, message: body?.id, reason: body?.reason });
  }
}
