/**
 * This browser's camera and microphone, recorded by MediaRecorder and sent to the media process (docs/ingest.md).
 *
 *   const camera = new Camera({ ticket: () => api(…) });
 *   await camera.open();                 // asks for permission; `camera.stream` is what it sees
 *   await camera.choose({ camera: id }); // another device, also while sending
 *   camera.send();  camera.stop();  camera.close();
 *
 * Events: `state` ({state, code}). States: off, asking, ready, connecting, sending, lost (it keeps trying).
 * `code` says what went wrong, if anything: not_allowed, not_found, not_readable, insecure, unsupported, device_gone,
 * or the server's word: in_use, taken_over, ended, bad_media, …
 */

// The first that the browser records. H.264 need not be encoded again; WebM comes sooner than MP4, which waits for keyframes.
const MIMES = [
  "video/webm;codecs=h264,opus",
  "video/webm;codecs=avc1.42E01F,opus",
  "video/mp4;codecs=avc1.42E01F,mp4a.40.2",
  "video/mp4;codecs=avc1.42E01F,opus",
  "video/webm;codecs=vp8,opus",
];
const CHUNK_MS = 200;
const KEYFRAME_MS = 1000;
const PICTURE_BPS = 2_500_000;
const PICTURE_LEAST_BPS = 500_000;
const SOUND_BPS = 128_000;
const BEHIND_S = 2; // so much waiting to be sent means that the line is too thin for this bitrate
const HOPELESS_S = 8;
const BEGIN_EVERY_MS = 1500; // the server takes one new recording a second
const BACKOFF_MS = [500, 1000, 2000, 4000, 5000];
const ANSWER_WITHIN_MS = 12_000;
// Our own old connection may still hold the show for a moment.
const IN_USE_FOR_MS = 20_000;
const FINAL = new Set(["taken_over", "ended", "unknown", "bad_message"]);
// What was taken for so long was no bad picture: something else went wrong, and trying again helps.
const GOOD_AFTER_MS = 5000;

/** @type {Record<string, string>} what getUserMedia throws → code */
const TROUBLES = {
  NotAllowedError: "not_allowed",
  SecurityError: "not_allowed",
  NotFoundError: "not_found",
  OverconstrainedError: "not_found",
  NotReadableError: "not_readable",
  AbortError: "not_readable",
};

export class Camera extends EventTarget {
  /** @type {MediaStream | null} */ stream = null;
  state = "off";
  code = "";
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {MediaRecorder | null} */ #recorder = null;
  /** @type {{camera: string, microphone: string}} */ #devices = { camera: "", microphone: "" };
  #isWanted = false;
  #isMuted = false;
  #bps = PICTURE_BPS;
  #attempt = 0;
  #begunAt = 0;
  #lostAt = 0;
  #size = "";
  #turn = 0;
  /** @type {WeakSet<MediaRecorder>} those whose last chunk has been sent */ #over = new WeakSet();
  /** @type {any} */ #retry;
  /** @type {any} */ #restart;
  /** @type {any} */ #answer;

  /** @param {{ticket: () => Promise<{ok: boolean, status: number, body: any}>}} options */
  constructor({ ticket }) {
    super();
    this.ticket = ticket;
  }

  /** What this browser records, or "" if it can't. */
  static get mime() {
    return MIMES.find((mime) => globalThis.MediaRecorder?.isTypeSupported(mime)) ?? "";
  }

  get isSending() {
    return this.#isWanted;
  }

  get isMuted() {
    return this.#isMuted;
  }

