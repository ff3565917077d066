/**
 * Plays a show, live or again: hls.js, or the browser's own HLS where hls.js is absent or can't run.
 *
 *   const player = new Player(video, { clockSkewMs });
 *   await player.load(url, { isLive: true });
 *
 * Events: `levels` (what can be chosen changed), `level` (what plays changed), `status` (idle, loading, playing, stalled,
 * trouble, unsupported, ended), `started` (the first picture; `afterMs` since it was wished for, null when that says
 * nothing), `blocked` (the browser wants a click first), `clock` (several times a second).
 */

import { Loads } from "showfloor/loads";

const LIVE_CONFIG = {
  lowLatencyMode: true,
  maxLiveSyncPlaybackRate: 1.1,
  liveSyncDurationCount: 3,
  liveMaxLatencyDurationCount: 12,
  liveDurationInfinity: true,
  backBufferLength: 30,
  capLevelToPlayerSize: true,
};
const REPLAY_CONFIG = { backBufferLength: 60, capLevelToPlayerSize: true };
const STALLED_AFTER_S = 2;
const TROUBLE_AFTER_S = 8;
const HOPELESS_AFTER_S = 32;
const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 8000;
const EDGE_SLACK_S = 3;
const MOVED_S = 0.25;
export const AUTO = "auto";
export const AUDIO = "audio";

/** @typedef {{id: string, height: number, bitrate: number}} Rendition */

export class Player extends EventTarget {
  /** @type {import("hls.js").default | null} */ #hls = null;
  /** @type {typeof import("hls.js").default | null} */ #Hls = null;
  #url = "";
  #audioUrl = "";
  #isAudio = false;
  #isNative = false;
  #wantsPlay = true;
  #retryMs = RETRY_FIRST_MS;
  /** @type {any} */ #retryTimer;
  #mediaErrors = 0;
  #lastTime = -1;
  #loads = new Loads();
  #stuckS = 0;
  #choice = AUTO;
  #isTimed = false;

