/** What stands where the picture would be: not yet, a pause, over, in trouble, or playing elsewhere; always with a way on. */
import { languageOfDates } from "showfloor/moments";
import { say } from "showfloor/words";

/** @type {Record<string, string>} the state of a show → the words of its slate */
const WORDS = { scheduled: "scheduled", rehearsal: "scheduled", interrupted: "interrupted", live: "waiting" };

// Where the picture is away and the rest of the page is not: that is said too, while it is true.
const PICTURE_ONLY = ["interrupted", "trouble", "unsupported", "taken_over", "stopped"];

/** @typedef {import("showfloor/lease").Active} Active */

export class Slate {
  /** @type {{words: string, values: Record<string, string | number>} | null} */ #question = null;
  /** @type {() => void} */ #do = () => {};

  /** @param {HTMLElement} stage @param {import("showfloor/player").Player} player */
  constructor(stage, player) {
    const one = (/** @type {string} */ name) => /** @type {any} */ (stage.querySelector(`[data-${name}]`));
    this.stage = stage;
    this.slate = one("slate");
    this.title = one("slate-title");
    this.text = one("slate-text");
    this.devices = one("slate-devices");
    this.link = one("slate-link");
    this.button = one("slate-do");
    this.clock = one("countdown");
    this.busy = one("busy");
    this.player = player;
    this.state = "";
    this.hasReplay = false;
    this.isConnected = true;
    for (const name of ["online", "offline"]) addEventListener(name, () => this.draw());
    for (const name of ["status", "level", "levels"]) player.addEventListener(name, () => this.draw());
    this.button.addEventListener("click", () => this.#do());
  }

  /** @param {string} state @param {{playlist_url: string, is_recorded: boolean, is_replay_over: boolean}} show */
  enter(state, show) {
    this.wasOnAir = this.state !== "" && this.state !== "ended";
    this.state = state;
    this.isRecorded = show.is_recorded;
    this.isReplayOver = show.is_replay_over;
    this.hasReplay = Boolean(show.playlist_url) || this.wasOnAir;
    this.draw();
  }

  /**
   * As many devices play as may: which of them shall stop?
   * @param {{active?: Active[], max?: number}} answer @param {(lease: string) => void} stop
   */
  chooseDevice({ active = [], max = 0 }, stop) {
    this.devices.replaceChildren(...active.map((one) => device(one, stop)));
    this.#ask(active.length === 1 ? "too_many_one" : "too_many", { n: active.length, max });
  }

  /** Another device plays instead, or this one was stopped from the account. @param {string} byName @param {() => void} back */
  playsElsewhere(byName, back) {
    this.#do = back;
    this.#ask(byName ? "taken_over" : "stopped", { device: byName });
  }

  /** The question is answered, or of no more interest. */
  answered() {
    this.#question = null;
    this.draw();
  }

  /** Whether chat and numbers come; a break that heals by itself within a moment is none. @param {boolean} isConnected */
  setConnected(isConnected) {
    if (this.isConnected === isConnected) return;
    this.isConnected = isConnected;
    this.draw();
  }

  /** What works without the picture. @param {string} words the slate's */
  #rest(words) {
    if (!navigator.onLine) return say("offline_rest");
    if (!PICTURE_ONLY.includes(words)) return "";
    return say(this.isConnected ? "connected_rest" : "reconnecting_rest");
  }

  /** Viewers are some seconds behind the camera: a slate waits until the picture has really stopped. */
  draw() {
    const { status, isAudioOnly, isLoaded } = this.player;
    const isMoving = status === "playing";
    const isAsking = this.#question !== null;
    this.stage.toggleAttribute("data-asks", isAsking);
    this.devices.hidden = !isAsking || !this.devices.childElementCount;
    this.busy.hidden =
      isAsking || !(this.state === "live" && (status === "loading" || status === "stalled") && isLoaded);
    if (this.clock) this.clock.hidden = this.state !== "scheduled" || isAsking;
    if (this.#question) {
      const hasButton = !this.devices.childElementCount;
      return this.#show(this.#question.words, { button: hasButton ? "watch_here" : "", values: this.#question.values });
    }
    if (status === "unsupported") return this.#show("unsupported");
    if (this.state === "ended") {
      if (isMoving) return isAudioOnly ? this.#show("audio") : this.#hide();
      if (this.player.isLive && this.wasOnAir)
        return this.isRecorded ? this.#show("ended", { link: "watch_replay" }) : this.#show("ended_live_only");
      if (!this.hasReplay) return this.#show(this.isReplayOver ? "replay_over" : "no_replay");
      return status === "trouble" ? this.#trouble() : this.#hide();
    }
    if (this.state === "live" && status === "trouble") return this.#trouble();
    if (this.state === "live" && isLoaded) return isAudioOnly && isMoving ? this.#show("audio") : this.#hide();
    if (this.state === "interrupted" && isMoving) return this.#hide();
    return this.#show(WORDS[this.state] ?? "no_replay");
  }

  /** @param {string} words @param {Record<string, string | number>} values */
  #ask(words, values) {
    if (words === "taken_over" || words === "stopped") this.devices.replaceChildren();
    this.#question = { words, values };
    this.draw();
  }

  #trouble() {
    this.#do = () => this.player.retry();
    this.#show("trouble", { button: "try_again" });
  }

  #hide() {
    this.slate.hidden = true;
  }

  /** @param {string} words @param {{link?: string, button?: string, values?: Record<string, string | number>}} [more] */
  #show(words, { link = "", button = "", values = {} } = {}) {
    this.slate.hidden = false;
    this.slate.dataset.says = words;
    const [title, text] = [
      say(`${words}_title`, values),
      `${say(`${words}_text`, values)} ${this.#rest(words)}`.trim(),
    ];
    if (this.title.textContent !== title) this.title.textContent = title;
    if (this.text.textContent !== text) this.text.textContent = text;
    for (const [element, act] of [
      [this.link, link],
      [this.button, button],
    ]) {
      element.hidden = !act;
      element.textContent = act ? say(act) : "";
    }
  }
}

/** @param {Active} active @param {(lease: string) => void} stop */
function device({ lease, device_name, started_at, title }, stop) {
  const row = document.createElement("li");
  const since = new Intl.DateTimeFormat(languageOfDates(), {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(new Date(started_at));
  const name = Object.assign(document.createElement("b"), { textContent: device_name });
  const what = Object.assign(document.createElement("span"), {
    textContent: say("device_since", { title, time: since }),
  });
  const button = Object.assign(document.createElement("button"), {
    type: "button",
    className: "btn",
    textContent: say("stop"),
  });
  button.setAttribute("aria-label", say("stop_device", { device: device_name }));
  button.addEventListener("click", () => {
    button.disabled = true;
    stop(lease);
  });
  const text = document.createElement("p");
  text.append(name, what);
  row.append(text, button);
  return row;
}
