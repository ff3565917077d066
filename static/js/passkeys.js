// What allauth's script for passkeys leaves to the page: to say that it didn't work, and why.

/** Say so where a passkey was refused, is not there, or can't be used here. @param {Document} root */
export function init(root) {
  const place = /** @type {HTMLElement | null} */ (root.querySelector("[data-passkey-error]"));
  const buttons = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-passkey]"));
  if (!window.PublicKeyCredential) for (const button of buttons) button.hidden = true;
  root.addEventListener("allauth.error", (event) => {
    if (!place) return;
    event.preventDefault();
    place.hidden = false;
  });
}
