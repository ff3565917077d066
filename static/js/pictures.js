/** A picture that comes and goes: an `<img>` only while there is something to show. */

/**
 * Show a picture in a place that has its size from the style sheet; an empty address leaves the place empty.
 * @param {HTMLElement} place @param {string} src @param {string} [alt]
 */
export function showPicture(place, src, alt = "") {
  const old = place.querySelector("img");
  if (!src) return old?.remove();
  if (old) return void Object.assign(old, { src, alt });
  place.append(Object.assign(new Image(400, 500), { src, alt }));
}
