/** Copying, also where browsers have no clipboard for pages: over plain http. */

/** Copy a text, and say whether that worked. @param {string} text @returns {Promise<boolean>} */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

/** Have the browser copy a selection, from a field that nobody sees. @param {string} text */
function copySelected(text) {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  const field = Object.assign(document.createElement("textarea"), {
    value: text,
    className: "visually-hidden",
    ariaHidden: "true",
  });
  // Inside an open dialog: what is outside of it can't have the focus.
  (focused?.closest("dialog[open]") ?? document.body).append(field);
  field.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    field.remove();
    focused?.focus({ preventScroll: true });
  }
}
