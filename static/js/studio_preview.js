/** The host's own picture, as viewers see it, and how far it is behind the camera. */
import { Player } from "showfloor/player";

export class Preview extends EventTarget {
  /** @type {Player | null} */ #player = null;
  #url = "";

  /** @param {{skewMs: number}} options */
  constructor({ skewMs }) {
    super();
    this.skewMs = skewMs;
  }

  /** Play what the part shows; the same picture goes on. @param {HTMLElement | null} part @param {string} state */
  show(part, state) {
    const video = /** @type {HTMLVideoElement | null} */ (part?.querySelector("[data-video]") ?? null);
    const url = part?.dataset.playlist ?? "";
    if (this.#player && this.#player.video !== video) this.#stop();
    if (!video || !part) return;
    if (!this.#player) this.#start(part, video);
    const player = /** @type {Player} */ (/** @type {unknown} */ (this.#player));
    player.expectsMedia = state === "live" || state === "rehearsal";
    if (url === this.#url) return;
    this.#url = url;
    player.load(url, { isLive: true });
  }

  /** Begin at the newest picture: what came before Go live is no longer in the playlist. */
  restart() {
    this.#player?.retry();
  }

  /** @returns {number | null} */
  get behindS() {
    return this.#player?.status === "playing" ? this.#player.behindS : null;
  }

  /** @param {HTMLElement} part @param {HTMLVideoElement} video */
  #start(part, video) {
    this.#player = new Player(video, { clockSkewMs: this.skewMs });
    const sound = /** @type {HTMLButtonElement} */ (part.querySelector("[data-sound]"));
    sound.hidden = false;
    sound.addEventListener("click", () => {
      video.muted = !video.muted;
      sound.setAttribute("aria-pressed", String(!video.muted));
    });
  }

  #stop() {
    this.#player?.unload();
    this.#player = null;
    this.#url = "";
  }
}
