/** The picture on a show's page: asks for leave, plays, waits with the show, and stops when another device must play. */
import { api } from "showfloor/api";
import { Lease } from "showfloor/lease";
import { measure } from "showfloor/measure";
import { Player } from "showfloor/player";
import { Slate } from "showfloor/slate";

const PLAYLIST_RETRY_MS = 1500;
const OWN_ADDRESS = "/for/";

export class Screening {
  /** @type {any} */ #retry = 0;
  #isAsking = false;
  #isStopped = false;
  #wishedAt = 0; // with the page itself
  #beginAt = 0;

  /** @param {HTMLElement} stage @param {any} show what the page says of it @param {{skewMs: number}} options */
  constructor(stage, show, { skewMs }) {
    this.stage = stage;
    this.show = show;
    this.player = new Player(/** @type {HTMLVideoElement} */ (stage.querySelector("[data-video]")), {
      clockSkewMs: skewMs,
    });
    this.slate = new Slate(stage, this.player);
    this.lease = new Lease(show.slug);
    this.lease.addEventListener("lost", (event) => this.#stop(/** @type {CustomEvent} */ (event).detail));
    this.lease.addEventListener("granted", (event) => this.#move(/** @type {CustomEvent} */ (event).detail));
    this.player.addEventListener("clock", () => this.lease.look());
    this.player.addEventListener("status", () => this.#follow());
    measure(this.player, { session: show.slug });
  }

  /** Where the replay begins when it is loaded next. @param {number} seconds */
  beginAt(seconds) {
    this.#beginAt = seconds;
  }

  /** Whether this is a recording, and no longer the live picture's end. */
  get isReplay() {
    return this.show.state === "ended" && !this.player.isLive;
  }

  /** @param {string} state the show's, now */
  enter(state) {
    this.player.expectsMedia = state === "live" || state === "ended";
    if (state === "ended" && this.slate.state && this.slate.state !== "ended") this.slate.answered(); // the replay is asked for anew
    if (this.slate.state) this.#wishedAt = performance.now();
    this.slate.enter(state, this.show);
    if (this.player.isLoaded || this.#isStopped) return;
    if (this.show.playlist_url && (state !== "ended" || !this.slate.wasOnAir)) this.#begin();
    else if (state === "live") this.#findPlaylist();
  }

  /** Ask for leave, and play. @param {string[]} [takeOver] leases of other devices to stop */
  async #begin(takeOver = []) {
    clearTimeout(this.#retry);
    if (this.#isAsking) return;
    this.#isAsking = true;
    const answer = await this.lease.take(takeOver);
    this.#isAsking = false;
    if (answer.active) return this.#stop(answer);
    this.#isStopped = false;
    this.slate.answered();
    const url = answer.playlistUrl || this.show.playlist_url;
    const at = this.#beginAt;
    this.#beginAt = 0;
    await this.player.load(url, { isLive: this.show.state !== "ended", at, wishedAt: this.#wishedAt });
  }

  /** Go on with the same playlist at another address: where leases are checked, each has its own. @param {string} url */
  #move(url) {
    const { player } = this;
    const isOther = url !== player.url && fileName(url) === fileName(player.url);
    if (url.includes(OWN_ADDRESS) && player.isLoaded && isOther)
      player.load(url, { isLive: player.isLive, at: player.video.currentTime });
  }

  /** The show is on air: find its playlist, which may be written a moment later. */
  async #findPlaylist() {
    clearTimeout(this.#retry);
    const answer = await api(`sessions/${encodeURIComponent(this.show.slug)}`);
    this.show.playlist_url = answer.body?.playlist_url ?? "";
    if (this.player.isLoaded) return;
    if (this.show.playlist_url) this.#begin();
    else if (this.show.state === "live") this.#retry = setTimeout(() => this.#findPlaylist(), PLAYLIST_RETRY_MS);
  }

  /** Play no more, and say why and how to go on. @param {import("showfloor/lease").Answer & {by?: string, byName?: string}} why */
  #stop(why) {
    this.#isStopped = true;
    this.player.unload();
    if (document.pictureInPictureElement) document.exitPictureInPicture().catch(() => {});
    const begin = (/** @type {string[]} */ takeOver) => {
      this.#wishedAt = performance.now();
      this.#begin(takeOver);
    };
    if (why.active) this.slate.chooseDevice(why, (lease) => begin([lease]));
    else this.slate.playsElsewhere(why.byName ?? "", () => begin(why.by ? [why.by] : []));
  }

  /** A replay that is over counts no more, until it is played again. An address may be good no longer: ask for another. */
  async #follow() {
    const { status, isLoaded, url } = this.player;
    this.stage.toggleAttribute("data-loaded", isLoaded);
    if (status === "ended") this.lease.giveBack();
    if (status === "trouble" && url.includes(OWN_ADDRESS)) this.lease.renew();
    if (status !== "playing" || this.lease.isWanted) return;
    const answer = await this.lease.take();
    if (answer.active) this.#stop(answer);
  }
}

/** @param {string} url */
function fileName(url) {
  return new URL(url, location.href).pathname.split("/").at(-1);
}
