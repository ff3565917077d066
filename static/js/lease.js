/**
 * A player's leave to play: asked for before it plays, renewed while it does, given back when its page is left.
 *
 *   const lease = new Lease("the-show");
 *   const granted = await lease.take();                    // {playlistUrl}, or {active, max}: stop one of those first
 *   lease.addEventListener("granted", …);                   // detail: the playlist's address, also when it is another now
 *   lease.addEventListener("lost", …);                      // detail: {by, byName}, or {active, max}: stop playing
 *
 * Without an answer it plays all the same: the server counts when it can.
 */
import { api } from "showfloor/api";
import { say } from "showfloor/words";

const PATIENCE_MS = 1500; // then it plays, and counts once there is an answer
const HEARTBEAT_MS = 15_000;
const LOOK_MS = 3000;
const DEVICE = "showfloor-device";

/**
 * @typedef {{lease: string, device_name: string, started_at: string, session: string, title: string}} Active
 * @typedef {{playlistUrl?: string, active?: Active[], max?: number}} Answer `playlistUrl` is missing when none is known
 */

export class Lease extends EventTarget {
  #lease = "";
  #isWanted = false;
  #heartbeatMs = HEARTBEAT_MS;
  #beatenAt = 0;
  #isBeating = false;

  /** @param {string} session the show's slug */
  constructor(session) {
    super();
    this.session = session;
    this.device = kept() || renewed();
    // A tab that was duplicated has a copy of the word: the one that comes later takes another.
    const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(DEVICE);
    tabs?.addEventListener("message", ({ data }) => {
      if (data.device !== this.device) return;
      if (data.asks) return tabs.postMessage({ device: this.device, asks: false });
      this.device = renewed();
      if (this.#isWanted) this.#again();
    });
    tabs?.postMessage({ device: this.device, asks: true });
    addEventListener("pagehide", () => this.#giveBack({ isForGood: false }));
    addEventListener("pageshow", (event) => event.persisted && this.#isWanted && this.#again());
    setInterval(() => this.look(), LOOK_MS);
  }

  /** Whether it is held, or would be if there had been an answer. */
  get isWanted() {
    return this.#isWanted;
  }

  /** @param {string[]} [takeOver] leases of other devices to stop @returns {Promise<Answer>} */
  async take(takeOver = []) {
    this.#isWanted = true;
    const asking = this.#ask(takeOver);
    const answer = await Promise.race([asking, new Promise((done) => setTimeout(done, PATIENCE_MS))]);
    if (!answer) asking.then((late) => late.active && this.#lose(late));
    else if (answer.active) this.#isWanted = false;
    return answer ?? {};
  }

  /** Stop counting: nothing plays any more. */
  giveBack() {
    this.#giveBack({ isForGood: true });
  }

  /** Renew it, if it is time. Also called as the picture moves: a hidden page's timers hardly run. */
  async look() {
    if (!this.#isWanted || this.#isBeating || Date.now() - this.#beatenAt < this.#heartbeatMs) return;
    this.#isBeating = true;
    try {
      if (!this.#lease) return await this.#again();
      this.#beatenAt = Date.now();
      const { status, body } = await api(`playback/leases/${this.#lease}`, { method: "PUT" });
      if (status !== 410) return undefined;
      if (body?.code === "taken_over") return this.#lose({ by: body.by, byName: body.by_name });
      return await this.#again(); // expired: this device slept, or Redis was away
    } finally {
      this.#isBeating = false;
    }
  }

  /** Ask again for what is held: "granted" tells the address that is good now. */
  renew() {
    if (this.#isWanted) this.#again();
  }

  async #again() {
    const answer = await this.#ask([]);
    if (answer.active) this.#lose(answer);
  }

  /** @param {string[]} takeOver @returns {Promise<Answer>} */
  async #ask(takeOver) {
    this.#beatenAt = Date.now();
    const { status, body } = await api("playback/leases", {
      method: "POST",
      body: {
        session: this.session,
        device_id: this.device,
        device_name: deviceName(),
        ...(takeOver.length && { take_over: takeOver }),
      },
    });
    if (status === 429 && body?.code === "max_concurrency") return { active: body.active, max: body.max };
    if (status !== 201) return {};
    this.#lease = body.lease;
    this.#heartbeatMs = 1000 * body.heartbeat;
    if (!this.#isWanted) this.#giveBack({ isForGood: true }); // stopped while it asked
    this.dispatchEvent(new CustomEvent("granted", { detail: body.playlist_url }));
    return { playlistUrl: body.playlist_url };
  }

  /** @param {object} detail */
  #lose(detail) {
    this.#lease = "";
    this.#isWanted = false;
    this.dispatchEvent(new CustomEvent("lost", { detail }));
  }

  /** @param {{isForGood: boolean}} how */
  #giveBack({ isForGood }) {
    if (isForGood) this.#isWanted = false;
    if (!this.#lease) return;
    // `keepalive` outlives the page.
    fetch(`/api/v1/playback/leases/${this.#lease}`, { method: "DELETE", keepalive: true }).catch(() => {});
    this.#lease = "";
  }
}

/** The tab's own word, which outlives a reload. */
function kept() {
  try {
    return sessionStorage.getItem(DEVICE) ?? "";
  } catch {
    return ""; // storage is turned off: each page is a new device
  }
}

function renewed() {
  const device = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  try {
    sessionStorage.setItem(DEVICE, device);
  } catch {
    // as above
  }
  return device;
}

/** "Firefox on Android": what the owner of several devices tells them apart by. */
export function deviceName() {
  const agent = navigator.userAgent;
  const first = (/** @type {[RegExp, string][]} */ names) => names.find(([sign]) => sign.test(agent))?.[1] ?? "";
  const browser = first([
    [/Edg\//, "Edge"],
    [/OPR\//, "Opera"],
    [/SamsungBrowser/, "Samsung Internet"],
    [/Firefox\/|FxiOS/, "Firefox"],
    [/Chrome\/|CriOS/, "Chrome"],
    [/Safari\//, "Safari"],
  ]);
  const isPad = /Macintosh/.test(agent) && navigator.maxTouchPoints > 1; // an iPad says that it is a Mac
  const platform = isPad
    ? "iPad"
    : first([
        [/iPhone/, "iPhone"],
        [/iPad/, "iPad"],
        [/\bTV\b|Tizen|Web0S/, "TV"],
        [/Android/, "Android"],
        [/CrOS/, "ChromeOS"],
        [/Windows/, "Windows"],
        [/Mac OS/, "Mac"],
        [/Linux/, "Linux"],
      ]);
  return browser && platform ? say("device", { browser, platform }) : browser || platform || say("device_unknown");
}
