/**
 * The chat of a replay, in step with the picture.
 *
 *   follow(root, player, wire, show);
 *
 * It is read in pages around the moment on screen: a jump reads what was said up to there, and playing reads on ahead.
 * One request at a time, none while somebody still scrubs, and none for what was read before. What the server wrote, the
 * show's last lines, is the first stretch; what was said about the show since stands below it and stays.
 */
import { api } from "showfloor/api";
import { draw } from "showfloor/chat";

const PAGE = 100;
const LINES_MAX = 600;
const AHEAD_MS = 20_000; // read on when no more than this is left
const STEP_MS = 10_000; // jumps read up to such a step, so that the same ones are found again
const PLAYED_ON_MS = 30_000; // so far past the end of a stretch is no jump
const SETTLED_MS = 250;
const STILL_MS = 2000; // playing moves no further in SETTLED_MS, scrubbing does
const AGAIN_MS = 3000;
const REMEMBERED = 30;
const NEAR_PX = 64;

/** @typedef {{id: string, at: number, stamp: string, line: HTMLElement}} Said */

/**
 * @param {HTMLElement} root as in chat.js @param {import("showfloor/player").Player} player
 * @param {import("showfloor/wire").Wire} wire
 * @param {{slug: string, ended_at: string, has_earlier_chat: boolean}} show
 */
