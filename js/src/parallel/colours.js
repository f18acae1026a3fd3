// The colour of each run: one byte a run, so that lines of one colour are drawn with one stroke.

import { CATEGORIES, categorical, diverging, sequential } from "../kit/palette.js";
import { isCategory } from "./brush.js";

/**
 * @typedef {import("./axes.js").Axis} Axis
 * @typedef {object} Colouring
 * @property {Axis | null} axis null: all runs have one colour
 * @property {Uint8Array} bucket by row of the store; the last bucket is "no value"
 * @property {string[]} colours by bucket
 * @property {number[]} order in which buckets are drawn: what matters most comes last, on top
 * @property {{ text: string, colour: string }[]} categories of the legend; [] for ranges
 * @property {{ low: string, high: string, stops: string[] } | null} range of the legend
 */

const STEPS = 63;
const NOTHING = STEPS;

/**
 * @param {Axis | null} axis
 * @param {number} size of the store
 * @param {{ dark: boolean, plain: string, faint: string, goal: "min" | "max" | null }} looks
 * @returns {Colouring}
 */
export function colouringOf(axis, size, looks) {
  if (!axis) {
    return { axis, bucket: new Uint8Array(size), colours: [looks.plain], order: [0], categories: [], range: null };
  }
  return isCategory(axis) ? byCategory(axis, size, looks.faint) : byNumber(axis, size, looks);
}

/**
 * @param {Axis} axis
 * @param {number} size
 * @param {string} faint
 * @returns {Colouring}
 */
function byCategory(axis, size, faint) {
  const { texts } = axis;
  const own = texts.length > CATEGORIES ? CATEGORIES - 1 : texts.length;
  const colours = texts.slice(0, own).map((_, i) => categorical(i));
  const rest = texts.length > own ? colours.push(categorical(CATEGORIES - 1)) - 1 : -1;
  const nothing = colours.push(faint) - 1;
  const bucket = new Uint8Array(size).fill(nothing);
  for (let row = 0; row < size; row += 1) {
    const place = axis.place[row] ?? -2;
    if (place >= 0) bucket[row] = Math.min(axis.valueAt(place), rest < 0 ? own : rest);
  }
  const categories = texts.slice(0, own).map((text, i) => ({ text, colour: colours[i] ?? faint }));
  if (rest >= 0) categories.push({ text: `${texts.length - own} others`, colour: colours[rest] ?? faint });
  return { axis, bucket, colours, order: [nothing, ...Array(nothing).keys()], categories, range: null };
}

/**
 * @param {Axis} axis
 * @param {number} size
 * @param {{ dark: boolean, faint: string, goal: "min" | "max" | null }} looks
 * @returns {Colouring}
 */
function byNumber(axis, size, { dark, faint, goal }) {
  const low = axis.valueAt(0);
  const high = axis.valueAt(1);
  // values on both sides of 0 have a neutral middle, as far from it both ways
  const isTwoSided = axis.kind === "linear" && axis.field.kind !== "time" && low < 0 && high > 0;
  const reach = Math.max(Math.abs(low), Math.abs(high));
  const share = (/** @type {number} */ place) =>
    isTwoSided ? (axis.valueAt(place) + reach) / (2 * reach) : Math.min(1, Math.max(0, place));
  const paint = (/** @type {number} */ at) => (isTwoSided ? diverging(at) : sequential(at, dark));
  const colours = Array.from({ length: STEPS }, (_, i) => paint(i / (STEPS - 1)));
  colours.push(faint);
  const bucket = new Uint8Array(size).fill(NOTHING);
  for (let row = 0; row < size; row += 1) {
    const place = axis.place[row] ?? -2;
    if (place > -0.5) bucket[row] = Math.min(STEPS - 1, Math.floor(share(place) * STEPS));
  }
  const steps = [...Array(STEPS).keys()];
  return {
    axis,
    bucket,
    colours,
    order: [NOTHING, ...(goal === "min" ? steps.reverse() : steps)],
    categories: [],
    // nothing but infinities and NaN has no ends
    range: axis.ticks.length
      ? {
          low: axis.format(low),
          high: axis.format(high),
          stops: [0, 0.25, 0.5, 0.75, 1].map((at) => paint(share(at))),
        }
      : null,
  };
}
