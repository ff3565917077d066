/** The buttons over the picture: play, sound, quality, small window, full screen, and a replay's position. */
import { duration } from "showfloor/clock";
import { AUDIO, AUTO } from "showfloor/player";
import { say } from "showfloor/words";

const IDLE_AFTER_MS = 3500;
const STEP_S = 5;
const LOUDER = 0.1;

/**
 * Wire up the controls of a stage.
 * @param {HTMLElement} stage @param {import("showfloor/player").Player} player
 * @param {{isReplay: () => boolean}} show
 */
export function attach(stage, player, show) {
  const { video } = player;
  const one = (/** @type {string} */ name) => /** @type {any} */ (stage.querySelector(`[data-${name}]`));
  const [bar, play, mute, unmute, big] = ["controls", "play", "mute", "unmute", "bigplay"].map(one);
  const [behind, clock, edge, seek, seekRow] = ["behind", "clock", "edge", "seek", "seek-row"].map(one);
  bar.hidden = false;

  const toggle = () =>
    video.paused ? (player.isLive && !player.isAtEdge ? player.toEdge() : player.play()) : player.pause();
  const drawPlay = () => {
    play.setAttribute("aria-pressed", String(video.paused));
    label(play, say(video.paused ? "play" : "pause"));
    if (!video.paused) big.hidden = true;
  };
  const drawSound = () => {
    const isOff = video.muted || video.volume === 0;
    mute.setAttribute("aria-pressed", String(isOff));
    label(mute, say(isOff ? "unmute" : "mute"));
    if (!isOff) unmute.hidden = true;
  };
  const setSound = (/** @type {boolean} */ isOn) => {
    video.muted = !isOn;
    if (isOn && video.volume === 0) video.volume = 1;
    unmute.hidden = true; // chosen: not asked for again
  };
  const turnUp = (/** @type {number} */ by) => {
    const volume = video.muted ? 0 : video.volume;
    video.volume = Math.max(0, Math.min(1, volume + by));
    setSound(video.volume > 0);
  };
  play.addEventListener("click", toggle);
  mute.addEventListener("click", () => setSound(video.muted));
  unmute.addEventListener("click", () => {
    setSound(true);
    mute.focus();
  });
  big.addEventListener("click", () => player.play());
  // A finger's first touch brings the controls back; only the next one acts.
  let wasIdle = false;
  stage.addEventListener(
    "pointerdown",
    (event) => (wasIdle = event.pointerType !== "mouse" && stage.dataset.idle !== undefined),
    { capture: true },
  );
  video.addEventListener("click", () => !wasIdle && toggle());
  for (const name of ["play", "pause"]) video.addEventListener(name, drawPlay);
  video.addEventListener("volumechange", drawSound);
  video.addEventListener(
    "playing",
    () => {
      unmute.hidden = !video.muted || unmute.dataset.done !== undefined;
      unmute.dataset.done = "";
    },
    { once: true },
  );
  player.addEventListener("blocked", () => (big.hidden = false));
  edge.addEventListener("click", () => player.toEdge());

  // --- the clock: behind the camera, or where in the replay ---
  let isSeeking = false;
  const drawClock = () => {
    const isReplay = show.isReplay();
    behind.hidden = isReplay;
    clock.hidden = seekRow.hidden = !isReplay;
    edge.hidden = isReplay || player.status !== "playing" || player.isAtEdge;
    if (isReplay) return drawPosition();
    const seconds = player.behindS;
    behind.textContent =
      seconds === null || player.status !== "playing" || video.paused
        ? ""
        : say("behind", { n: Math.max(1, Math.round(seconds)) });
  };
  const drawPosition = () => {
    const length = Number.isFinite(video.duration) ? video.duration : 0;
    if (!isSeeking) {
      seek.max = String(length || 1);
      seek.value = String(video.currentTime);
    }
    seek.style.setProperty("--at", `${length ? (100 * Number(seek.value)) / length : 0}%`);
    const at = `${duration(Number(seek.value))} / ${duration(length)}`;
    seek.setAttribute("aria-valuetext", at);
    clock.textContent = at;
  };
  seek.addEventListener("input", () => {
    isSeeking = true;
    drawPosition();
  });
  seek.addEventListener("change", () => {
    isSeeking = false;
    player.seek(Number(seek.value));
  });
  player.addEventListener("clock", drawClock);

  quality(stage, player);
  windows(stage, one, video);

  // --- keys and idleness ---
  let idleTimer = 0;
  const wake = () => {
    delete stage.dataset.idle;
    clearTimeout(idleTimer);
    idleTimer = setTimeout(() => !video.paused && (stage.dataset.idle = ""), IDLE_AFTER_MS);
  };
  for (const name of ["pointermove", "pointerdown", "focusin", "keydown"]) stage.addEventListener(name, wake);
  wake();
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = /** @type {HTMLElement} */ (event.target);
    const isOnPage = target === document.body || target.id === "main" || target === video;
    if (!isOnPage && !(stage.contains(target) && !target.matches("input, [role^=menuitem]"))) return;
    if (target.matches("button, a") && [" ", "Enter"].includes(event.key)) return;
    const isReplay = show.isReplay();
    /** @type {Record<string, () => void>} */
    const keys = {
      " ": toggle,
      k: toggle,
      m: () => setSound(video.muted),
      f: () => one("full").click(),
      i: () => one("pip").click(),
      c: () => one("captions").click(),
      ...(isReplay
        ? {
            ArrowLeft: () => player.seek(video.currentTime - STEP_S),
            ArrowRight: () => player.seek(video.currentTime + STEP_S),
          }
        : { l: () => player.toEdge() }),
      // elsewhere on the page these scroll it
      ...(!isOnPage && { ArrowUp: () => turnUp(LOUDER), ArrowDown: () => turnUp(-LOUDER) }),
    };
    const act = player.isLoaded && keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
    wake();
  });
  drawPlay();
  drawSound();
  drawClock();
}

