/** What stands where the picture would be: not yet, a pause, over, or in trouble; always with a way on. */
import { say } from "showfloor/words";

/** @type {Record<string, string>} the state of a show → the words of its slate */
const WORDS = { scheduled: "scheduled", rehearsal: "scheduled", interrupted: "interrupted", live: "waiting" };

export class Slate {
  /** @param {HTMLElement} stage @param {import("showfloor/player").Player} player */
  constructor(stage, player) {
    const one = (/** @type {string} */ name) => /** @type {any} */ (stage.querySelector(`[data-${name}]`));
    this.slate = one("slate");
    this.title = one("slate-title");
    this.text = one("slate-text");
    this.act = one("slate-act");
    this.clock = one("countdown");
    this.busy = one("busy");
    this.player = player;
    this.state = "";
    this.hasReplay = false;
    for (const name of ["status", "level", "levels"]) player.addEventListener(name, () => this.draw());
    this.act.addEventListener("click", (/** @type {Event} */ event) => {
      if (this.act.dataset.does !== "retry") return;
      event.preventDefault();
      player.retry();
    });
  }

  /** @param {string} state @param {{playlist_url: string}} show */
  enter(state, show) {
    this.wasOnAir = this.state !== "" && this.state !== "ended";
    this.state = state;
    this.hasReplay = Boolean(show.playlist_url) || this.wasOnAir;
    this.draw();
  }

  /** Viewers are some seconds behind the camera: a slate waits until the picture has really stopped. */
  draw() {
    const { status, isAudioOnly, isLoaded } = this.player;
    const isMoving = status === "playing";
    this.busy.hidden = !(this.state === "live" && (status === "loading" || status === "stalled") && isLoaded);
    if (this.clock) this.clock.hidden = this.state !== "scheduled";
    if (status === "unsupported") return this.#show("unsupported");
    if (this.state === "ended") {
      if (isMoving) return isAudioOnly ? this.#show("audio") : this.#hide();
      if (this.player.isLive && this.wasOnAir) return this.#show("ended", "watch_replay");
      if (!this.hasReplay) return this.#show("no_replay");
      return status === "trouble" ? this.#show("trouble", "try_again") : this.#hide();
    }
    if (this.state === "live" && status === "trouble") return this.#show("trouble", "try_again");
    if (this.state === "live" && isLoaded) return isAudioOnly && isMoving ? this.#show("audio") : this.#hide();
    if (this.state === "interrupted" && isMoving) return this.#hide();
    return this.#show(WORDS[this.state] ?? "no_replay");
  }

  #hide() {
    this.slate.hidden = true;
  }

  /** @param {string} words @param {string} [act] */
  #show(words, act) {
    this.slate.hidden = false;
    this.slate.dataset.says = words;
    const [title, text] = [say(`${words}_title`), say(`${words}_text`)];
    if (this.title.textContent !== title) this.title.textContent = title;
    if (this.text.textContent !== text) this.text.textContent = text;
    this.act.hidden = !act;
    this.act.textContent = act ? say(act) : "";
    this.act.dataset.does = act === "try_again" ? "retry" : "";
  }
}
