/** The page of a show: ties the picture, the socket, the goods, the chat and buying together. */
import { Buying } from "showfloor/buy";
import * as captions from "showfloor/captions";
import * as chat from "showfloor/chat";
import * as controls from "showfloor/controls";
import { Goods } from "showfloor/goods";
import * as opinion from "showfloor/opinion";
import * as replayChat from "showfloor/replay_chat";
import * as reactions from "showfloor/reactions";
import { clockSkewMs } from "showfloor/player";
import * as runList from "showfloor/run_list";
import { Screening } from "showfloor/screening";
import { countDown, localTimes } from "showfloor/times";
import * as thumbnails from "showfloor/thumbnails";
import { connect } from "showfloor/wire";
import { share } from "showfloor/share";
import { say } from "showfloor/words";

const MINUTE_MS = 60_000;
const PLACE_KEPT_IN = "showfloor:place:";
const STALE_AFTER_MS = 1500; // a short break is healed before anyone need know

/** @param {Document} page */
export function init(page) {
  const show = JSON.parse(page.getElementById("show-data")?.textContent ?? "{}");
  const main = /** @type {HTMLElement} */ (page.getElementById("main"));
  const stage = /** @type {HTMLElement} */ (page.querySelector("[data-stage]"));
  const side = /** @type {HTMLElement} */ (page.querySelector("[data-side]"));
  const talk = /** @type {HTMLElement} */ (page.querySelector("[data-chat]"));
  const skewMs = clockSkewMs(show.now);
  const wire = connect({ path: `/ws/sessions/${show.slug}/` });
  const goods = new Goods(page, show);
  const screening = new Screening(stage, show, { skewMs });
  const { player } = screening;

  controls.attach(stage, player, { isReplay: () => screening.isReplay });
  thumbnails.attach(stage, player);
  captions.attach(stage, player.video);
  new Buying(side, goods, wire, { skewMs });
  keepPlace(side, screening, show.slug);
  opinion.attach(page, wire, show);
  if (show.state !== "ended") reactions.attach(main, wire);
  runList.attach(page, { goods, player, chapters: show.chapters });
  localTimes(page);
  share(page, { title: show.title });
  const tellTime = sinceWhen(page, show, skewMs);

  chat.attach(talk, wire, { me: show.me, endedAt: show.state === "ended" ? show.ended_at : "", skewMs });
  if (show.state === "ended") replayChat.follow(talk, player, wire, show);

  // --- the picture ---
  const fit = () => {
    const { videoWidth, videoHeight } = player.video;
    if (videoWidth && videoHeight) main.dataset.fit = videoHeight > videoWidth ? "fill" : "top";
  };
  for (const name of ["loadedmetadata", "resize"]) player.video.addEventListener(name, fit);

  /** @param {string} state */
  const enter = (state) => {
    show.state = state;
    stage.dataset.state = main.dataset.state = state;
    for (const [lamp, of] of [
      ["live", "live"],
      ["pause", "interrupted"],
      ["soon", "scheduled"],
      ["replay", "ended"],
    ]) {
      const element = /** @type {HTMLElement | null} */ (stage.querySelector(`[data-lamp-${lamp}]`));
      if (element) element.hidden = state !== of;
    }
    screening.enter(state);
    tellTime();
  };

  wire.addEventListener("session", (event) => {
    const { state } = /** @type {CustomEvent} */ (event).detail;
    if (state === show.state) return;
    if (state === "live" && !show.started_at) show.started_at = new Date(Date.now() + skewMs).toISOString();
    enter(state);
  });
  wire.addEventListener("bye", (event) => {
    if (/** @type {CustomEvent} */ (event).detail.code === "not_found") goods.setStale(true);
  });

  // --- numbers ---
  wire.addEventListener("items", (event) => goods.apply(/** @type {CustomEvent} */ (event).detail));
  wire.addEventListener("runlist", (event) => goods.setRunList(/** @type {CustomEvent} */ (event).detail.skus));
  wire.addEventListener("pin", (event) => {
    if (show.state !== "ended") goods.pin(/** @type {CustomEvent} */ (event).detail.sku);
  });
  wire.addEventListener("viewers", (event) => {
    const { count } = /** @type {CustomEvent} */ (event).detail;
    const badge = /** @type {HTMLElement} */ (stage.querySelector("[data-viewers]"));
    badge.hidden = !count || show.state === "ended" || show.state === "scheduled";
    /** @type {HTMLElement} */ (stage.querySelector("[data-viewers-n]")).textContent = count.toLocaleString(
      document.documentElement.lang,
    );
  });
  const setStale = (/** @type {boolean} */ isStale) => {
    goods.setStale(isStale);
    screening.slate.setConnected(!isStale);
  };
  let staleTimer = setTimeout(() => setStale(true), STALE_AFTER_MS * 3);
  wire.addEventListener("stale", () => {
    clearTimeout(staleTimer);
    staleTimer = setTimeout(() => setStale(true), STALE_AFTER_MS);
  });
  wire.addEventListener("fresh", () => {
    clearTimeout(staleTimer);
    setStale(false);
  });

  countDown(stage, skewMs);
  enter(show.state);
}

/** "on air for 42 min", kept true. @param {Document} page @param {any} show @param {number} skewMs */
function sinceWhen(page, show, skewMs) {
  const place = page.querySelector("[data-since]");
  const draw = () => {
    if (!place || !show.started_at || (show.state !== "live" && show.state !== "interrupted")) return;
    const minutes = Math.max(0, Math.floor((Date.now() + skewMs - Date.parse(show.started_at)) / MINUTE_MS));
    place.textContent = ` · ${minutes < 1 ? say("on_air_now") : say("on_air_for", { n: minutes })}`;
  };
  setInterval(draw, MINUTE_MS / 4);
  return draw;
}

/**
 * Who goes to pay in this tab comes back to the same moment of a replay. (A live show goes on where it is by then.)
 * @param {HTMLElement} side @param {Screening} screening @param {string} slug
 */
function keepPlace(side, screening, slug) {
  const key = PLACE_KEPT_IN + slug;
  screening.beginAt(Number(sessionStorage.getItem(key)) || 0);
  sessionStorage.removeItem(key);
  side.querySelector("[data-pay]")?.addEventListener("click", (event) => {
    const isHere = !(/** @type {HTMLAnchorElement} */ (event.currentTarget).target);
    if (isHere && screening.isReplay) sessionStorage.setItem(key, String(screening.player.video.currentTime));
  });
}
