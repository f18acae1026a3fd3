// Moments as people type them, in the time of the reader: a day, a minute or a second is as long as it is.

/** @typedef {[number | null, number | null]} Interval */

const MOMENT = "(\\d{4})-(\\d\\d)-(\\d\\d)(?:[T ](\\d\\d):(\\d\\d)(?::(\\d\\d))?)?";
const ONE = new RegExp(`^(>=|<=|>|<|=|≥|≤)?\\s*(${MOMENT})$`, "i");
const RANGE = new RegExp(`^(${MOMENT})?\\s*(?:\\.\\.+|…|–|\\s-\\s|\\sto\\s)\\s*(${MOMENT})?$`, "i");
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/**
 * `2026-11-20..2026-11-23 12:00`, `>2026-11-20`, `2026-11-23`.
 * @param {string} text
 * @returns {Interval | null} milliseconds, both ends belong to it; null for no such moment
 */
export function momentsIn(text) {
  const range = RANGE.exec(text);
  if (range) return between(range[1] ? spanOf(range[1]) : undefined, range[8] ? spanOf(range[8]) : undefined);
  const one = ONE.exec(text);
  const span = one && spanOf(one[2] ?? "");
  if (!span) return null;
  const [from, to] = span;
  switch (one[1]) {
    case ">":
      return [to + 1, null];
    case "<":
      return [null, from - 1];
    case ">=":
    case "≥":
      return [from, null];
    case "<=":
    case "≤":
      return [null, to];
    default:
      return span;
  }
}

/** @param {[number, number] | null | undefined} start undefined is open @param {[number, number] | null | undefined} end @returns {Interval | null} */
function between(start, end) {
  if (start === null || end === null || (!start && !end)) return null;
  if (start && end && start[0] > end[1]) return [end[0], start[1]];
  return [start ? start[0] : null, end ? end[1] : null];
}

/** @param {string} text @returns {[number, number] | null} its first and its last millisecond */
function spanOf(text) {
  const parts = new RegExp(`^${MOMENT}$`).exec(text);
  if (!parts) return null;
  const [, year, month, day, hour, minute, second] = parts.map((part) => Number(part ?? 0));
  const from = new Date(year ?? 0, (month ?? 1) - 1, day ?? 1, hour ?? 0, minute ?? 0, second ?? 0);
  // the 31st of November would be the 1st of December
  if (from.getMonth() + 1 !== month || from.getDate() !== day || from.getHours() !== hour) return null;
  const length = parts[6] ? SECOND : parts[4] ? MINUTE : DAY;
  return [from.getTime(), from.getTime() + length - 1];
}
