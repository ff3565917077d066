/** Like, dislike, or neither: the same button again takes it back. */
import { api } from "showfloor/api";
import { toast } from "showfloor/toast";
import { say } from "showfloor/words";

/**
 * @param {Document} page @param {import("showfloor/wire").Wire} wire
 * @param {{slug: string, likes: number, dislikes: number, opinion: string | null, me: object | null}} show
 */
export function attach(page, wire, show) {
  const form = /** @type {HTMLFormElement} */ (page.querySelector("[data-opinion]"));
  const [like, dislike] = ["like", "dislike"].map(
    (name) => /** @type {HTMLButtonElement} */ (form.querySelector(`[data-${name}]`)),
  );
  const rail = /** @type {HTMLElement | null} */ (page.querySelector("[data-rail-like]"));
  const path = `sessions/${encodeURIComponent(show.slug)}/opinion`;
  let { likes, dislikes, opinion } = show;

  const draw = () => {
    for (const count of page.querySelectorAll("[data-likes]"))
      count.textContent = likes.toLocaleString(document.documentElement.lang);
    for (const [button, name, words, n] of /** @type {const} */ ([
      [like, "like", opinion === "like" ? "liked" : "like", likes],
      [dislike, "dislike", opinion === "dislike" ? "disliked" : "dislike", dislikes],
    ])) {
      button.setAttribute("aria-pressed", String(opinion === name));
      button.setAttribute("aria-label", say(words, { n }));
      button.value = opinion === name ? "none" : name;
    }
    rail?.setAttribute("aria-pressed", String(opinion === "like"));
  };

  /** @param {string} wanted */
  const give = async (wanted) => {
    if (!show.me) return form.requestSubmit(wanted === "like" ? like : dislike); // the server asks to sign in
    const before = { likes, dislikes, opinion };
    const next = opinion === wanted ? null : wanted;
    likes += Number(next === "like") - Number(opinion === "like");
    dislikes += Number(next === "dislike") - Number(opinion === "dislike");
    opinion = next;
    draw();
    const answer = await (next
      ? api(path, { method: "PUT", body: { opinion: next } })
      : api(path, { method: "DELETE" }));
    ({ likes, dislikes, opinion } = answer.ok ? { likes, dislikes, opinion, ...answer.body } : before);
    draw();
    if (!answer.ok) toast(page, say("opinion_failed"));
  };

  form.addEventListener("submit", (event) => {
    if (!show.me) return;
    event.preventDefault();
    give(event.submitter === dislike ? "dislike" : "like");
  });
  rail?.addEventListener("click", () => give("like"));
  wire.addEventListener("likes", (event) => {
    ({ likes, dislikes } = /** @type {CustomEvent} */ (event).detail);
    draw();
  });
}
