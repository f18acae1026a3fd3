// Where the marks of an axis stand, and how its numbers and times read.

import { formatDate, formatDuration, formatNumber } from "../kit/format.js";

const SHORT = 6;
const WANTED = 6;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TIME_STEPS = [
  ...[1000, 5000, 15_000, 30_000].map(Number),
  ...[1, 5, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14, 30, 91, 365].map((days) => days * DAY),
];

/**
 * A round step that gives about `count` marks.
 * @param {number} span
 * @param {number} [count]
 */
export function roundStep(span, count = WANTED) {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const share = rough / power;
  return power * (share > 7.07 ? 10 : share > 3.16 ? 5 : share > 1.41 ? 2 : 1);
}

/**
 * Round ends around the values: an axis that does not move with every new run.
 * @param {number} min
 * @param {number} max
 * @param {(span: number) => number} [stepOf]
 * @returns {[number, number]}
 */
export function roundEnds(min, max, stepOf = roundStep) {
  if (!(max > min)) return [min, max];
  const step = stepOf(max - min);
  return [exact(Math.floor(min / step + 1e-9) * step), exact(Math.ceil(max / step - 1e-9) * step)];
}

/**
 * @param {number} min
 * @param {number} max
 * @param {(span: number) => number} [stepOf]
 * @returns {number[]}
 */
export function linearTicks(min, max, stepOf = roundStep) {
  if (!(max > min)) return [min];
  const step = stepOf(max - min);
  const found = [];
  for (let at = Math.ceil(min / step - 1e-9); at <= max / step + 1e-9; at += 1) found.push(exact(at * step));
  return found;
}

/**
 * The nearest of 1, 2, 5 times a power of ten, outwards.
 * @param {number} min above 0
 * @param {number} max
 * @returns {[number, number]}
 */
export function logEnds(min, max) {
  const low = 10 ** Math.floor(Math.log10(min) + 1e-9);
  const high = 10 ** Math.floor(Math.log10(max) + 1e-9);
  const from = [5, 2, 1].find((times) => times * low <= min * (1 + 1e-9)) ?? 1;
  const to = [1, 2, 5, 10].find((times) => times * high >= max * (1 - 1e-9)) ?? 10;
  return [exact(from * low), exact(to * high)];
}

/**
 * @param {number} min above 0
 * @param {number} max
 * @returns {number[]}
 */
export function logTicks(min, max) {
  const decades = Math.log10(max / min);
  const times = decades > 3 ? [1] : decades > 1.5 ? [1, 3] : [1, 2, 5];
  const found = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power += 1) {
    for (const factor of times) {
      const value = exact(factor * 10 ** power);
      if (value >= min * (1 - 1e-9) && value <= max * (1 + 1e-9)) found.push(value);
    }
  }
  return found.length > 1 ? found : [min, max];
}

/**
 * @param {number} min milliseconds
 * @param {number} max
 * @returns {number[]}
 */
export function timeTicks(min, max) {
  if (!(max > min)) return [min];
  const step = TIME_STEPS.find((size) => (max - min) / size <= WANTED) ?? roundStep(max - min);
  const shift = new Date(min).getTimezoneOffset() * MINUTE; // days begin at the reader's midnight
  const found = [];
  for (let at = Math.ceil((min - shift) / step); at * step + shift <= max; at += 1) found.push(at * step + shift);
  return found.length ? found : [min, max];
}

/**
 * A step that clocks know: whole seconds, minutes, hours.
 * @param {number} span seconds
 */
export function clockStep(span) {
  const size = span * 1000;
  const step = size > WANTED * 1000 && TIME_STEPS.find((each) => size / each <= WANTED);
  return step ? step / 1000 : roundStep(span);
}

/**
 * How the values of an axis read.
 * @param {"time" | "duration" | "number"} what
 * @param {number} min
 * @param {number} max
 * @returns {(value: number) => string}
 */
export function formatOf(what, min, max) {
  if (what === "number") return formatNumber;
  if (what === "duration") return formatDuration;
  const cut = max - min > 5 * DAY ? [0, 10] : max - min > DAY ? [5, 16] : max - min > 10 * MINUTE ? [11, 16] : [11, 19];
  return (value) => formatDate(value).slice(...cut);
}

/** A number beside an axis, in few digits: 0.0993638215 is 0.0994; whole numbers stay whole. @param {number} value */
export function shortNumber(value) {
  const text = formatNumber(value);
  if (text.length <= SHORT || Number.isInteger(value)) return text;
  const whole = String(Math.trunc(Math.abs(value))).length;
  return formatNumber(Number(value.toPrecision(Math.min(12, Math.max(3, whole)))));
}

/**
 * Marks that differ by one step have as many decimals as that step.
 * @param {number[]} ticks
 * @returns {string[]}
 */
export function tickTexts(ticks) {
  const texts = ticks.map(formatNumber);
  if (texts.some((text) => text.includes("e"))) return texts;
  const decimals = Math.max(0, ...texts.map((text) => text.split(".")[1]?.length ?? 0));
  return texts.map((text) => {
    const [whole = "", rest = ""] = text.split(".");
    return decimals ? `${whole}.${rest.padEnd(decimals, "0")}` : whole;
  });
}

/** Without the dust of binary fractions: 0.30000000000000004 is 0.3. @param {number} value */
export function exact(value) {
  return Number(value.toPrecision(12));
}
