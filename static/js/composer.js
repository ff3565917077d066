/**
 * Where one writes in a chat: sends what was typed, and says why one can't write now and for how long. What is typed stays.
 * In slow mode the button counts down; a moderator's decision stands above the field, and trying again is how one learns
 * that it was taken back.
 */
import { duration } from "showfloor/clock";
import { say } from "showfloor/words";

const HOUR_MS = 3_600_000;
const TICK_MS = 250;
const SILENCES = new Set(["banned", "muted"]);

export class Composer {
  /** When slow mode lets one write again. */ #slowUntil = 0;
  /** @type {{code: string, until: number} | null} */ #silence = null;
  /** @type {any} */ #timer;

  /** @param {HTMLFormElement} form @param {HTMLElement | null} note @param {(text: string) => void} send */
  constructor(form, note, send) {
    this.form = form;
    this.note = note;
    this.field = /** @type {HTMLInputElement} */ (form.elements.namedItem("text"));
    this.button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
    this.words = { field: this.field.placeholder, button: this.button.getAttribute("aria-label") ?? "" };
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.field.value.trim();
      if (!text || Date.now() < this.#slowUntil) return;
      this.field.value = "";
      send(text);
    });
  }

  /** A message was refused, or would be. @param {string} code @param {number} retryMs */
  refused(code, retryMs) {
    if (SILENCES.has(code)) this.#silence = { code, until: code === "muted" ? Date.now() + retryMs : Infinity };
    else if (code === "slow_mode") this.#slowUntil = Date.now() + retryMs;
    else return;
    this.#start();
  }

  /** A message was taken: nobody minds any more. @param {number} waitMs until the next one, in slow mode */
  taken(waitMs) {
    this.#silence = null;
    this.#slowUntil = Date.now() + waitMs;
    this.#start();
  }

  /** Slow mode changed: nobody waits longer than that. @param {number} mostMs */
  hurry(mostMs) {
    this.#slowUntil = Math.min(this.#slowUntil, Date.now() + mostMs);
    this.#start();
  }

  #start() {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#draw(), TICK_MS);
    this.#draw();
  }

  /** The reason is said aloud once, the time is only shown. @param {HTMLElement} note @param {number} now */
  #drawSilence(note, now) {
    note.hidden = !this.#silence;
    const texts = this.#silence ? [say(`silenced_${this.#silence.code}`), wordsOf(this.#silence.until, now)] : ["", ""];
    texts.forEach((text, index) => {
      if (note.children[index].textContent !== text) note.children[index].textContent = text;
    });
  }

  #draw() {
    const now = Date.now();
    const left = Math.max(0, Math.ceil((this.#slowUntil - now) / 1000));
    const words = left ? say("slow_wait", { n: left }) : "";
    this.field.placeholder = words || this.words.field;
    this.button.setAttribute("aria-label", words || this.words.button);
    if (left) this.button.dataset.left = String(left);
    else delete this.button.dataset.left;
    if (this.#silence && this.#silence.until <= now) this.#silence = null;
    if (this.note) this.#drawSilence(this.note, now);
    if (!left && this.#silence?.code !== "muted") clearInterval(this.#timer);
  }
}

/** When one may write again, if ever. @param {number} until @param {number} now */
function wordsOf(until, now) {
  if (until === Infinity) return "";
  if (until - now < HOUR_MS) return say("silenced_for", { time: duration(Math.ceil((until - now) / 1000)) });
  const lang = document.documentElement.lang || undefined;
  const end = new Date(until);
  return say("silenced_until", {
    day: end.toLocaleDateString(lang, { weekday: "long" }),
    time: end.toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit" }),
  });
}
