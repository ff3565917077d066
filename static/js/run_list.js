/** The run list: a strip beside the picture, a sheet on a phone; and the chapters of a replay. */

const SWIPE_PX = 48;

/**
 * @param {Document} page
 * @param {{goods: import("showfloor/goods").Goods, player: import("showfloor/player").Player, chapters: {sku: string, from_at: string}[]}} show
 */
export function attach(page, { goods, player, chapters }) {
  const sheet = /** @type {HTMLElement} */ (page.querySelector("[data-run]"));
  const grab = /** @type {HTMLElement | null} */ (page.querySelector(".grab"));
  /** @type {HTMLElement | null} */
  let opener = null;

  const open = (/** @type {HTMLElement} */ from) => {
    opener = from;
    sheet.toggleAttribute("data-open", true);
    sheet.setAttribute("role", "dialog");
    /** @type {HTMLElement | null} */ (sheet.querySelector("[data-run-close]"))?.focus({ preventScroll: true });
  };
  const close = () => {
    if (!sheet.hasAttribute("data-open")) return;
    sheet.toggleAttribute("data-open", false);
    sheet.removeAttribute("role");
    opener?.focus({ preventScroll: true });
  };

  page.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const link = /** @type {HTMLElement | null} */ (target.closest("[data-run-open], [data-run-close]"));
    if (link) {
      event.preventDefault();
      if (link.dataset.runOpen !== undefined) open(link);
      else close();
    } else if (sheet.hasAttribute("data-open") && !sheet.contains(target)) close();
  });
  page.addEventListener("showfloor:buying", close);
  sheet.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key !== "Tab" || !sheet.hasAttribute("data-open")) return;
    const stops = /** @type {HTMLElement[]} */ ([...sheet.querySelectorAll("a[href], button")]).filter(
      (stop) => stop.getClientRects().length,
    );
    const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
    if (page.activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
  });

  // Swipe up from the handle, down on the sheet's head.
  let startY = 0;
  const begin = (/** @type {TouchEvent} */ event) => (startY = event.touches[0].clientY);
  const moved = (/** @type {TouchEvent} */ event) => event.changedTouches[0].clientY - startY;
  grab?.addEventListener("touchstart", begin, { passive: true });
  grab?.addEventListener("touchend", (event) => moved(event) < -SWIPE_PX && open(grab));
  sheet.addEventListener("touchstart", begin, { passive: true });
  sheet.addEventListener("touchend", (event) => sheet.scrollTop <= 0 && moved(event) > SWIPE_PX && close());

  if (chapters.length) follow(page, goods, player, chapters);
}

/**
 * Chapters of a replay: a click seeks and puts that product on the table; playing on does the same by itself.
 * @param {Document} page @param {any} goods @param {import("showfloor/player").Player} player @param {{sku: string, from_at: string}[]} chapters
 */
function follow(page, goods, player, chapters) {
  const buttons = /** @type {HTMLElement[]} */ ([...page.querySelectorAll("[data-chapter]")]);
  const marks = /** @type {HTMLElement} */ (page.querySelector("[data-marks]"));
  let current = -1;

  const enter = (/** @type {number} */ index) => {
    if (index === current) return;
    current = index;
    buttons.forEach((button, at) =>
      at === index ? button.setAttribute("aria-current", "true") : button.removeAttribute("aria-current"),
    );
    goods.pin(chapters[Math.max(0, index)].sku);
  };
  buttons.forEach((button, index) =>
    button.addEventListener("click", () => {
      const seconds = player.timeOf(new Date(chapters[index].from_at));
      if (seconds !== null) player.seek(seconds + 0.05);
      enter(index);
      player.play();
    }),
  );

  const draw = () => {
    const { duration } = player.video;
    if (!Number.isFinite(duration) || marks.childElementCount) return;
    const times = chapters.map((chapter) => player.timeOf(new Date(chapter.from_at)));
    if (times.some((time) => time === null)) return;
    marks.replaceChildren(
      ...times.map((time) => {
        const mark = document.createElement("i");
        mark.style.setProperty("--at", `${(100 * Number(time)) / duration}%`);
        return mark;
      }),
    );
  };
  player.addEventListener("clock", () => {
    draw();
    const now = player.date;
    if (!now || player.status === "loading") return;
    enter(
      Math.max(
        0,
        chapters.findLastIndex((chapter) => Date.parse(chapter.from_at) <= +now),
      ),
    );
  });
}
