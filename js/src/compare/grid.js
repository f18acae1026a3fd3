// The table: keys at the left, a column a run, rows and columns drawn only where somebody looks.

import { h, replace, setAttribute } from "../kit/dom.js";
import { react } from "../kit/model.js";
import { rowEl, sectionEl } from "./grid-rows.js";
import { headCells, listenDrag } from "./heads.js";
import { columnsInSight, HEAD, ROW, rowsInSight, scrollToShow, shapeOf } from "./window.js";

/**
 * @typedef {import("./compare.js").Compare} Compare
 * @typedef {import("./window.js").Shape} Shape
 */

const MOST_HEIGHT = 560;
const LEAST_HEIGHT = 120;
const SOME_WIDTH = 900; // until the page has measured it
const BAR = 14;

export class Grid {
  #frame = 0;
  #drawn = "";
  /** @type {Map<number, HTMLElement>} */
  #rows = new Map();

  /** @param {Compare} compare */
  constructor(compare) {
    this.compare = compare;
    const { state } = compare;
    this.head = h("div", { class: "nbt-cmp-head", role: "row", "aria-rowindex": 1 });
    this.body = h("div", { class: "nbt-cmp-rows", role: "rowgroup" });
    this.space = h("div", { class: "nbt-cmp-space", role: "presentation" }, this.head, this.body);
    this.el = h(
      "div",
      { class: "nbt-cmp-grid", role: "grid", tabindex: 0, "aria-label": "Comparison of runs", "aria-readonly": "true" },
      this.space,
    );
    this.empty = h("p", { class: "nbt-cmp-empty", role: "status", hidden: true });
    this.size = { width: 0, height: 0 };
    /** @type {Shape} */
    this.shape = shapeOf(SOME_WIDTH, 2);
    listenDrag(compare, this.head);
    this.el.addEventListener("scroll", () => this.invalidate(false), { passive: true, signal: state.until });
    react(state.until, () => {
      state.view.value;
      state.runs.value;
      state.height.value;
      state.pane.value;
      this.invalidate();
    });
    react(state.until, () => {
      const place = state.active.value;
      if (place) this.show(place);
      this.invalidate();
    });
    const sized = new ResizeObserver(() => this.#measure());
    sized.observe(this.el);
    state.until.addEventListener("abort", () => {
      sized.disconnect();
      cancelAnimationFrame(this.#frame);
    });
  }

  #measure() {
    const { clientWidth: width, clientHeight: height } = this.el;
    if (!width || (width === this.size.width && height === this.size.height)) return;
    this.size = { width, height };
    this.invalidate();
  }

  /** Draw at the next frame; `true` when more than the scroll position has changed. */
  invalidate(dirty = true) {
    if (dirty) this.#drawn = "";
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.draw();
    });
  }

  draw() {
    const { state } = this.compare;
    const { lines } = state.view.value;
    const runs = state.runs.value;
    const width = this.size.width || this.el.clientWidth || SOME_WIDTH;
    this.shape = shapeOf(width, runs.length);
    this.#fit(lines.length);
    const height = this.el.clientHeight || MOST_HEIGHT;
    const rows = rowsInSight(this.el.scrollTop, height, lines.length);
    const columns = columnsInSight(this.el.scrollLeft, width, runs.length, this.shape);
    const across = `${columns.first} ${columns.last} ${width}`;
    if (this.#drawn !== across) {
      this.#drawn = across;
      this.#renew(columns);
    }
    this.el.classList.toggle("nbt-cmp-scrolled", this.el.scrollLeft > 0);
    for (const [line, el] of this.#rows) {
      if (line >= rows.first && line < rows.last) continue;
      el.remove();
      this.#rows.delete(line);
    }
    for (let line = rows.first; line < rows.last; line += 1) if (!this.#rows.has(line)) this.#add(line, columns);
  }

  /**
   * Draw anew what is other than before. The rest stays: a run that goes on must not take a cell from under a click.
   * @param {{ first: number, last: number }} columns
   */
  #renew(columns) {
    const heads = headCells(this.compare, this.shape, columns);
    if (heads.map((each) => each.outerHTML).join("") !== this.head.innerHTML) replace(this.head, heads);
    for (const [line, el] of this.#rows) {
      const now = this.#made(line, columns);
      if (now?.outerHTML === el.outerHTML) continue;
      if (now) el.replaceWith(now);
      else el.remove();
      if (now) this.#rows.set(line, now);
      else this.#rows.delete(line);
    }
  }

  /** @param {number} count of lines */
  #fit(count) {
    const { state } = this.compare;
    const { total } = this.shape;
    const full = HEAD + count * ROW;
    this.space.style.width = `${total}px`;
    this.space.style.height = `${full}px`;
    const fits = full + (total > (this.size.width || total) ? BAR : 0) + 2;
    const height = Math.max(LEAST_HEIGHT, Math.min(state.height.value || MOST_HEIGHT, fits));
    this.el.style.height = `${height}px`;
    setAttribute(this.el, "aria-rowcount", count + 1);
    setAttribute(this.el, "aria-colcount", state.runs.value.length + 1);
    const active = state.active.value;
    setAttribute(this.el, "aria-activedescendant", active ? this.idOf(active.line, active.column) : null);
    this.empty.hidden = count > 0 || !state.data.loaded.value;
    this.el.hidden = !this.empty.hidden;
    if (!this.empty.hidden) this.#sayEmpty();
  }

  #sayEmpty() {
    const { state } = this.compare;
    const { hidden } = state.view.value;
    replace(
      this.empty,
      !state.runs.value.length
        ? "No runs to compare: give them to nbtrack.compare(…), by number, name or id."
        : state.filter.value
          ? `No key contains “${state.filter.value}”${hidden ? " and differs" : ""}.`
          : "Nothing differs between these runs.",
      state.runs.value.length && (state.filter.value || state.hideSame.value)
        ? h(
            "button",
            {
              class: "nbt-plain",
              type: "button",
              on: {
                click: () => {
                  if (state.filter.value) state.filter.value = "";
                  else state.hideSame.value = false;
                },
              },
            },
            state.filter.value ? "Show all keys" : "Show what is the same",
          )
        : null,
    );
  }

  /**
   * @param {number} line
   * @param {{ first: number, last: number }} columns
   */
  #made(line, columns) {
    const found = this.compare.state.view.value.lines[line];
    if (!found) return null;
    const el = found.type === "section" ? sectionEl(this, line, found) : rowEl(this, line, found, columns);
    el.style.top = `${line * ROW}px`;
    setAttribute(el, "aria-rowindex", line + 2);
    return el;
  }

  /** @param {number} line @param {{ first: number, last: number }} columns */
  #add(line, columns) {
    const el = this.#made(line, columns);
    if (!el) return;
    this.#rows.set(line, el);
    this.body.append(el);
  }

  /** @param {number} line @param {number} column */
  idOf(line, column) {
    return `${this.compare.state.uid}-${line}-${column}`;
  }

  /** Scroll a cell into sight. @param {import("./state.js").Place} place */
  show(place) {
    const { el } = this;
    const box = {
      top: el.scrollTop,
      left: el.scrollLeft,
      width: this.size.width || el.clientWidth || SOME_WIDTH,
      height: el.clientHeight || MOST_HEIGHT,
    };
    const { top, left } = scrollToShow(place, box, this.shape);
    if (top !== el.scrollTop) el.scrollTop = top;
    if (left !== el.scrollLeft) el.scrollLeft = left;
  }
}
