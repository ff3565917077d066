/** The studio's own camera: what it sees, how loud it is, which devices, go live and stop. */
import { api } from "showfloor/api";
import { Camera } from "showfloor/camera";
import { has, say } from "showfloor/words";

const LEVEL_EVERY_MS = 80;
const LOUD = 0.25; // root mean square of somebody who speaks up

/** @param {Document} page @param {{calls: string, onChange: () => void}} options */
export function camera(page, { calls, onChange }) {
  const panel = /** @type {HTMLElement | null} */ (page.querySelector("[data-camera]"));
  page.documentElement.toggleAttribute("data-insecure", !globalThis.isSecureContext || !navigator.mediaDevices);
  if (!panel) return;
  const one = (/** @type {string} */ name) => /** @type {any} */ (panel.querySelector(`[data-camera-${name}]`));
  const camera = new Camera({ ticket: () => api(`${calls}/camera`, { method: "POST" }) });
  const [self, go, stop, says] = [one("self"), one("go"), one("stop"), one("says")];
  const meter = new Meter(one("level"));
  const air = () => page.querySelector('[data-part="air"]')?.getAttribute("data-state") ?? "";
  const isOnAir = () => ["live", "interrupted"].includes(air());

  page.addEventListener("click", (event) => {
    const opener = /** @type {HTMLElement} */ (event.target).closest("[data-camera-open]");
    if (!opener) return;
    /** @type {HTMLDialogElement | null} */ (opener.closest("dialog"))?.close();
    panel.hidden = false;
    camera.open();
    panel.scrollIntoView({ block: "nearest" });
  });
  go.addEventListener("click", () => camera.send());
  stop.addEventListener("click", () => camera.stop());
  one("retry").addEventListener("click", () => camera.open());
  one("close").addEventListener("click", () => {
    camera.close();
    panel.hidden = true;
  });
  one("mute").addEventListener("click", (/** @type {Event} */ event) => {
    camera.mute(!camera.isMuted);
    /** @type {HTMLElement} */ (event.currentTarget).setAttribute("aria-pressed", String(camera.isMuted));
  });
  const [cameras, microphones] = [one("cameras"), one("microphones")];
  cameras.addEventListener("change", () => camera.choose({ camera: cameras.value }));
  microphones.addEventListener("change", () => camera.choose({ microphone: microphones.value }));
  self.addEventListener("resize", () => camera.resized(self.videoWidth, self.videoHeight));

  const sentence = (/** @type {string} */ state, /** @type {string} */ code) => {
    if (code) return has(`camera_${code}`) ? say(`camera_${code}`) : say("camera_trouble");
    return state === "ready" && isOnAir() ? say("camera_paused") : say(`camera_${state}`);
  };

  camera.addEventListener("state", (event) => {
    const { state, code } = /** @type {CustomEvent} */ (event).detail;
    panel.dataset.state = state;
    panel.toggleAttribute("data-on", camera.isSending);
    panel.toggleAttribute("data-trouble", Boolean(code) || state === "lost");
    says.textContent = sentence(state, code);
    go.textContent = isOnAir() ? go.dataset.wordsAgain : go.dataset.words;
    if (self.srcObject !== camera.stream) {
      self.srcObject = camera.stream;
      meter.listen(camera.stream);
    }
    fill();
    if (state === "sending") keepAwake();
    else rest();
    if (code === "ended") panel.hidden = true;
    onChange();
  });
  camera.addEventListener("state", () => {
    const wanted = camera.state === "ready" ? go : camera.isSending ? stop : null;
    const hadFocus = [go, stop].includes(/** @type {any} */ (page.activeElement));
    if (hadFocus && wanted) requestAnimationFrame(() => wanted.focus());
  });

  // --- devices ---
  const fill = async () => {
    if (!camera.stream) return;
    const found = await navigator.mediaDevices.enumerateDevices();
    const inUse = camera.devices;
    list(
      cameras,
      found.filter((device) => device.kind === "videoinput"),
      inUse.camera,
    );
    list(
      microphones,
      found.filter((device) => device.kind === "audioinput"),
      inUse.microphone,
    );
  };
  navigator.mediaDevices?.addEventListener("devicechange", fill);

  // --- a phone that sends must not fall asleep, and a page that sends is not left by accident ---
  /** @type {any} */
  let lock = null;
  const keepAwake = async () => {
    lock ??= await /** @type {any} */ (navigator).wakeLock?.request("screen").catch(() => null);
  };
  const rest = () => {
    lock?.release();
    lock = null;
  };
  page.addEventListener("visibilitychange", () => {
    if (page.visibilityState !== "visible" || !camera.isSending) return;
    lock = null; // the browser took it when the page was hidden
    keepAwake();
  });
  addEventListener("beforeunload", (event) => {
    if (camera.isSending && air() !== "ended") event.preventDefault();
  });
  addEventListener("pagehide", () => camera.close());
}

/** @param {HTMLSelectElement} select @param {MediaDeviceInfo[]} devices @param {string} chosen */
function list(select, devices, chosen) {
  select.replaceChildren(
    ...devices.map(
      (device, index) => new Option(device.label || say("camera_device", { n: index + 1 }), device.deviceId),
    ),
  );
  select.value = chosen;
  select.disabled = devices.length < 2;
}

/** How loud the microphone is, drawn as a bar. */
class Meter {
  /** @type {AudioContext | null} */ #context = null;
  #timer = 0;

  /** @param {HTMLElement} bar */
  constructor(bar) {
    this.bar = bar;
  }

  /** @param {MediaStream | null} stream */
  listen(stream) {
    clearInterval(this.#timer);
    this.#context?.close();
    this.#context = null;
    this.#draw(0);
    if (!stream?.getAudioTracks().length) return;
    this.#context = new AudioContext();
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 1024;
    this.#context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let shown = 0;
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const loudness = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
      // Up at once, down slowly, and by the ear's scale.
      shown = Math.max(Math.min(1, Math.sqrt(loudness / LOUD)), shown * 0.85);
      this.#draw(shown);
    }, LEVEL_EVERY_MS);
  }

  /** @param {number} level */
  #draw(level) {
    this.bar.style.setProperty("--level", level.toFixed(2));
  }
}