  /** Ask for the devices, and see what they see. @returns {Promise<boolean>} */
  async open() {
    if (!globalThis.isSecureContext || !navigator.mediaDevices) return this.#fail("insecure");
    if (!Camera.mime) return this.#fail("unsupported");
    const turn = ++this.#turn;
    if (!this.stream) this.#enter("asking");
    const { camera, microphone } = this.#devices;
    let stream;
    try {
      const video = {
        width: { ideal: 1280 },
        height: { ideal: 720 },
        frameRate: { ideal: 30, max: 30 },
        ...(camera ? { deviceId: { exact: camera } } : { facingMode: "user" }),
      };
      const audio = microphone ? { deviceId: { exact: microphone } } : true;
      stream = await navigator.mediaDevices.getUserMedia({ video, audio }).catch((error) => {
        // A camera without a microphone goes live as well, without sound.
        if (error.name !== "NotFoundError") throw error;
        return navigator.mediaDevices.getUserMedia({ video });
      });
    } catch (error) {
      return turn === this.#turn && this.#fail(TROUBLES[/** @type {DOMException} */ (error).name] ?? "not_readable");
    }
    if (turn !== this.#turn) {
      for (const track of stream.getTracks()) track.stop(); // closed, or asked anew, meanwhile
      return false;
    }
    this.#release();
    this.stream = stream;
    for (const track of stream.getTracks()) track.addEventListener("ended", () => this.#gone(track));
    this.mute(this.#isMuted);
    if (this.#isWanted) this.#record();
    this.#enter(this.#isWanted ? this.state : "ready");
    return true;
  }

  /** Take other devices, also while sending. @param {{camera?: string, microphone?: string}} devices */
  async choose(devices) {
    const before = this.#devices;
    this.#devices = { ...before, ...devices };
    const isOpen = await this.open();
    if (!isOpen) this.#devices = before;
    return isOpen;
  }

  /** The ids of the devices in use. */
  get devices() {
    const id = (/** @type {MediaStreamTrack | undefined} */ track) => track?.getSettings().deviceId ?? "";
    return { camera: id(this.stream?.getVideoTracks()[0]), microphone: id(this.stream?.getAudioTracks()[0]) };
  }

  /** @param {boolean} isMuted */
  mute(isMuted) {
    this.#isMuted = isMuted;
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = !isMuted;
  }

  /** The picture has another size now: a recording can't change its own. @param {number} width @param {number} height */
  resized(width, height) {
    const size = `${width}×${height}`;
    const isNew = this.#size && this.#size !== size;
    this.#size = size;
    if (isNew && this.#recorder) this.#record();
  }

  /** Send until stopped. */
  send() {
    if (this.#isWanted || !this.stream) return;
    this.#isWanted = true;
    this.#attempt = 0;
    this.#bps = PICTURE_BPS;
    this.#lostAt = 0;
    this.#enter("connecting");
    this.#connect();
  }

  /** Send no more; the camera stays open. */
  stop(code = "") {
    this.#isWanted = false;
    this.#hangUp();
    this.#enter(this.stream ? "ready" : "off", code);
  }

  /** Let go of everything. */
  close() {
    this.#isWanted = false;
    this.#turn += 1;
    this.#hangUp();
    this.#release();
    this.#enter("off");
  }

  // --- the connection ---

  async #connect() {
    clearTimeout(this.#retry);
    const { ok, status, body } = await this.ticket();
    if (!this.#isWanted) return;
    if (!ok) return status && status < 500 && status !== 429 ? this.stop("unknown") : this.#again();
    const socket = new WebSocket(body.url);
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", v: 1, ticket: body.ticket, mime: Camera.mime }));
    socket.onmessage = (event) => this.#socket === socket && this.#hear(JSON.parse(event.data));
    socket.onclose = () => this.#socket === socket && this.#again();
    this.#answer = setTimeout(() => this.#again(), ANSWER_WITHIN_MS);
  }

  /** @param {{type: string, code?: string}} frame */
  #hear(frame) {
    clearTimeout(this.#answer);
    if (frame.type === "ready") {
      this.#attempt = 0;
      this.#lostAt = 0;
      this.#begunAt = performance.now();
      this.#enter("sending");
      this.#start();
    } else if (frame.type === "bye") {
      const code = frame.code ?? "";
      const isOurs = this.#lostAt && performance.now() - this.#lostAt < IN_USE_FOR_MS;
      const isBad = code === "bad_media" && performance.now() - this.#begunAt < GOOD_AFTER_MS;
      if (FINAL.has(code) || isBad || (code === "in_use" && !isOurs)) this.stop(code);
      else this.#again();
    }
  }

  /** The connection is gone, or came to nothing: try again, and again. */
  #again() {
    this.#hangUp();
    if (!this.#isWanted) return;
    if (this.state === "sending") this.#lostAt = performance.now();
    this.#enter(this.#lostAt ? "lost" : "connecting");
    const wait = BACKOFF_MS[Math.min(this.#attempt++, BACKOFF_MS.length - 1)];
    this.#retry = setTimeout(() => this.#connect(), wait);
  }

  #hangUp() {
    for (const timer of [this.#retry, this.#restart, this.#answer]) clearTimeout(timer);
    const recorder = this.#recorder;
    this.#recorder = null;
    if (recorder && recorder.state !== "inactive") recorder.stop();
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
  }

  // --- the recording ---

  /** Begin a new recording on the same connection: other devices, another size or bitrate. */
  #record() {
    clearTimeout(this.#restart);
    if (!this.#socket || this.state !== "sending") return;
    const wait = Math.max(0, this.#begunAt + BEGIN_EVERY_MS - performance.now());
    this.#restart = setTimeout(() => {
      const [old, socket] = [this.#recorder, this.#socket];
      this.#recorder = null;
      const begin = () => {
        if (old) this.#over.add(old);
        if (this.#socket !== socket || socket?.readyState !== WebSocket.OPEN) return;
        this.#begunAt = performance.now();
        socket.send(JSON.stringify({ type: "begin", mime: Camera.mime }));
        this.#start();
      };
      if (!old || old.state === "inactive") return begin();
      // What it still holds comes before the event.
      old.addEventListener("stop", begin, { once: true });
      return old.stop();
    }, wait);
  }

  #start() {
    const socket = this.#socket;
    if (!this.stream?.active || !socket) return;
    const recorder = new MediaRecorder(this.stream, {
      mimeType: Camera.mime,
      videoBitsPerSecond: this.#bps,
      audioBitsPerSecond: SOUND_BPS,
      // @ts-ignore (not yet in the types)
      videoKeyFrameIntervalDuration: KEYFRAME_MS,
    });
    this.#recorder = recorder;
    recorder.ondataavailable = ({ data }) => {
      if (!data.size || socket.readyState !== WebSocket.OPEN || this.#over.has(recorder)) return;
      socket.send(data);
      if (this.#recorder === recorder) this.#watch(socket);
    };
    recorder.onerror = () => this.#recorder === recorder && this.#again();
    recorder.start(CHUNK_MS);
  }

  /** See whether the line keeps up: record smaller where not, and begin anew where it is hopeless. @param {WebSocket} socket */
  #watch(socket) {
    const behindS = (socket.bufferedAmount * 8) / (this.#bps + SOUND_BPS);
    if (behindS > HOPELESS_S) return this.#again();
    if (behindS < BEHIND_S || this.#bps <= PICTURE_LEAST_BPS || performance.now() - this.#begunAt < 2 * BEGIN_EVERY_MS)
      return;
    this.#bps = Math.max(PICTURE_LEAST_BPS, this.#bps * 0.6);
    this.#record();
  }

  // --- the devices ---

  /** @param {MediaStreamTrack} track */
  #gone(track) {
    if (!this.stream?.getTracks().includes(track)) return;
    this.#devices = { camera: "", microphone: "" };
    this.stop("device_gone");
  }

  #release() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.#size = "";
  }

  /** @param {string} code */
  #fail(code) {
    if (this.#isWanted) this.dispatchEvent(new CustomEvent("state", { detail: { state: this.state, code } }));
    else this.#enter(this.stream ? "ready" : "off", code);
    return false;
  }

  /** @param {string} state @param {string} [code] */
  #enter(state, code = "") {
    this.state = state;
    this.code = code;
    this.dispatchEvent(new CustomEvent("state", { detail: { state, code } }));
  }
}