/** The menu of qualities: Auto, each rendition, audio only. @param {HTMLElement} stage @param {any} player */
function quality(stage, player) {
  const menu = /** @type {HTMLElement} */ (stage.querySelector("[data-quality-menu]"));
  const openers = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-quality-open]")]);
  const now = stage.querySelector("[data-quality-now]");
  let opener = openers[0];

  const label = (/** @type {any} */ one) => `${one.height}p`;
  const draw = () => {
    const choices = player.renditions;
    const playing = player.playing;
    const isAudio = player.isAudioOnly;
    stage.dataset.sound = isAudio ? "only" : "";
    for (const button of openers) button.hidden = !isAudio && choices.length < 2 && !player.hasAudioOnly;
    if (now) {
      now.textContent = isAudio
        ? say("quality_audio")
        : player.choice === AUTO
          ? playing
            ? say("quality_auto_at", { rendition: label(playing) })
            : say("quality_auto")
          : label(choices.find((/** @type {any} */ one) => one.id === player.choice) ?? playing ?? { height: "" });
    }
    if (!isAudio || !menu.querySelector("button")) {
      menu.querySelectorAll("button").forEach((button) => button.remove());
      menu.append(
        item(AUTO, say("quality_auto")),
        ...choices.map((/** @type {any} */ one) => item(one.id, label(one), rate(one.bitrate))),
      );
      if (player.hasAudioOnly) menu.append(item(AUDIO, say("quality_audio")));
    }
    for (const button of menu.querySelectorAll("button")) {
      button.setAttribute("aria-checked", String(button.dataset.choice === player.choice));
    }
  };
  const item = (/** @type {string} */ id, /** @type {string} */ text, note = "") => {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("role", "menuitemradio");
    button.dataset.choice = id;
    button.tabIndex = -1;
    button.append(text, " ");
    if (note) button.append(Object.assign(document.createElement("small"), { textContent: note }));
    button.insertAdjacentHTML("beforeend", '<svg class="icon" aria-hidden="true"><use href="#i-check"/></svg>');
    button.addEventListener("click", () => {
      player.choose(id);
      close(true);
    });
    return button;
  };
  const close = (/** @type {boolean} */ isChosen) => {
    menu.hidden = true;
    for (const button of openers) button.setAttribute("aria-expanded", "false");
    if (isChosen) opener.focus();
  };
  for (const button of openers) {
    button.addEventListener("click", () => {
      if (!menu.hidden) return close(true);
      opener = button;
      draw();
      menu.hidden = false;
      button.setAttribute("aria-expanded", "true");
      /** @type {HTMLElement} */ (menu.querySelector('[aria-checked="true"]') ?? menu.querySelector("button"))?.focus();
    });
  }
  menu.addEventListener("keydown", (event) => {
    const items = /** @type {HTMLElement[]} */ ([...menu.querySelectorAll("button")]);
    const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Escape") close(true);
    else if (event.key === "Tab") return close(false);
    else if (to !== undefined) items.at(to % items.length)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  document.addEventListener("pointerdown", (event) => {
    const target = /** @type {Node} */ (event.target);
    if (!menu.hidden && !menu.contains(target) && !openers.some((button) => button.contains(target))) close(false);
  });
  for (const name of ["levels", "level"]) player.addEventListener(name, () => draw());
}

/** Full screen and the small window. @param {HTMLElement} stage @param {(name: string) => any} one @param {any} video */
function windows(stage, one, video) {
  const [full, pip] = [one("full"), one("pip")];
  for (const button of [full, pip]) label(button, button.getAttribute("aria-label"));
  full.hidden = !(document.fullscreenEnabled || video.webkitEnterFullscreen);
  pip.hidden = !document.pictureInPictureEnabled;
  full.addEventListener("click", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (stage.requestFullscreen) stage.requestFullscreen().catch(() => {});
    else video.webkitEnterFullscreen();
  });
  document.addEventListener("fullscreenchange", () =>
    label(full, say(document.fullscreenElement ? "full_leave" : "full")),
  );
  pip.addEventListener("click", () =>
    (document.pictureInPictureElement ? document.exitPictureInPicture() : video.requestPictureInPicture()).catch(
      () => {},
    ),
  );
}

/** Name a button, for a pointer with its key. @param {HTMLElement} button @param {string} text */
export function label(button, text) {
  button.setAttribute("aria-label", text);
  button.title = `${text} (${button.getAttribute("aria-keyshortcuts")})`;
}

/** @param {number} bitsPerS */
const rate = (bitsPerS) => (bitsPerS ? `${(bitsPerS / 1e6).toFixed(1)} Mbit/s` : "");
