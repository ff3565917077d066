/** Spans of time as digits. */

/** @param {number} n */
export const twoDigits = (n) => String(n).padStart(2, "0");

/** 48:12 or 1:12:05. @param {number} seconds */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const hours = Math.floor(whole / 3600);
  return hours
    ? `${hours}:${twoDigits(Math.floor(whole / 60) % 60)}:${twoDigits(whole % 60)}`
    : minutesAndSeconds(whole);
}

/** 4:12 or 75:00, as orders/templatetags/order_parts.py writes what is left of a hold. @param {number} whole seconds */
export function minutesAndSeconds(whole) {
  return `${Math.floor(whole / 60)}:${twoDigits(whole % 60)}`;
}
