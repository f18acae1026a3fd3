// What stands at the axes and in the readout.

import { formatNumber } from "../kit/format.js";

/** @typedef {"number" | "time" | "relative"} XKind `time`: milliseconds UTC; `relative`: seconds since the start */

const DAY = 86_400;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** Steps between marks of a duration, in seconds. */
export const DURATIONS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
  10_800, 21_600, 43_200, 86_400, 172_800, 432_000, 864_000, 1_728_000,
];

/**
 * Short numbers that can be told apart: 1.5k, 20M, 0.25, 1e−7.
 * @param {(number | null)[]} values null: nothing stands there
 * @returns {(string | null)[]}
 */
export function numberTicks(values) {
  const there = values.filter((value) => value !== null && value !== 0).map((value) => Math.abs(Number(value)));
  const largest = Math.max(...there, 0);
  const [divisor, unit] =
    largest >= 1e9 ? [1e9, "B"] : largest >= 1e6 ? [1e6, "M"] : largest >= 1e4 ? [1e3, "k"] : [1, ""];
  const isEven = there.every((value) => value / largest > 1e-3);
  return values.map((value) => {
    if (value === null) return null;
    if (value === 0) return "0";
    if (!isEven || largest < 1e-3) return plain(value);
    return `${plain(value / divisor)}${unit}`;
  });
}

/** @param {number} value */
function plain(value) {
  return formatNumber(Number(value.toPrecision(12))).replaceAll("\u202f", "");
}

/**
 * Hours and minutes, with the day where it changes.
 * @param {number[]} values milliseconds
 * @returns {string[]}
 */
export function timeTicks(values) {
  const step = (values[1] ?? 0) - (values[0] ?? 0);
  let day = "";
  return values.map((value) => {
    const then = new Date(value);
    const date = `${then.getDate()} ${MONTHS[then.getMonth()]}`;
    const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
    const clock = `${two(then.getHours())}:${two(then.getMinutes())}${step && step < 60_000 ? `:${two(then.getSeconds())}` : ""}`;
    const fine = step && step < 1000 ? `.${String(then.getMilliseconds()).padStart(3, "0")}` : "";
    const text = step >= DAY * 1000 ? date : date === day ? clock + fine : `${clock}${fine}\n${date}`;
    day = date;
    return text;
  });
}

/**
 * @param {number[]} values seconds
 * @returns {string[]}
 */
export function durationTicks(values) {
  const largest = Math.max(...values.map(Math.abs), 0);
  const [divisor, unit] =
    largest >= 2 * DAY ? [DAY, "d"] : largest >= 7200 ? [3600, "h"] : largest >= 120 ? [60, "min"] : [1, "s"];
  return values.map((value) => (value === 0 ? "0" : `${plain(value / divisor)} ${unit}`));
}

/**
 * An x as the readout says it.
 * @param {number} value
 * @param {XKind} kind
 * @param {string} label
 */
export function xText(value, kind, label) {
  if (kind === "time") return timeTicks([value, value + 1000])[0]?.replace("\n", " · ") ?? "";
  if (kind === "relative") return `${durationTicks([Number(value.toPrecision(4))])[0]} after the start`;
  return `${label} ${formatNumber(value)}`.trim();
}

/**
 * Marks of a logarithmic axis: 0, powers of ten, with 2 and 5 between them where there is room; even steps over less than a decade.
 * @param {number} low 0 is taken for scales that show it
 * @param {number} high
 * @param {number} most how many there is room for
 * @returns {number[]}
 */
export function logSplits(low, high, most) {
  const from = low > 0 ? low : Math.min(1, high / 10);
  const decades = Math.log10(high / from);
  if (!(decades >= 1.3)) return evenSplits(low, high, most);
  const within = (/** @type {number} */ value) => value >= low && value <= high;
  const first = Math.floor(Math.log10(from));
  const last = Math.ceil(Math.log10(high));
  const stride = Math.max(1, Math.ceil((last - first) / most));
  const parts = decades * 3 <= most ? [1, 2, 5] : [1];
  const found = low <= 0 ? [0] : [];
  for (let power = first; power <= last; power += stride) {
    for (const part of parts) found.push(Number(`${part}e${power}`));
  }
  return found.filter(within);
}

/**
 * @param {number} low
 * @param {number} high
 * @param {number} most
 */
function evenSplits(low, high, most) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((part) => part * power >= rough) ?? 10) * power;
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= high; i += 1) found.push(Number((i * step).toPrecision(12)));
  return found;
}
