/** A small picture of the moment over a replay's seek bar, from a sheet that a WebVTT track describes (`#xywh=`). */
import { duration } from "showfloor/clock";

const TRACK = "thumbnails.vtt";
const THUMB_PX = 14; // the slider's knob, whose middle never reaches the bar's ends
const RETRY_MS = 5000; // they are drawn a few seconds after the show's end
const LINGER_MS = 900;

/** @typedef {{from: number, url: string, x: number, y: number, w: number, h: number}} Cue */

/**
 * Show pictures while the pointer, a finger or the keys move over the bar; only the time where there are none.
 * @param {HTMLElement} stage @param {import("showfloor/player").Player} player
 */
export function attach(stage, player) {
  const seek = /** @type {HTMLInputElement} */ (stage.querySelector("[data-seek]"));
  const peek = /** @type {HTMLElement} */ (stage.querySelector("[data-peek]"));
  const picture = /** @type {HTMLElement} */ (peek.querySelector("[data-peek-picture]"));
  const clock = /** @type {HTMLElement} */ (peek.querySelector("[data-peek-time]"));
  /** @type {Cue[]} */ let cues = [];
  let [askedAt, isAsking, timer, shown] = [-RETRY_MS, false, 0, 0];

  const load = async () => {
    if (cues.length || isAsking || performance.now() - askedAt < RETRY_MS) return;
    [askedAt, isAsking] = [performance.now(), true];
    const address = new URL(TRACK, new URL(player.url, location.href));
    const answer = await fetch(address).catch(() => null);
    if (answer?.ok) cues = parse(await answer.text(), address);
    isAsking = false;
    if (!cues.length || peek.hidden) return;
    show(shown);
    if (!seek.matches(":hover, :active")) hideSoon();
  };

  /** @param {number} seconds */
  const show = (seconds) => {
    const length = Number(seek.max);
    if (player.isLive || !(length > 1)) return;
    shown = seconds;
    load();
    clearTimeout(timer);
    const at = Math.max(0, Math.min(seconds, length));
    const cue = cues.findLast((one) => one.from <= at) ?? cues[0];
    picture.hidden = !cue;
    if (cue) {
      Object.assign(picture.style, {
        backgroundImage: `url("${cue.url}")`,
        backgroundPosition: `${-cue.x}px ${-cue.y}px`,
        inlineSize: `${cue.w}px`,
        blockSize: `${cue.h}px`,
      });
    }
    clock.textContent = duration(at);
    peek.hidden = false;
    const half = peek.offsetWidth / 2;
    const middle = THUMB_PX / 2 + (at / length) * (seek.offsetWidth - THUMB_PX);
    peek.style.insetInlineStart = `${Math.max(0, Math.min(middle - half, seek.offsetWidth - 2 * half))}px`;
  };
  const hide = () => {
    clearTimeout(timer);
    peek.hidden = true;
  };
  const hideSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(hide, LINGER_MS);
  };

  seek.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "mouse" && !event.buttons) return;
    const box = seek.getBoundingClientRect();
    const part = (event.clientX - box.left - THUMB_PX / 2) / (box.width - THUMB_PX);
    show(Number(seek.max) * (getComputedStyle(seek).direction === "rtl" ? 1 - part : part));
  });
  seek.addEventListener("pointerleave", hide);
  seek.addEventListener("input", () => show(Number(seek.value)));
  seek.addEventListener("change", hideSoon);
  seek.addEventListener("focus", load);
  seek.addEventListener("blur", hide);
}

/** @param {string} text @param {URL} base @returns {Cue[]} */
function parse(text, base) {
  const found = text.matchAll(/^(?:(\d+):)?(\d+):(\d+\.\d+) --> .*\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)/gm);
  return [...found].map(([, hours, minutes, seconds, name, x, y, w, h]) => ({
    from: Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(seconds),
    url: new URL(name, base).href,
    x: Number(x),
    y: Number(y),
    w: Number(w),
    h: Number(h),
  }));
}
