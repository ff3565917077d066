/** Calls of /api/v1/ from a page: JSON both ways, the page's CSRF token, never an exception. */

import { token } from "showfloor/csrf";

/**
 * @param {string} path below /api/v1/
 * @param {{method?: string, body?: object, headers?: Record<string, string>}} [options]
 * @returns {Promise<{ok: boolean, status: number, body: any}>} status 0: no answer came
 */
export async function api(path, { method = "GET", body, headers = {} } = {}) {
  const current = token();
  const wanted = Object.fromEntries(Object.entries(headers).filter(([, value]) => value));
  try {
    const answer = await fetch(`/api/v1/${path}`, {
      method,
      headers: {
        Accept: "application/json",
        ...(body && { "Content-Type": "application/json" }),
        ...(current && method !== "GET" && { "X-CSRFToken": current }),
        ...wanted,
      },
      body: body && JSON.stringify(body),
    });
    return { ok: answer.ok, status: answer.status, body: await answer.json().catch(() => null) };
  } catch {
    return { ok: false, status: 0, body: null };
  }
}

/**
 * The words of a problem by field; `address.city` and nested ones are found under `city`.
 * @param {any} problem
 * @returns {Record<string, string>}
 */
export function fieldErrors(problem) {
  /** @type {Record<string, string>} */
  const found = {};
  const walk = (/** @type {any} */ errors) => {
    for (const [name, words] of Object.entries(errors ?? {})) {
      if (Array.isArray(words))
        found[name.split(".").at(-1) ?? name] = words.filter((one) => typeof one === "string").join(" ");
      else if (typeof words === "string") found[name] = words;
      else walk(words);
    }
  };
  walk(problem?.errors);
  return found;
}
