// The small box beside the pointer: where it is, and the values there.

import { h, replace } from "../kit/dom.js";
import { formatNumber } from "../kit/format.js";
import { idOf } from "./pointing.js";
import { xText } from "./ticks.js";

/** @typedef {import("./pointing.js").Point} Point */

const MOST = 6;
const GAP = 14;

export class Readout {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
    this.el = h("div", { class: "nbt-readout", role: "status", hidden: true });
    host.append(this.el);
  }

  hide() {
    this.el.hidden = true;
  }

  /**
   * @param {{ left: number, top: number, x: number, points: Point[], near: string | null,
   *   marks: import("./strokes.js").Mark[], chart: import("./line-chart.js").LineChart }} what
   */
  show({ left, top, x, points, near, marks, chart }) {
    if (!points.length && !marks.length) {
      this.hide();
      return;
    }
    const isNear = (/** @type {Point} */ point) => idOf(point.series) === near;
    const shown = [...points].sort((a, b) => Math.abs(a.top - top) - Math.abs(b.top - top)).slice(0, MOST);
    shown.sort((a, b) => a.top - b.top);
    const chosen = points.find(isNear);
    if (chosen && !shown.includes(chosen)) shown[shown.length - 1] = chosen;
    const { xKind, xLabel } = chart.options;
    const only = chosen ?? (shown.length === 1 ? shown[0] : undefined);
    const places = new Set((only ? [only] : shown).map(({ series, index }) => /** @type {number} */ (series.x[index])));
    const [at = x] = places.size === 1 ? places : [];
    replace(
      this.el,
      h("div", { class: "nbt-readout-x" }, xText(at, xKind, xLabel)),
      ...marks.map(({ text, kind }) => h("div", { class: "nbt-readout-mark" }, `${kind}: ${text}`)),
      ...shown.map((point) =>
        h(
          "div",
          { class: isNear(point) ? "nbt-readout-row nbt-near" : "nbt-readout-row" },
          h("i", { style: { background: point.series.colour } }),
          h("span", {}, point.series.label),
          h("b", {}, isNear(point) ? this.valueText(point) : formatNumber(point.value)),
        ),
      ),
      points.length > shown.length
        ? h("div", { class: "nbt-readout-x" }, `and ${points.length - shown.length} more`)
        : null,
    );
    this.#place(left, top, chart);
  }

  /** @param {Point} point */
  valueText({ series, index, value }) {
    const more = series.tell?.(index) ?? "";
    return more ? `${formatNumber(value)} ${more}` : formatNumber(value);
  }

  /**
   * Beside the pointer, on the side where there is room.
   * @param {number} left
   * @param {number} top
   * @param {import("./line-chart.js").LineChart} chart
   */
  #place(left, top, { plot }) {
    this.el.hidden = false;
    const over = plot?.over;
    if (!over) return;
    const x = over.offsetLeft + left;
    const { offsetWidth: width, offsetHeight: height } = this.el;
    // it may stand over the neighbours, but not outside the view, where it would be cut off
    const room = (this.host.closest(".nbt") ?? this.host).getBoundingClientRect();
    const own = this.host.getBoundingClientRect();
    const isRoomRight = own.left + x + GAP + width < room.right;
    const y = Math.min(over.offsetTop + top - height / 2, room.bottom - own.top - height);
    this.el.style.left = `${isRoomRight ? x + GAP : Math.max(room.left - own.left, x - GAP - width)}px`;
    this.el.style.top = `${Math.max(room.top - own.top, y)}px`;
  }
}
