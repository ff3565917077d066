/** What the person said in the chat: kept until it is answered, said again once the line is back (see wire.js, `chatstate`). */

const QUEUE_MAX = 20;
const ACK_WITHIN_MS = 10_000;
const SHORT_CODES = new Set(["slow_mode", "rate_limited", "muted"]);

export class OwnMessages {
  /** @type {Map<string, any>} not yet acknowledged, in order */ #waiting = new Map();

  /**
   * @param {(frame: object) => boolean} send whether it went out
   * @param {(message: object) => void} tell of a changed fate
   */
  constructor(send, tell) {
    this.send = send;
    this.tell = tell;
  }

  /** @param {string} text */
  say(text) {
    const message = { id: crypto.randomUUID().slice(0, 18), text, state: "queued" };
    // Failed ones are there to be said again, and keep nobody from saying more.
    const underWay = [...this.#waiting.values()].filter((one) => one.state !== "failed").length;
    this.#waiting.set(message.id, message);
    if (underWay >= QUEUE_MAX)
      return this.#settle(message, { state: "failed", code: "rate_limited", reason: "", retryMs: 0 });
    this.#send(message);
    return message;
  }

  /** @param {string} id of a failed one */
  retry(id) {
    const message = this.#waiting.get(id);
    if (message?.state === "failed") this.#send(message);
  }

  /** The line is lost: what was not answered will be said again. */
  unsend() {
    for (const message of this.#waiting.values()) {
      if (message.state === "sending") this.#settle(message, { state: "queued" });
    }
  }

  /** The line is back. */
  flush() {
    for (const message of this.#waiting.values()) if (message.state === "queued") this.#send(message);
  }

  /** @param {Record<string, any>} frame an ack or an error */
  answered(frame) {
    const message = this.#waiting.get(frame.id);
    if (!message) return;
    const isHeld = frame.code === "held_for_review";
    if (frame.type === "ack" || isHeld) {
      this.#waiting.delete(frame.id);
      this.#settle(message, { state: isHeld ? "held" : "sent", message: frame.message });
      return;
    }
    this.#settle(message, {
      state: "failed",
      code: frame.code,
      reason: frame.reason ?? "",
      retryMs: frame.retry_ms ?? 0,
    });
    if (!SHORT_CODES.has(frame.code)) this.#waiting.delete(frame.id);
  }

  /** @param {any} message */
  #send(message) {
    if (!this.send({ type: "chat", id: message.id, text: message.text })) {
      return this.#settle(message, { state: "queued" });
    }
    message.timer = setTimeout(
      () => this.#settle(message, { state: "failed", code: "no_answer", reason: "" }),
      ACK_WITHIN_MS,
    );
    return this.#settle(message, { state: "sending" }, false);
  }

  /** @param {any} message @param {object} fate @param {boolean} [isAnswered] */
  #settle(message, fate, isAnswered = true) {
    if (isAnswered) clearTimeout(message.timer);
    const changed = Object.entries(fate).some(([name, value]) => message[name] !== value);
    Object.assign(message, fate);
    const { timer, ...detail } = message;
    if (changed || detail.state === "queued") this.tell(detail);
    return message;
  }
}
