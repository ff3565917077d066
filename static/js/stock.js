/**
 * Stock on pages outside shows: asks again when the page is looked at again, and every half minute meanwhile.
 *
 * Marks: `[data-stock=SKU]` with `data-version` and `data-available`, and inside it `[data-left]` for the words and
 * `.bar > i` for a bar (`data-most` is its whole). A number that can't be asked for says that it may be old
 * (`data-stale`), one that changed rolls once, and "showfloor:stock" tells the page.
 * Words come from the page's `#stock-words` (templates/realtime/_stock_words.html).
 */

const EVERY_MS = 30_000;
/** So many, or fewer, are worth saying loudly; as shop/pages/products.py and streams/show_items.py. */
export const LOW_STOCK = 12;

/** @param {ParentNode} root */
export function init(root) {
  const source = document.getElementById("stock-words");
  const marks = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-stock][data-version]"));
  if (!source || !marks.length) return;
  const words = JSON.parse(source.textContent || "{}");
  const skus = [...new Set([...marks].map((mark) => mark.dataset.stock ?? ""))];
  const ask = async () => {
    if (document.visibilityState !== "visible") return;
    const query = new URLSearchParams(skus.map((sku) => ["sku", sku]));
    const answer = await fetch(`/api/v1/availability?${query}`).catch(() => null);
    if (!answer?.ok) return marks.forEach((mark) => draw(mark, words, true));
    const { results } = await answer.json();
    for (const news of results) for (const mark of marks) if (mark.dataset.stock === news.sku) take(mark, news, words);
  };
  setInterval(ask, EVERY_MS);
  document.addEventListener("visibilitychange", ask);
  addEventListener("pageshow", (event) => event.persisted && ask());
  addEventListener("online", ask);
  addEventListener("offline", () => marks.forEach((mark) => draw(mark, words, true)));
}

/** Of two numbers the one with the higher version counts. @param {HTMLElement} mark @param {any} news @param {any} words */
function take(mark, news, words) {
  if (news.version > Number(mark.dataset.version)) {
    const isOther = news.available !== Number(mark.dataset.available);
    mark.dataset.version = news.version;
    mark.dataset.available = news.available;
    draw(mark, words, false);
    if (isOther) roll(mark);
    mark.dispatchEvent(new CustomEvent("showfloor:stock", { bubbles: true, detail: news }));
  } else if (mark.hasAttribute("data-stale")) draw(mark, words, false);
}

/** @param {HTMLElement} mark @param {Record<string, string>} words @param {boolean} isStale */
function draw(mark, words, isStale) {
  const available = Number(mark.dataset.available);
  const isOut = available <= 0;
  mark.toggleAttribute("data-stale", isStale);
  mark.toggleAttribute("data-out", isOut);
  mark.toggleAttribute("data-low", !isOut && available <= LOW_STOCK);
  const certain = isOut ? "sold_out" : available <= LOW_STOCK ? "left" : "in_stock";
  const key = isStale ? (isOut ? "out_maybe" : "about") : certain;
  const left = mark.querySelector("[data-left]");
  if (left) left.textContent = words[key].replace("{n}", String(available));
  const bar = /** @type {HTMLElement | null} */ (mark.querySelector(".bar > i"));
  const most = Math.max(available, Number(mark.dataset.most) || 0);
  bar?.style.setProperty("--of", `${most ? Math.round((100 * Math.max(0, available)) / most) : 0}%`);
}

/** Let a number that changed roll once, and rest. @param {HTMLElement} mark */
function roll(mark) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const steps = [
    { transform: "translateY(0.5em)", opacity: 0 },
    { transform: "none", opacity: 1 },
  ];
  mark.querySelector("[data-left]")?.animate(steps, { duration: 180, easing: "ease-out" });
}
