/** The session's CSRF token as it is now: signing in, in another tab, changes it under the forms that are open. */

/** @returns {string} the newest token; the page's own where the cookie can't be read */
export function token() {
  const name = document.documentElement.dataset.csrfCookie;
  const kept = name && document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  const own = /** @type {HTMLInputElement | null} */ (document.querySelector("input[name=csrfmiddlewaretoken]"));
  return kept ? decodeURIComponent(kept.slice(kept.indexOf("=") + 1)) : (own?.value ?? "");
}

/** Have every form that is sent carry the token of this moment. @param {Document} page */
export function init(page) {
  page.addEventListener(
    "submit",
    (event) => {
      const field = /** @type {HTMLFormElement} */ (event.target).querySelector?.("input[name=csrfmiddlewaretoken]");
      if (field) /** @type {HTMLInputElement} */ (field).value = token();
    },
    { capture: true },
  );
}
