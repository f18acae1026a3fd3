// Draws one cell. Each kind builds its elements once and later changes only what differs.

import { h, icon, setAttribute, setText } from "../kit/dom.js";
import { formatDuration, formatNumber, plural } from "../kit/format.js";
import { commonText, summarise } from "./groups.js";
import { share } from "./scales.js";
import { drawSpark } from "./sparks.js";
import { formatOf, fullText, isRightAligned, sharedText, tagsOf, textOf } from "./texts.js";

/**
 * @typedef {import("../runs/catalog.js").Field} Field
 * @typedef {import("./state.js").TableState} TableState
 * @typedef {import("./entries.js").RunGroup} RunGroup
 *
 * @typedef {object} Brush what drawing needs beside the state
 * @property {TableState} state
 * @property {import("./scales.js").Scales} scales
 * @property {import("./sparks.js").Sparks} sparks
 * @property {import("./stale.js").Stale} stale
 * @property {{ line: string, dot: string }} colours
 * @property {boolean} narrow
 *
 * @typedef {HTMLElement & { drawn?: string, spark?: Float32Array | null }} Cell
 */

const MOST_CHIPS = 4;

/** @param {Brush} brush @param {Field} field @returns {Cell} */
export function makeCell({ state }, field) {
  const cell = h("div", {
    class: `nbt-cell nbt-${field.kind}${isRightAligned(state, field) ? " nbt-right" : ""}`,
    role: field.kind === "name" ? "rowheader" : "gridcell",
    data: { field: field.id },
  });
  return cell;
}

/**
 * @param {Brush} brush
 * @param {Cell} cell
 * @param {Field} field
 * @param {number} row
 * @param {{ depth: number, branch: number }} place of the run below its parent
 */
export function drawRunCell(brush, cell, field, row, place) {
  const { state } = brush;
  switch (field.kind) {
    case "name":
      drawName(brush, cell, row, place);
      break;
    case "status":
      drawStatus(cell, state.store.text("status", row), textOf(state, field, row));
      break;
    case "metric":
      drawMetric(brush, cell, field, row);
      break;
    case "tags":
      drawTags(state, cell, row);
      break;
    default: {
      drawPlain(cell, textOf(state, field, row));
      setAttribute(cell, "title", field.kind === "time" || cell.textContent ? fullText(state, field, row) : null);
    }
  }
}

/** @param {"star" | "details"} act */
function tool(act) {
  const picture = icon(act === "star" ? "star" : "right", 13);
  return h("button", { class: `nbt-quiet nbt-${act}-button`, type: "button", tabindex: -1, data: { act } }, picture);
}

/** Forget the inner elements when a cell changes its make. @param {Cell} cell @param {string} make */
function begin(cell, make) {
  if (cell.drawn === make) return false;
  cell.drawn = make;
  cell.replaceChildren();
  cell.removeAttribute("title");
  cell.style.removeProperty("--share");
  cell.classList.remove("nbt-best", "nbt-shaded", "nbt-mixed");
  return true;
}

/** @param {Cell} cell @param {string} text */
function drawPlain(cell, text) {
  begin(cell, "plain");
  setText(cell, text);
}

/**
 * @param {Brush} brush
 * @param {Cell} cell
 * @param {number} row
 * @param {{ depth: number, branch: number }} place
 */
function drawName({ state, narrow, stale }, cell, row, { depth, branch }) {
  const { store } = state;
  if (begin(cell, "name")) {
    cell.append(
      h("button", { class: "nbt-twist", type: "button", tabindex: -1, data: { act: "twist" } }, icon("right", 12)),
      h("span", { class: "nbt-dot", "aria-hidden": "true" }),
      h("span", { class: "nbt-label" }),
      h("span", { class: "nbt-stale", role: "img" }, icon("stale", 13)),
      h("span", { class: "nbt-tools" }, tool("star"), tool("details")),
    );
  }
  const [twist, dot, label, mark, tools] = /** @type {HTMLElement[]} */ ([...cell.children]);
  const [star, more] = tools?.children ?? [];
  const runId = store.idAt(row);
  const name = store.text("name", row) || runId.slice(0, 8);
  const starred = state.pinnedRuns.value.includes(runId);
  if (!twist || !dot || !label || !mark || !star || !more) return;
  cell.style.setProperty("--depth", String(depth));
  twist.hidden = branch === 0;
  setAttribute(twist, "aria-expanded", branch === 0 ? null : String(branch === 1));
  setAttribute(twist, "aria-label", branch === 0 ? null : `Children of ${name}`);
  dot.hidden = !narrow;
  setAttribute(dot, "data-status", store.text("status", row));
  setText(label, name);
  setAttribute(label, "title", name);
  const why = stale.text(runId);
  mark.hidden = why === "";
  setAttribute(mark, "aria-label", why ? `Stale: ${why}` : null);
  setAttribute(mark, "title", why ? `Stale: ${why}` : null);
  setAttribute(star, "aria-pressed", String(starred));
  setAttribute(star, "aria-label", `${starred ? "Unpin" : "Pin"} ${name}`);
  setAttribute(star, "title", starred ? "Unpin from the top" : "Pin to the top");
  setAttribute(more, "aria-label", `Details of ${name}`);
  setAttribute(more, "title", "Details (Enter)");
}

/**
 * @param {Cell} cell
 * @param {string | null} status
 * @param {string} text
 */
function drawStatus(cell, status, text) {
  if (begin(cell, "status")) cell.append(h("span", { class: "nbt-dot", "aria-hidden": "true" }), h("span"));
  const [dot, label] = cell.children;
  if (!dot || !label) return;
  setAttribute(dot, "data-status", status);
  setAttribute(cell, "data-status", status);
  setText(label, text);
}

