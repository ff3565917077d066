/** The studio: am I on air, what do they see, what's next, what do they say. */
import { api } from "showfloor/api";
import { duration } from "showfloor/clock";
import { money } from "showfloor/sums";
import { clockSkewMs } from "showfloor/player";
import { moderate } from "showfloor/moderation";
import { camera } from "showfloor/studio_camera";
import { copying, dialogs, shortcuts } from "showfloor/studio_asking";
import { Parts } from "showfloor/studio_parts";
import { drawPlays } from "showfloor/studio_plays";
import { Preview } from "showfloor/studio_preview";
import { LOW_STOCK } from "showfloor/stock";
import { connect } from "showfloor/wire";
import { say } from "showfloor/words";

const POLL_MS = 3000;
const SOON_MS = 400;
const TOAST_MS = 5000;
const SPARKS = 24;
const HELD_MAX = 100; // as streams/chat/review.py

/** @param {Document} page */
export function init(page) {
  document.documentElement.dataset.script = "";
  const show = JSON.parse(page.getElementById("studio-data")?.textContent ?? "{}");
  const skewMs = clockSkewMs(show.now);
  const one = (/** @type {string} */ selector) => /** @type {any} */ (page.querySelector(selector));
  const all = (/** @type {string} */ selector) => /** @type {HTMLElement[]} */ ([...page.querySelectorAll(selector)]);
  const parts = new Parts(page);
  const wire = connect({ path: `/ws/sessions/${show.slug}/`, watches: false });
  const preview = new Preview({ skewMs });
  const calls = `host/sessions/${encodeURIComponent(show.slug)}`;
  const isOver = show.state === "ended";

  dialogs(page, parts, { onOpen: (name) => name === "end" && tellStakes() });
  copying(page);
  if (!isOver) shortcuts(page, { lines: () => all("[data-lines] > [data-line]") });

  // --- forms ---
  page.addEventListener("submit", async (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.dataset.quiet === undefined) return;
    event.preventDefault();
    if (form.dataset.busy !== undefined) return; // a second press of the same button
    form.dataset.busy = "";
    const wentThrough = await parts.submit(form, event.submitter);
    delete form.dataset.busy;
    if (!wentThrough) return toast(say("not_done"));
    const dialog = form.closest("dialog");
    if (dialog && !["ask-add", "ask-chat"].includes(dialog.id)) dialog.close();
    if (dialog?.id === "ask-announce") form.reset();
    settle();
  });
  page.addEventListener("change", (event) => {
    const field = /** @type {HTMLSelectElement} */ (event.target);
    if (field.dataset.submits !== undefined) field.form?.requestSubmit();
  });

  // --- what changed ---
  const stateNow = () => one('[data-part="air"]').dataset.state;
  /** Take note of the state that the page shows now. */
  const settle = () => {
    const state = stateNow();
    if (state === "ended" && !isOver) return location.replace(location.pathname);
    preview.show(one("[data-see]"), state);
    if (state === "live" && show.state === "rehearsal") preview.restart();
    show.state = state;
    drawTimes();
    return undefined;
  };
  let soon = 0;
  const refreshSoon = (wait = 120) => {
    clearTimeout(soon);
    soon = setTimeout(async () => {
      await parts.refresh();
      settle();
    }, wait);
  };
  parts.addEventListener("said", (event) => toast(/** @type {CustomEvent} */ (event).detail.text));
  parts.addEventListener("replaced", (event) => {
    const { name } = /** @type {CustomEvent} */ (event).detail;
    if (name === "run-list" || name === "pin") for (const sku of Object.keys(wire.state.items)) drawStock(sku);
  });
  wire.addEventListener("session", (event) => {
    if (/** @type {CustomEvent} */ (event).detail.state !== stateNow()) refreshSoon();
  });
  wire.addEventListener("pin", (event) => {
    if (/** @type {CustomEvent} */ (event).detail.sku !== (one("[data-pinned]")?.dataset.pinned ?? null) && !isOver)
      refreshSoon();
  });
  wire.addEventListener("runlist", (event) => {
    const drawn = all("[data-entry]").map((entry) => entry.dataset.entry);
    if (/** @type {CustomEvent} */ (event).detail.skus.join("\n") !== drawn.join("\n")) refreshSoon();
  });
  wire.addEventListener("slowmode", (event) => {
    const { seconds } = /** @type {CustomEvent} */ (event).detail;
    const slow = one("#slow");
    if (slow && [...slow.options].some((option) => option.value === String(seconds))) slow.value = String(seconds);
  });
  wire.addEventListener("items", (event) => {
    for (const sku of Object.keys(/** @type {CustomEvent} */ (event).detail)) drawStock(sku);
    pollSoon(); // stock moved: perhaps somebody ordered
  });
  wire.addEventListener("viewers", (event) => {
    const { count } = /** @type {CustomEvent} */ (event).detail;
    drawFigure("viewers", count);
    if (count > Number(one('[data-fig="peak_viewers"]')?.textContent)) drawFigure("peak_viewers", count);
  });
  for (const name of ["stale", "fresh"]) {
    wire.addEventListener(name, () => {
      const word = one("[data-stale-word]");
      if (word) word.hidden = name === "fresh";
    });
  }

  // --- chat ---
  const talk = one("[data-chat]");
  moderate(talk, wire, { me: isOver ? null : show.me, tell: (words) => toast(words) });
  wire.addEventListener("messagepin", (event) => {
    const { message } = /** @type {CustomEvent} */ (event).detail;
    if (Boolean(message) !== Boolean(one('[data-part="pinned-line"] .pinline')) || message) refreshSoon();
  });

  // --- numbers ---
  /** @param {string} sku */
  const drawStock = (sku) => {
    const { available } = wire.state.items[sku] ?? {};
    if (available === undefined) return;
    const text = available > 0 ? say("left", { n: available }) : say("sold_out");
    const entry = one(`[data-entry="${CSS.escape(sku)}"] [data-left]`);
    if (entry) {
      entry.textContent = text;
      entry.classList.toggle("meta--low", available > 0 && available <= LOW_STOCK);
    }
    const stock = one(`[data-pinned="${CSS.escape(sku)}"] .stock`);
    if (!stock) return;
    stock.querySelector("[data-left]").textContent = text;
    const most = Math.max(Number(stock.dataset.of), available);
    stock
      .querySelector(".bar > i")
      .style.setProperty("--of", `${most ? Math.round((100 * Math.max(0, available)) / most) : 0}%`);
  };
  /** @param {string} name @param {number} value */
  const drawFigure = (name, value) => {
    const element = one(`[data-fig="${name}"]`);
    if (element && element.textContent !== String(value)) element.textContent = String(value);
  };
  /** @param {any} figures */
  const drawFigures = (figures) => {
    for (const [name, value] of Object.entries(figures)) if (typeof value === "number") drawFigure(name, value);
    const revenue = one('[data-fig-money="revenue_minor"]');
    if (revenue) revenue.textContent = money(figures.revenue_minor, figures.currency);
    for (const entry of all("[data-entry]")) {
      const sold = figures.sold[entry.dataset.entry ?? ""] ?? 0;
      const word = /** @type {HTMLElement | null} */ (entry.querySelector("[data-sold]"));
      if (!word) continue;
      word.hidden = !sold;
      word.textContent = `${say("sold", { n: sold })} · `;
    }
    const held = one("[data-pinned] [data-held]");
    const units = figures.held[one("[data-pinned]")?.dataset.pinned] ?? 0;
    if (held) held.textContent = units ? held.dataset.words.replace("{n}", units) : "";
  };

  /** @type {number[]} */
  const sparks = [];
  /** @param {any} health @param {string} refusedCodec */
  const drawHealth = (health, refusedCodec) => {
    const [bitrate, picture, dropped] = ["bitrate", "picture", "dropped"].map((name) => one(`[data-health-${name}]`));
    const warned = {
      ...health,
      is_silent: health?.has_sound === false,
      is_blind: health?.has_picture === false,
      refused_codec: refusedCodec,
    };
    const codec = one("[data-refused-codec]");
    if (codec) codec.textContent = refusedCodec;
    for (const warning of all("[data-warn]")) warning.hidden = !warned[warning.dataset.warn ?? ""];
    if (!bitrate) return;
    dropped.hidden = !health?.dropped;
    dropped.querySelector("dd").textContent = String(health?.dropped ?? 0);
    bitrate.hidden = !health;
    picture.hidden = !health?.height;
    if (!health) return;
    sparks.push(health.bitrate_bps);
    sparks.splice(0, sparks.length - SPARKS);
    bitrate.querySelector("dd span").textContent = say("megabits", { n: (health.bitrate_bps / 1e6).toFixed(1) });
    const most = Math.max(...sparks, 1);
    const points = sparks.map(
      (bps, index) => `${((56 * index) / Math.max(1, SPARKS - 1)).toFixed(1)} ${(15 - (13 * bps) / most).toFixed(1)}`,
    );
    bitrate.querySelector("path").setAttribute("d", points.length > 1 ? `M${points.join("L")}` : "");
    picture.querySelector("dd").textContent =
      `${health.width} × ${health.height}${health.frames_per_s ? `, ${Math.round(health.frames_per_s)}/s` : ""}`;
  };

  /** @type {any} */
  let latest = null;
  let polling = 0;
  const poll = async () => {
    clearTimeout(polling);
    if (!document.hidden) {
      const { ok, body } = await api(`${calls}/figures`);
      if (ok) {
        latest = body;
        drawFigures(body);
        drawHealth(body.health, body.refused_codec);
        drawPlays(page, body.watching);
        const isMissing = body.preview_url && (isOver ? one("[data-awaits-replay]") : !one("[data-see]"));
        const isWaiting = Number(one("[data-held-count]")?.dataset.heldCount) !== Math.min(body.waiting, HELD_MAX);
        if (body.state !== stateNow() || isMissing || isWaiting) refreshSoon(0);
      }
    }
    if (!isOver || one("[data-awaits-replay]")) polling = setTimeout(poll, POLL_MS);
  };
  let pollTimer = 0;
  const pollSoon = () => {
    clearTimeout(pollTimer);
    if (!isOver) pollTimer = setTimeout(poll, SOON_MS);
  };
  document.addEventListener("visibilitychange", () => document.hidden || isOver || poll());

  /** What ending means at this moment. */
  const tellStakes = () => {
    const words = one("[data-ask-figures]");
    if (!words || !latest) return;
    const held = Object.values(latest.held).reduce((sum, units) => sum + Number(units), 0);
    words.textContent = words.dataset.wordsViewers.replace("{n}", latest.viewers).replace("{m}", held);
  };

  // --- time ---
  const drawTimes = () => {
    const now = Date.now() + skewMs;
    for (const element of all("[data-since]"))
      element.textContent = duration((now - Date.parse(element.dataset.since ?? "")) / 1000);
    for (const element of all("[data-until]"))
      element.textContent = duration((Date.parse(element.dataset.until ?? "") - now) / 1000);
    const label = one("[data-pinned-since]");
    const minutes = label ? Math.floor((now - Date.parse(label.dataset.pinnedSince)) / 60000) : 0;
    if (minutes > 0) label.textContent = label.dataset.words.replace("{n}", minutes);
    const behind = one("[data-health-behind]");
    if (!behind) return;
    const seconds = ["live", "rehearsal"].includes(stateNow()) ? preview.behindS : null;
    behind.hidden = seconds === null;
    if (seconds !== null) behind.querySelector("dd").textContent = say("seconds", { n: seconds.toFixed(1) });
  };
  setInterval(drawTimes, 1000);

  camera(page, { calls, onChange: () => pollSoon() });

  // --- words ---
  const toastElement = one("[data-toast]");
  let toastTimer = 0;
  /** @param {string} text */
  const toast = (text) => {
    clearTimeout(toastTimer);
    toastElement.textContent = text;
    toastElement.hidden = false;
    toastTimer = setTimeout(() => (toastElement.hidden = true), TOAST_MS);
  };
  const messages = one(".messages");
  if (messages) setTimeout(() => messages.remove(), TOAST_MS);

  settle();
  poll();
}
