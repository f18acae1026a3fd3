// A chart as one SVG: lines, points, bars, on linear, logarithmic, time or named axes. For pictures of files, not for dashboards.

import { categorical } from "../kit/palette.js";

/**
 * @typedef {string | number | null} Value
 * @typedef {{ type: "line" | "bar", mode?: string, name?: string, color?: string, x: Value[], y: Value[], horizontal?: boolean }} Trace
 * @typedef {{ kind: "number" | "log" | "time" | "names", low: number, high: number, names: string[] }} Axis
 */

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 720;
const HEIGHT = 400;
const EDGE = { left: 64, right: 16, top: 12, bottom: 44 };
const COLOUR = /^(#[\da-f]{3,8}|[a-z]{3,20}|rgba?\([\d\s.,%/]{3,40}\))$/i;
const DATE = /^\d{4}-\d\d-\d\d([T ][\d:.]+(Z|[+-][\d:]+)?)?$/;
const DAY = 86_400_000;

/** @param {string} name @param {Record<string, any>} attributes @param {...(Node | string)} children @returns {SVGElement} */
export function svg(name, attributes, ...children) {
  const el = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) el.setAttribute(key, String(value));
  el.append(...children);
  return el;
}

/** A colour that a file names, when it is nothing but a colour. @param {string | undefined} colour @param {number} index */
export function safeColour(colour, index) {
  return colour && COLOUR.test(colour) ? colour : categorical(index);
}

/**
 * @param {{ traces: Trace[], x_title?: string, y_title?: string, x_log?: boolean, y_log?: boolean, label: string }} chart
 * @returns {SVGElement}
 */
export function chartSvg({
  traces,
  x_title: xTitle = "",
  y_title: yTitle = "",
  x_log: xLog = false,
  y_log: yLog = false,
  label,
}) {
  const bars = traces.filter((trace) => trace.type === "bar");
  const sideways = bars.length > 0 && bars.every((trace) => trace.horizontal);
  const x = axisOf(
    traces.flatMap((trace) => trace.x),
    { log: xLog, zero: sideways, room: bars.length && !sideways ? 0.5 : 0 },
  );
  const y = axisOf(
    traces.flatMap((trace) => trace.y),
    { log: yLog, zero: bars.length > 0 && !sideways, room: sideways ? 0.5 : 0 },
  );
  const place = {
    x: (/** @type {Value} */ value) => EDGE.left + share(x, value) * (WIDTH - EDGE.left - EDGE.right),
    y: (/** @type {Value} */ value) => HEIGHT - EDGE.bottom - share(y, value) * (HEIGHT - EDGE.top - EDGE.bottom),
  };
  const root = svg("svg", { class: "nbt-chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });
  root.append(...gridLines(x, y, place), ...titles(xTitle, yTitle));
  for (const [index, trace] of traces.entries()) {
    const colour = safeColour(trace.color, index);
    if (trace.type === "bar")
      root.append(barPath(trace, { colour, place, y, x, slot: bars.indexOf(trace), slots: bars.length }));
    else root.append(...linePaths(trace, colour, place));
  }
  return root;
}

/** @param {Value[]} values @param {{ log: boolean, zero: boolean, room: number }} wishes @returns {Axis} */
export function axisOf(values, { log, zero, room }) {
  const texts = values.filter((value) => typeof value === "string");
  if (texts.length && texts.every((text) => DATE.test(text))) {
    return spread({ kind: "time", names: [], ...ends(values.map(timeOf)) }, 0);
  }
  if (texts.length) {
    const names = [...new Set(values.filter((value) => value !== null).map(String))];
    return { kind: "names", names, low: -0.5, high: names.length - 0.5 };
  }
  const numbers = /** @type {number[]} */ (values.filter((value) => typeof value === "number"));
  if (log) {
    const { low, high } = ends(numbers.filter((value) => value > 0).map(Math.log10));
    return spread({ kind: "log", names: [], low, high }, 0.03);
  }
  const { low, high } = ends(zero ? [...numbers, 0] : numbers);
  const axis = spread({ kind: "number", names: [], low, high }, 0.04);
  // bars stand on the very edge of the picture
  if (zero && low === 0) axis.low = 0;
  if (zero && high === 0) axis.high = 0;
  const steps = new Set(numbers).size;
  const extra = steps > 1 ? ((high - low) / (steps - 1)) * room : room;
  return { ...axis, low: axis.low - extra, high: axis.high + extra };
}

/** @param {number[]} numbers */
function ends(numbers) {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of numbers) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? { low, high } : { low: 0, high: 1 };
}

/** @param {Axis} axis @param {number} by @returns {Axis} */
function spread(axis, by) {
  const width = axis.high - axis.low;
  const more = width > 0 ? width * by : Math.abs(axis.low) * 0.1 || 1;
  return { ...axis, low: axis.low - more, high: axis.high + more };
}

/** @param {Value} value */
function timeOf(value) {
  return typeof value === "string"
    ? Date.parse(/Z$|[+-]\d\d:?\d\d$/.test(value) || value.length <= 10 ? value : `${value}Z`)
    : Number(value);
}

/** Where a value stands between the ends, 0 to 1; NaN for what cannot be placed. @param {Axis} axis @param {Value} value */
function share(axis, value) {
  if (value === null) return Number.NaN;
  const at =
    axis.kind === "names"
      ? axis.names.indexOf(String(value))
      : axis.kind === "time"
        ? timeOf(value)
        : axis.kind === "log"
          ? Math.log10(Number(value))
          : Number(value);
  return (at - axis.low) / (axis.high - axis.low);
}

/** @param {Axis} axis @param {number} wanted @returns {{ at: Value, text: string }[]} */
export function ticks(axis, wanted) {
  if (axis.kind === "names") {
    const every = Math.ceil(axis.names.length / (wanted * 1.5));
    return axis.names
      .filter((_, index) => index % every === 0)
      .map((name) => ({ at: name, text: name.length > 16 ? `${name.slice(0, 15)}…` : name }));
  }
  if (axis.kind === "log") {
    const found = [];
    for (let power = Math.ceil(axis.low); power <= axis.high; power += 1)
      found.push({ at: 10 ** power, text: numberText(10 ** power) });
    return found;
  }
  const raw = (axis.high - axis.low) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((each) => each * power >= raw) ?? 10) * power;
  const found = [];
  for (let k = Math.ceil(axis.low / step); k * step <= axis.high + step * 1e-9; k += 1) {
    const at = Number((k * step).toPrecision(12));
    if (axis.kind === "time")
      found.push({
        at: new Date(at).toISOString(),
        text: new Date(at).toISOString().slice(...(raw > DAY / 2 ? [0, 10] : [11, 16])),
      });
    else found.push({ at, text: numberText(at) });
  }
  return found;
}