export function follow(root, player, wire, show) {
  const scroll = /** @type {HTMLElement} */ (root.querySelector("[data-scroll]"));
  const log = /** @type {HTMLElement} */ (root.querySelector("[data-lines]"));
  const path = (/** @type {Record<string, string>} */ query) =>
    `sessions/${encodeURIComponent(show.slug)}/comments?${new URLSearchParams({ limit: String(PAGE), ...query })}`;

  // --- a stretch of the show's chat without a gap: all that was said after `from` and up to `until` ---
  /** @type {Said[]} */
  let said = /** @type {HTMLElement[]} */ ([...log.querySelectorAll("[data-at]")])
    .map((line) => ({
      id: line.dataset.line ?? "",
      at: Date.parse(line.dataset.at ?? ""),
      stamp: line.dataset.at ?? "",
      line,
    }))
    .filter(({ at }) => at <= Date.parse(show.ended_at));
  let from = show.has_earlier_chat ? said[0].at : -Infinity;
  let until = Infinity;
  let before = show.has_earlier_chat ? path({ to: said[0].stamp }) : "";
  let after = "";
  const since = document.createComment("since");
  log.insertBefore(since, said.at(-1)?.line.nextSibling ?? log.firstChild);

  let shown = said.length;
  let isFollowing = true;

  /** @param {any[]} results oldest first @param {"start" | "end"} where */
  const add = (results, where) => {
    const known = new Set(said.map(({ id }) => id));
    const fresh = results.filter(({ id }) => !known.has(id) && !removed.has(id)).map(toSaid);
    const place = where === "start" ? (said[0]?.line ?? since) : since;
    for (const { line } of fresh) log.insertBefore(line, place);
    said = where === "start" ? [...fresh, ...said] : [...said, ...fresh];
    if (where === "start") shown += fresh.length;
    else for (const { line } of fresh) line.hidden = true;
  };

  const forgetEarliest = () => {
    const surplus = said.splice(0, Math.max(0, said.length - LINES_MAX));
    if (!surplus.length) return;
    for (const { line } of surplus) line.remove();
    shown = Math.max(0, shown - surplus.length);
    from = said[0].at;
    before = path({ to: said[0].stamp });
  };

  // --- reading ---
  /** @type {Map<string, any>} pages by their path */
  const remembered = new Map();
  const removed = new Set();
  let isReading = false;
  let notBefore = 0;

  /** @param {string} page @param {(body: any) => void} take */
  const read = async (page, take) => {
    if (isReading || Date.now() < notBefore) return;
    isReading = true;
    const body = remembered.get(page) ?? (await ask(page));
    isReading = false;
    if (!body) notBefore = Date.now() + AGAIN_MS;
    else {
      take(body);
      keepUp();
    }
  };

  /** @param {string} page */
  const ask = async (page) => {
    const { ok, body } = await api(page);
    if (!ok || !Array.isArray(body?.results)) return null;
    remembered.set(page, body);
    if (remembered.size > REMEMBERED) remembered.delete(remembered.keys().next().value ?? "");
    return body;
  };

  const jump = (/** @type {number} */ now) => {
    const to = Math.floor(now / STEP_MS) * STEP_MS;
    read(path({ to: stamp(to) }), ({ results, next }) => {
      for (const { line } of said) line.remove();
      said = [];
      shown = 0;
      add([...results].reverse(), "end");
      until = to;
      after = path({ from: stamp(to), to: show.ended_at, order: "oldest" });
      before = rest(next);
      from = before ? (said[0]?.at ?? to) : -Infinity;
      isFollowing = true;
    });
  };

  const ahead = () =>
    read(after, ({ results, next }) => {
      add(results, "end");
      after = rest(next);
      until = after ? Date.parse(results.at(-1).at) : Infinity;
      if (isFollowing) forgetEarliest();
    });

  const earlier = () =>
    read(before, ({ results, next }) => {
      const fromEnd = scroll.scrollHeight - scroll.scrollTop;
      add([...results].reverse(), "start");
      before = rest(next);
      from = before ? said[0].at : -Infinity;
      scroll.scrollTop = scroll.scrollHeight - fromEnd;
    });

  // --- in step ---
  let wanted = 0;
  /** @type {any} */
  let settling = 0;

  /** What is on screen, or after the last picture the end of the show, for the last words come later. */
  const momentOf = (/** @type {Date} */ date) => (player.video.ended ? Date.parse(show.ended_at) : +date);

  const keepUp = () => {
    const date = player.date;
    if (!date) return;
    const now = momentOf(date);
    if (now < from || now > until + PLAYED_ON_MS) {
      if (!settling || Math.abs(now - wanted) > STILL_MS) {
        clearTimeout(settling);
        settling = setTimeout(settled, SETTLED_MS);
      }
      wanted = now;
      return;
    }
    clearTimeout(settling);
    settling = 0;
    showUntil(now);
    if (until - now < AHEAD_MS) ahead();
    else if (before && !isFollowing && scroll.scrollTop < NEAR_PX) earlier();
  };

  const settled = () => {
    settling = player.video.seeking ? setTimeout(settled, SETTLED_MS) : 0;
    if (settling) return; // the picture is not there yet either
    const now = player.date ? momentOf(player.date) : NaN;
    if (now < from || now > until + PLAYED_ON_MS) jump(now);
  };

  const showUntil = (/** @type {number} */ now) => {
    const next = said.findIndex(({ at }) => at > now);
    const count = next < 0 ? said.length : next;
    if (count === shown) return;
    said.forEach(({ line }, index) => (line.hidden = index >= count));
    shown = count;
    if (isFollowing) scroll.scrollTop += belowPx();
  };

  /** How far the newest line that is due ends below the edge of what can be seen. */
  const belowPx = () => {
    const last = said[shown - 1];
    return last ? last.line.getBoundingClientRect().bottom - scroll.getBoundingClientRect().bottom : 0;
  };

  scroll.addEventListener(
    "scroll",
    () => {
      isFollowing = Math.abs(belowPx()) < NEAR_PX;
      keepUp();
    },
    { passive: true },
  );
  wire.addEventListener("chatremoved", (event) => {
    const { id } = /** @type {CustomEvent} */ (event).detail;
    removed.add(id);
    const index = said.findIndex((one) => one.id === id);
    if (index < 0) return;
    said.splice(index, 1)[0].line.remove();
    if (index < shown) shown -= 1;
  });
  player.addEventListener("clock", keepUp);
}

/** @param {any} message @returns {Said} */
const toSaid = (message) => ({ id: message.id, at: Date.parse(message.at), stamp: message.at, line: draw(message) });

const stamp = (/** @type {number} */ at) => new Date(at).toISOString();

/** The path below /api/v1/ of a page's neighbour; empty if there is none. @param {string | null} address */
const rest = (address) => (address ? address.slice(address.indexOf("/api/v1/") + "/api/v1/".length) : "");