/**
 * @param {Brush} brush
 * @param {Cell} cell
 * @param {Field} field
 * @param {number} row
 */
function drawMetric({ state, scales, sparks, colours }, cell, field, row) {
  if (begin(cell, "metric"))
    cell.append(h("canvas", { class: "nbt-spark", "aria-hidden": "true" }), h("span", { class: "nbt-value" }));
  const canvas = /** @type {HTMLCanvasElement} */ (cell.firstChild);
  const value = state.store.number(state.sourceOf(field), row);
  setText(/** @type {Element} */ (cell.lastChild), value === null ? "" : formatOf(state, field)(value));
  setAttribute(cell, "title", value === null ? null : String(value));

  const { goal } = state.goalOf(field.key);
  const scale = scales.of(field);
  const best = value !== null && value === scale.best && scale.min < scale.max;
  cell.classList.toggle("nbt-best", best);
  if (best) setAttribute(cell, "title", `${value} · best on view`);
  const shaded = state.shading.value !== "none" && value !== null && Number.isFinite(value);
  cell.classList.toggle("nbt-shaded", shaded);
  if (shaded)
    cell.style.setProperty("--share", share(value, scale, state.shading.value === "heat" ? goal : null).toFixed(3));

  const count = state.store.number(`metrics.${field.key}.count`, row) ?? 0;
  const wanted = state.sparklines.value && count > 1;
  const points = wanted ? sparks.get(state.store.idAt(row), field.key, count) : null;
  canvas.hidden = !points;
  if (points && cell.spark !== points) drawSpark(canvas, points, colours);
  cell.spark = points;
}

/**
 * @param {TableState} state
 * @param {Cell} cell
 * @param {number} row
 */
function drawTags(state, cell, row) {
  const tags = tagsOf(state, row);
  const text = tags.map(({ key, value }) => `${key}: ${value}`).join("\n");
  if (!begin(cell, `tags ${text}`)) return;
  for (const tag of tags.slice(0, MOST_CHIPS)) cell.append(chip(tag));
  if (tags.length > MOST_CHIPS) cell.append(h("span", { class: "nbt-faint" }, `+${tags.length - MOST_CHIPS}`));
  if (text) cell.title = text;
}

/** @param {{ key: string, value: string }} tag */
export function chip({ key, value }) {
  const plain = value === "" || value === "true" || value === "True";
  return h("span", { class: "nbt-chip" }, plain ? key : [h("span", { class: "nbt-chip-key" }, key), " ", value]);
}

/**
 * @param {Brush} brush
 * @param {Cell} cell
 * @param {Field} field
 * @param {RunGroup} group
 * @param {boolean} open
 */
export function drawGroupCell({ state }, cell, field, group, open) {
  if (field.kind === "name") {
    drawGroupName(state, cell, group, open);
    return;
  }
  if (field.kind === "metric") {
    drawMean(state, cell, field, group);
    return;
  }
  if (field.kind === "param" || field.kind === "text" || field.kind === "tag" || field.kind === "status") {
    const { value, distinct } = commonText(group.rows, state.store, field.source);
    begin(cell, "common");
    cell.removeAttribute("data-status");
    setText(cell, distinct === 1 ? sharedText(field, value ?? "") : `${distinct} values`);
    cell.classList.toggle("nbt-mixed", distinct > 1);
    return;
  }
  if (field.kind === "duration") {
    const { mean } = summarise(group.rows, state.store, "duration");
    drawPlain(cell, Number.isNaN(mean) ? "" : `⌀ ${formatDuration(mean)}`);
    return;
  }
  drawPlain(cell, "");
}

/**
 * @param {TableState} state
 * @param {Cell} cell
 * @param {RunGroup} group
 * @param {boolean} open
 */
function drawGroupName(state, cell, group, open) {
  if (begin(cell, "group")) {
    cell.append(
      h("button", { class: "nbt-twist", type: "button", tabindex: -1, data: { act: "twist" } }, icon("right", 12)),
      h("span", { class: "nbt-label" }),
      h("span", { class: "nbt-count" }),
    );
  }
  const [twist, label, count] = /** @type {HTMLElement[]} */ ([...cell.children]);
  if (!twist || !label || !count) return;
  const by = state.groupField();
  const text = group.value === null ? "no value" : group.value === "" ? "(empty)" : sharedText(by, group.value);
  cell.style.setProperty("--depth", "0");
  setAttribute(twist, "aria-expanded", String(open));
  setAttribute(twist, "aria-label", `Runs with ${by?.label ?? "value"} ${text}`);
  setText(label, text);
  setAttribute(label, "title", text);
  setText(count, String(group.rows.length));
}

/**
 * @param {TableState} state
 * @param {Cell} cell
 * @param {Field} field
 * @param {RunGroup} group
 */
function drawMean(state, cell, field, group) {
  if (begin(cell, "mean")) cell.append(h("span", { class: "nbt-value" }), h("span", { class: "nbt-spread" }));
  const [value, spread] = cell.children;
  if (!value || !spread) return;
  const { count, mean, std, min, max, left } = summarise(group.rows, state.store, state.sourceOf(field));
  const format = formatOf(state, field);
  // an asterisk says that not all runs are in the mean; the title says how many
  setText(value, `${count ? format(mean) : left ? "–" : ""}${left ? "*" : ""}`);
  setText(spread, Number.isNaN(std) ? "" : ` ± ${format(std)}`);
  const words = count ? [`mean of ${count}`, `min ${formatNumber(min)}`, `max ${formatNumber(max)}`] : [];
  if (left) words.push(`${plural(left, "run")} with NaN or ∞ left out`);
  setAttribute(cell, "title", words.join(" · ") || null);
}
