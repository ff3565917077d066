/** Sentences for the scripts, in the reader's language, from the page's `#show-words`. */

/** @type {Record<string, string>} */
let sentences = {};

const source = document.getElementById("show-words");
if (source) sentences = JSON.parse(source.textContent || "{}");

/**
 * Returns a sentence with its values put in; an unknown key comes back as it is.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function say(key, values = {}) {
  return (sentences[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** @param {string} key */
export const has = (key) => key in sentences;
