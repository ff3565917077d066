/**
 * How a show plays here, told to its host without a name: when the first picture came, how often and how long it stood
 * still, how far behind the camera it is. Sent a while after the start, once a minute, and as the page is left.
 */

const ADDRESS = "/api/v1/playback/metrics";
const FIRST_AFTER_MS = 10_000;
const EVERY_MS = 60_000;
const STALL_MS = 250; // shorter ones nobody sees
const MOVED_S = 0.05;
const STEP_MAX_MS = 2000; // between two looks at a picture that moves
const MOST_MS = 600_000;

/** @param {import("showfloor/player").Player} player @param {{session: string}} show */
export function measure(player, { session }) {
  const { video } = player;
  /** @type {number | null} */ let startupMs = null;
  let [stalls, stalledMs, watchedMs] = [0, 0, 0];
  let [waitingSince, waitingAt, lookedAt, sentAt, hasStarted] = [0, 0, 0, 0, false];

  player.addEventListener("started", (event) => {
    const now = performance.now();
    startupMs = /** @type {CustomEvent} */ (event).detail.afterMs;
    hasStarted = true;
    sentAt = now - EVERY_MS + FIRST_AFTER_MS;
  });

  /** The picture moves again, or never will here. */
  const endStall = () => {
    const stoodMs = waitingSince ? performance.now() - waitingSince : 0;
    waitingSince = 0;
    if (stoodMs < STALL_MS) return;
    stalls += 1;
    stalledMs += stoodMs;
  };
  video.addEventListener("waiting", () => {
    // Seeking waits as well, and a show that pauses has nothing to send.
    if (!hasStarted || waitingSince || video.seeking || video.paused || !player.expectsMedia) return;
    [waitingSince, waitingAt] = [performance.now(), video.currentTime];
  });
  for (const name of ["playing", "timeupdate"]) {
    video.addEventListener(
      name,
      () => !video.seeking && Math.abs(video.currentTime - waitingAt) > MOVED_S && endStall(),
    );
  }
  video.addEventListener("pause", () => (waitingSince = 0));

  player.addEventListener("clock", () => {
    const now = performance.now();
    if (player.status === "playing" && !video.paused && lookedAt) watchedMs += Math.min(STEP_MAX_MS, now - lookedAt);
    lookedAt = now;
    if (!player.expectsMedia || !player.isLoaded) waitingSince = 0;
    if (hasStarted && now - sentAt >= EVERY_MS) send();
  });
  addEventListener("pagehide", () => {
    endStall();
    if (hasStarted) send();
  });

  const send = () => {
    sentAt = performance.now();
    const isTold = player.isLive && player.status === "playing" && player.isAtEdge;
    const behindS = isTold ? player.behindS : null;
    const bounded = (/** @type {number} */ ms) => Math.min(MOST_MS, Math.round(ms));
    const report = {
      session,
      stalls: Math.min(1000, stalls),
      stalled_ms: bounded(stalledMs),
      watched_ms: bounded(watchedMs),
      ...(startupMs !== null && { startup_ms: bounded(startupMs) }),
      ...(behindS !== null && { latency_ms: bounded(1000 * behindS) }),
    };
    [startupMs, stalls, stalledMs, watchedMs] = [null, 0, 0, 0];
    navigator.sendBeacon?.(ADDRESS, new Blob([JSON.stringify(report)], { type: "application/json" }));
  };
}
