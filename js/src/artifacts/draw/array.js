// numpy arrays: shape and figures, a line or a picture of the values, and the arrays of an .npz to choose from.

import { h, replace } from "../../kit/dom.js";
import { formatCount } from "../../kit/format.js";
import { floatsOf, sizeText } from "../bytes.js";
import { chartSvg } from "../chart.js";
import { heatmap } from "./heatmap.js";
import { factList, messageOf, plainTable, short } from "./parts.js";
import { histogram } from "./table.js";

/** @param {import("../preview.js").Look} look */
export function drawArray(look) {
  const { facts, buffers } = look;
  const stage = h("div", { class: "nbt-array" }, ...arrayParts(facts.array, buffers, facts.member ?? facts.name));
  if (!facts.members.length) return stage;
  return [members(look, stage), stage];
}

/** @param {import("../preview.js").Look} look @param {HTMLElement} stage */
function members(look, stage) {
  const show = async (/** @type {string} */ name) => {
    try {
      const { content, buffers } = await look.ask({ member: name });
      replace(stage, arrayParts(content.array, buffers, name));
    } catch (cause) {
      look.say(look.offline ? "This array is not in this page." : messageOf(cause));
    }
  };
  const rows = look.facts.members.map((/** @type {any} */ each) => [
    each.problem
      ? each.name
      : h("button", { class: "nbt-plain", type: "button", on: { click: () => void show(each.name) } }, each.name),
    each.problem ?? each.shape.join(" × "),
    each.dtype ?? "",
    each.size === undefined ? "" : sizeText(each.size),
  ]);
  return plainTable(
    [{ text: "Array" }, { text: "Shape" }, { text: "Type" }, { text: "Size", right: true }],
    rows,
    "Arrays",
  );
}

/** @param {any} array @param {any[]} buffers @param {string} name @returns {Node[]} */
function arrayParts(array, buffers, name) {
  if (!array) return [h("p", { class: "nbt-look-empty" }, "This array cannot be read.")];
  const stats = array.stats ?? {};
  const facts = factList([
    ["Array", name],
    ["Shape", array.shape.length ? array.shape.join(" × ") : "a single value"],
    ["Type", array.dtype],
    ["Values", formatCount(array.count)],
    ["Min – max", stats.min === undefined ? null : `${short(stats.min)} – ${short(stats.max)}`],
    [
      "Mean ± std",
      stats.mean === undefined || stats.mean === null ? null : `${short(stats.mean)} ± ${short(stats.std)}`,
    ],
    ["NaN", stats.nans ? formatCount(stats.nans) : null],
    ["Infinite", stats.infinities ? formatCount(stats.infinities) : null],
    ["Zeros", stats.zeros ? formatCount(stats.zeros) : null],
    ["Figures of", array.sampled ? `${formatCount(array.sampled)} values, evenly spread` : null],
    ["First values", array.first?.length ? array.first.join(", ") : null],
  ]);
  const bars = stats.bins ? h("div", { class: "nbt-array-bars", title: "Distribution" }, histogram(stats.bins)) : null;
  /** @type {Node[]} */
  const parts = [h("div", { class: "nbt-array-facts" }, facts, bars)];
  if (array.picture === "line") parts.push(outline(floatsOf(buffers[0]), array.count, name));
  if (array.picture === "heatmap")
    parts.push(heatmap(floatsOf(buffers[0]), array.rows, array.columns, { label: name }));
  return parts;
}

/** Lowest and highest value of each stretch. @param {Float32Array} values @param {number} count @param {string} name */
function outline(values, count, name) {
  const n = values.length / 2;
  const x = Array.from({ length: n }, (_, index) => Math.floor((index * count) / n));
  const plain = (/** @type {Float32Array} */ part) =>
    Array.from(part, (value) => (Number.isFinite(value) ? value : null));
  const [low, high] = [plain(values.subarray(0, n)), plain(values.subarray(n))];
  const isThin = n === count;
  // up and down in turn: a stretch of many values is a filled band, one value a stretch a plain line
  const both = x.flatMap((at) => [at, at]);
  const y = low.flatMap((value, index) => [value, high[index] ?? null]);
  const trace = isThin ? { x, y: low } : { x: both, y };
  return h(
    "div",
    { class: "nbt-chart-stage" },
    chartSvg({ traces: [{ type: "line", mode: "lines", ...trace }], x_title: "index", label: `Values of ${name}` }),
  );
}