/** @param {number} value */
function numberText(value) {
  const size = Math.abs(value);
  if (size && (size >= 1e6 || size < 1e-3)) return value.toExponential(1).replace(".0e", "e").replace("e+", "e");
  return String(value).replace("-", "−");
}

/** @param {Axis} x @param {Axis} y @param {Place} place */
function gridLines(x, y, place) {
  const found = [];
  for (const { at, text } of ticks(x, 6)) {
    const left = place.x(at);
    found.push(svg("line", { class: "nbt-chart-grid", x1: left, x2: left, y1: EDGE.top, y2: HEIGHT - EDGE.bottom }));
    found.push(svg("text", { x: left, y: HEIGHT - EDGE.bottom + 15, "text-anchor": "middle" }, text));
  }
  for (const { at, text } of ticks(y, 5)) {
    const top = place.y(at);
    found.push(svg("line", { class: "nbt-chart-grid", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: top, y2: top }));
    found.push(svg("text", { x: EDGE.left - 6, y: top + 4, "text-anchor": "end" }, text));
  }
  return found;
}

/** @param {string} x @param {string} y */
function titles(x, y) {
  const middle = (HEIGHT - EDGE.bottom) / 2;
  return [
    svg("text", { class: "nbt-chart-title", x: WIDTH / 2, y: HEIGHT - 8, "text-anchor": "middle" }, x),
    svg(
      "text",
      { class: "nbt-chart-title", x: 14, y: middle, "text-anchor": "middle", transform: `rotate(-90 14 ${middle})` },
      y,
    ),
  ];
}

/** @typedef {{ x: (value: Value) => number, y: (value: Value) => number }} Place */

/** @param {Trace} trace @param {string} colour @param {Place} place */
function linePaths({ x, y, mode = "lines" }, colour, place) {
  let line = "";
  let points = "";
  let isOn = false;
  for (let index = 0; index < x.length; index += 1) {
    const left = place.x(x[index] ?? null);
    const top = place.y(y[index] ?? null);
    if (!Number.isFinite(left + top)) {
      isOn = false;
      continue;
    }
    const at = `${left.toFixed(1)},${top.toFixed(1)}`;
    line += `${isOn ? "L" : "M"}${at}`;
    points += `M${at}h0`;
    isOn = true;
  }
  const found = [];
  if (mode.includes("lines")) found.push(svg("path", { class: "nbt-chart-line", d: line, stroke: colour }));
  if (mode.includes("markers")) found.push(svg("path", { class: "nbt-chart-points", d: points, stroke: colour }));
  return found;
}

/** @param {Trace} trace @param {{ colour: string, place: Place, x: Axis, y: Axis, slot: number, slots: number }} how */
function barPath({ x, y, horizontal = false }, { colour, place, slot, slots }) {
  const along = horizontal ? y : x;
  const across = horizontal ? place.y : place.x;
  const spots = [...new Set(along.map((value) => across(value)))].filter(Number.isFinite).sort((a, b) => a - b);
  let gap = Number.POSITIVE_INFINITY;
  for (let index = 1; index < spots.length; index += 1)
    gap = Math.min(gap, (spots[index] ?? 0) - (spots[index - 1] ?? 0));
  const width = (Number.isFinite(gap) ? gap : 120) * 0.84;
  const one = width / slots;
  let d = "";
  for (let index = 0; index < along.length; index += 1) {
    const start = across(along[index] ?? null) - width / 2 + slot * one;
    const end = horizontal ? place.x(x[index] ?? null) : place.y(y[index] ?? null);
    const base = horizontal ? place.x(0) : place.y(0);
    if (!Number.isFinite(start + end + base)) continue;
    const [s, o, e, b] = [start, one, end, base].map((each) => each.toFixed(1));
    d += horizontal ? `M${b},${s}H${e}v${o}H${b}z` : `M${s},${b}V${e}h${o}V${b}z`;
  }
  return svg("path", { class: "nbt-chart-bar", d, fill: colour });
}