  /** @param {HTMLVideoElement} video @param {{clockSkewMs?: number}} [options] */
  constructor(video, { clockSkewMs = 0 } = {}) {
    super();
    this.video = video;
    this.isLive = true;
    /** False while the host's connection is broken: standing still is no trouble then. */
    this.expectsMedia = true;
    this.status = "idle";
    this.clockSkewMs = clockSkewMs;
    video.muted = true;
    // While it is stuck, hls.js nudges it, and each nudge is "playing": then only the watch knows.
    video.addEventListener("playing", () => this.#stuckS === 0 && this.#moving());
    video.addEventListener("ended", () => this.#tell("ended"));
    video.addEventListener("timeupdate", () => this.dispatchEvent(new Event("clock")));
    video.addEventListener("seeked", () => this.dispatchEvent(new Event("clock")));
    video.addEventListener("error", () => this.#isNative && this.#recover());
    addEventListener("online", () => this.#stuckS && this.retry());
    setInterval(() => this.#watch(), 1000);
  }

  /**
   * Play a playlist; what was playing stops. Calling again with the same address starts it afresh.
   * @param {string} url
   * @param {{isLive: boolean, at?: number, wishedAt?: number}} options `at`: where to begin a replay, in seconds;
   *   `wishedAt`: since when it should play, by performance.now()
   */
  async load(url, { isLive, at = 0, wishedAt = performance.now() }) {
    this.#url = url;
    this.isLive = isLive;
    this.#isAudio = false;
    this.#awaitPicture(wishedAt);
    this.#Hls ??= await hlsLibrary();
    if (this.#url === url) await this.#start(url, at); // not unloaded meanwhile
  }

  /** Stop, and forget the playlist. */
  unload() {
    clearTimeout(this.#retryTimer);
    this.#hls?.destroy();
    this.#hls = null;
    if (this.#isNative) this.video.removeAttribute("src");
    this.#url = this.#audioUrl = "";
    this.dispatchEvent(new Event("levels"));
    this.#tell("idle");
  }

  /** The playlist that plays; empty while none does. */
  get url() {
    return this.#url;
  }

  /** @returns {boolean} */
  get isLoaded() {
    return this.#url !== "";
  }

  // --- what plays ---

  /** What can be chosen, the finest first; only one quality when the browser plays by itself. @returns {Rendition[]} */
  get renditions() {
    const levels = this.#isAudio ? [] : (this.#hls?.levels ?? []);
    return levels
      .map((level, index) => ({ id: String(index), height: level.height ?? 0, bitrate: level.bitrate ?? 0 }))
      .filter((level) => level.height > 0)
      .sort((a, b) => b.height - a.height || b.bitrate - a.bitrate);
  }

  get hasAudioOnly() {
    return this.#audioUrl !== "";
  }

  get isAudioOnly() {
    return this.#isAudio;
  }

  /** `auto`, `audio`, or the id of a rendition. */
  get choice() {
    return this.#choice;
  }

  /** The rendition on screen. @returns {Rendition | undefined} */
  get playing() {
    return this.renditions.find((one) => one.id === String(this.#hls?.currentLevel));
  }

  /** @param {string} choice */
  async choose(choice) {
    const wasAudio = this.#isAudio;
    this.#choice = choice;
    const at = this.video.currentTime;
    if (choice === AUDIO) {
      this.#isAudio = true;
      await this.#start(this.#audioUrl, at);
    } else if (wasAudio) {
      this.#isAudio = false;
      await this.#start(this.#url, at);
    } else if (this.#hls) {
      this.#hls.nextLevel = choice === AUTO ? -1 : Number(choice);
    }
    this.dispatchEvent(new Event("level"));
  }

  // --- where it plays ---

  /** The moment that the camera saw what is on screen. @returns {Date | null} */
  get date() {
    if (this.#hls?.playingDate) return this.#hls.playingDate;
    const start = /** @type {any} */ (this.video).getStartDate?.();
    return start && !Number.isNaN(+start) ? new Date(+start + this.video.currentTime * 1000) : null;
  }

  /** How long ago the camera saw what is on screen; null while unknown. @returns {number | null} */
  get behindS() {
    const { date } = this;
    return date ? Math.max(0, (Date.now() + this.clockSkewMs - +date) / 1000) : null;
  }

  get isAtEdge() {
    if (!this.isLive) return true;
    if (this.video.paused) return false;
    const { latency = 0, targetLatency } = this.#hls ?? {};
    return !(latency > (targetLatency ?? 3) + EDGE_SLACK_S);
  }

  toEdge() {
    const edge = this.#hls?.liveSyncPosition ?? (this.video.seekable.length ? this.video.seekable.end(0) - 3 : null);
    if (edge !== null && Number.isFinite(edge)) this.video.currentTime = edge;
    return this.play();
  }

  /** Where in the video a moment is; null when it isn't in it. @param {Date} date @returns {number | null} */
  timeOf(date) {
    const level = this.#hls?.levels[Math.max(0, this.#hls.currentLevel)] ?? this.#hls?.levels[0];
    const fragments = level?.details?.fragments ?? [];
    let found = null;
    for (const fragment of fragments) {
      if (!fragment.programDateTime) continue;
      const offset = (+date - fragment.programDateTime) / 1000;
      if (offset < 0) return found ?? fragment.start; // in a pause, or before it began: the next picture
      if (offset < fragment.duration) return fragment.start + offset;
      found = fragment.start + fragment.duration;
    }
    if (found !== null) return found;
    const start = /** @type {any} */ (this.video).getStartDate?.();
    return start && !Number.isNaN(+start) ? (+date - +start) / 1000 : null;
  }

  /** @param {number} seconds */
  seek(seconds) {
    const length = Number.isFinite(this.video.duration) ? this.video.duration : seconds;
    this.video.currentTime = Math.max(0, Math.min(seconds, length - 0.1));
  }

  /** @returns {Promise<void>} */
  async play() {
    this.#wantsPlay = true;
    try {
      await this.video.play();
    } catch (error) {
      if (/** @type {Error} */ (error).name !== "NotAllowedError") return;
      if (!this.video.muted) {
        this.video.muted = true;
        return this.play();
      }
      this.#isTimed = false;
      this.dispatchEvent(new Event("blocked"));
    }
  }

  pause() {
    this.#wantsPlay = false;
    this.video.pause();
  }

  // --- the engine ---

  /** @param {string} url @param {number} at */
  async #start(url, at) {
    clearTimeout(this.#retryTimer);
    this.#hls?.destroy();
    this.#hls = null;
    this.#stuckS = 0;
    this.#tell("loading");
    if (this.#Hls?.isSupported()) return this.#startHls(this.#Hls, url, at);
    if (!this.video.canPlayType("application/vnd.apple.mpegurl")) return this.#tell("unsupported");
    this.#isNative = true;
    this.video.src = url;
    if (at && !this.isLive) this.video.addEventListener("loadedmetadata", () => this.seek(at), { once: true });
    return this.play();
  }

  /** @param {typeof import("hls.js").default} Hls @param {string} url @param {number} at */
  #startHls(Hls, url, at) {
    const { Events } = Hls;
    const hls = new Hls({
      ...(this.isLive ? LIVE_CONFIG : REPLAY_CONFIG),
      ...this.#loads.configure(Hls),
      ...(at && !this.isLive && { startPosition: at }),
    });
    this.#hls = hls;
    hls.on(Events.MANIFEST_LOADED, (_, data) => !this.#isAudio && this.#findAudio(data.levels));
    hls.on(Events.MANIFEST_PARSED, () => {
      if (!this.#isAudio && this.#choice !== AUTO && this.#choice !== AUDIO) hls.nextLevel = Number(this.#choice);
      this.dispatchEvent(new Event("levels"));
      if (this.#wantsPlay) this.play();
    });
    hls.on(Events.LEVEL_SWITCHED, () => this.dispatchEvent(new Event("level")));
    hls.on(Events.LEVEL_LOADED, () => {
      this.#retryMs = RETRY_FIRST_MS;
      this.dispatchEvent(new Event("clock"));
    });
    hls.on(Events.ERROR, (_, data) => data.fatal && this.#hls === hls && this.#recover(data));
    hls.loadSource(url);
    hls.attachMedia(this.video);
  }

  /** Tell when the first picture stands; a hidden page, or a browser that wants a click, makes the time meaningless. */
  #awaitPicture(/** @type {number} */ wishedAt) {
    this.#isTimed = !document.hidden;
    this.video.addEventListener(
      "playing",
      () => {
        const tell = () => {
          const afterMs = this.#isTimed && !document.hidden ? performance.now() - wishedAt : null;
          this.dispatchEvent(new CustomEvent("started", { detail: { afterMs } }));
        };
        if (this.video.videoWidth && "requestVideoFrameCallback" in this.video)
          this.video.requestVideoFrameCallback(tell);
        else tell();
      },
      { once: true },
    );
  }

  /** hls.js leaves variants without a picture out of its levels. @param {import("hls.js").LevelParsed[]} levels */
  #findAudio(levels) {
    const isAudio = (/** @type {import("hls.js").LevelParsed} */ level) =>
      !level.videoCodec && !level.width && !level.height;
    this.#audioUrl = levels.some((level) => !isAudio(level)) ? (levels.find(isAudio)?.url ?? "") : "";
  }

  /** Get over a fatal error in place, or else from the start, waiting longer each time. @param {import("hls.js").ErrorData} [data] */
  #recover(data) {
    if (data?.details === "manifestIncompatibleCodecsError") return this.#tell("unsupported");
    const types = this.#Hls?.ErrorTypes;
    if (data?.type === types?.MEDIA_ERROR && this.#hls && this.#mediaErrors++ < 2) {
      this.#hls.recoverMediaError();
      return;
    }
    clearTimeout(this.#retryTimer);
    // Loading again keeps the last picture, where there is one.
    const hls = data?.type === types?.NETWORK_ERROR && this.#hls?.levels.length ? this.#hls : null;
    this.#retryTimer = setTimeout(() => (hls ? hls.startLoad() : this.retry()), this.#retryMs);
    this.#retryMs = Math.min(RETRY_MAX_MS, this.#retryMs * 2);
  }

  /** Start the same playlist afresh, where it stood. */
  retry() {
    if (!this.#url) return;
    this.#mediaErrors = 0;
    this.#start(this.#isAudio ? this.#audioUrl : this.#url, this.video.currentTime);
  }

  /** Once a second: a video that should move and doesn't is stalled, then in trouble, then started afresh. */
  #watch() {
    this.dispatchEvent(new Event("clock"));
    const { video } = this;
    const isArriving = this.#loads.look();
    if (!this.#url || this.status === "unsupported" || this.status === "ended") return;
    if (
      Math.abs(video.currentTime - this.#lastTime) > MOVED_S ||
      (video.paused && this.status === "playing" && !this.#wantsPlay)
    ) {
      this.#lastTime = video.currentTime;
      if (this.#stuckS && !video.paused) this.#moving();
      this.#stuckS = 0;
      return;
    }
    if (!this.#wantsPlay) return;
    this.#stuckS += 1;
    if (this.#stuckS >= STALLED_AFTER_S && this.status === "playing") {
      this.#tell("stalled");
      this.#skipGap();
    }
    if (!this.expectsMedia) return;
    if (this.#stuckS === TROUBLE_AFTER_S) this.#tell("trouble");
    if (isArriving) return;
    if (this.#stuckS % (this.#isAtEnd ? HOPELESS_AFTER_S : TROUBLE_AFTER_S) === 0) this.retry();
  }

  /** Whether all that the playlist has was played: the host sends nothing, and starting afresh would show it again. */
  get #isAtEnd() {
    const details = this.#hls?.levels[Math.max(0, this.#hls.currentLevel)]?.details;
    return details !== undefined && details !== null && details.edge - this.video.currentTime < 1;
  }

  /** Jump over a hole in the buffer, when there is more behind it. */
  #skipGap() {
    const { buffered, currentTime } = this.video;
    for (let index = 0; index < buffered.length; index++) {
      if (buffered.start(index) > currentTime && buffered.start(index) < currentTime + 5) {
        this.video.currentTime = buffered.start(index) + 0.05;
        return;
      }
    }
  }

  #moving() {
    this.#stuckS = 0;
    this.#mediaErrors = 0;
    this.#tell("playing");
  }

  /** @param {string} status */
  #tell(status) {
    if (this.status === "trouble" && status === "loading") return; // still in trouble until it moves
    if (this.status === status) return;
    this.status = status;
    this.dispatchEvent(new CustomEvent("status", { detail: { status } }));
  }
}

/** @returns {Promise<any>} hls.js, or null where it isn't installed */
async function hlsLibrary() {
  try {
    return (await import("hls.js")).default;
  } catch {
    return null;
  }
}

/** How far the server's clock is ahead of ours: it wrote `now` when it began to answer. @param {string} now */
export function clockSkewMs(now) {
  const [entry] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  return Date.parse(now) - (performance.timeOrigin + (entry?.responseStart ?? 0));
}
