// The scrolling part. One layer stays put while the scroll bar moves behind it, and lines are drawn into it for the
// position of the bar: whatever the speed of scrolling, there is never an empty place.

import { h, setAttribute } from "../kit/dom.js";
import { react } from "../kit/model.js";
import { NO_ENTRIES } from "./entries.js";
import { BAND_HEIGHT, HEAD_HEIGHT, Header } from "./header.js";
import { layoutOf, Widths } from "./layout.js";
import { RowPool } from "./rows.js";
import { columnsInSight, rowsInSight, scrollToShow } from "./window.js";

/**
 * @typedef {import("./state.js").TableState} TableState
 * @typedef {import("./layout.js").Layout} Layout
 * @typedef {import("./layout.js").Placed} Placed
 */

export const HEAD = BAND_HEIGHT + HEAD_HEIGHT;
const MOST_HEIGHT = 520;
const LEAST_HEIGHT = 190;
const BAR = 12; // room for a horizontal scroll bar
const FROZEN_SHARE = 0.4; // pinned runs stay in sight as long as they take no more than this

export class Grid {
  #generation = 0;
  #frame = 0;
  #dirty = true;
  #seen = true;
  #question = "";
  #entries = NO_ENTRIES;
  #place = { key: "", line: 0, activeKey: "" };
  /** @type {{ layout: Layout | null, first: number, last: number, flow: Placed[] }} */
  #flow = { layout: null, first: 0, last: 0, flow: [] };

  /**
   * @param {TableState} state
   * @param {import("./cells.js").Brush} brush
   */
  constructor(state, brush) {
    this.state = state;
    this.brush = brush;
    this.widths = new Widths(state);
    this.header = new Header(state);
    this.frozen = h("div", { class: "nbt-rows nbt-frozen", role: "rowgroup" });
    this.body = h("div", { class: "nbt-rows", role: "rowgroup" });
    this.layer = h("div", { class: "nbt-layer", role: "presentation" }, this.header.el, this.frozen, this.body);
    this.space = h("div", { class: "nbt-space", role: "presentation" }, this.layer);
    this.el = h(
      "div",
      { class: "nbt-grid", role: "grid", tabindex: 0, "aria-label": "Runs", "aria-multiselectable": "true" },
      this.space,
    );
    this.frozenRows = new RowPool(this.frozen, brush);
    this.bodyRows = new RowPool(this.body, brush);
    /** @type {Layout} */
    this.layout = layoutOf(state, this.widths);
    this.frozenShown = 0;
    this.#follow();
  }

  /** Draw at the next frame; `true` when more than the scroll position has changed. */
  invalidate(dirty = true) {
    this.#dirty ||= dirty;
    if (this.#frame || !this.#seen) return;
    this.#request();
  }

  #request() {
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.draw();
    });
  }

  #follow() {
    const { state } = this;
    const { until } = state;
    const scrolled = () => {
      this.#seen = true; // nobody scrolls what is not in sight
      this.invalidate(false);
    };
    this.el.addEventListener("scroll", scrolled, { passive: true, signal: until });
    react(until, () => {
      state.entries.value;
      this.invalidate();
    });
    react(until, () => {
      const active = state.active.value;
      this.#place.activeKey = active && active.line >= 0 ? this.keyOf(active.line) : "";
    });
    react(until, () => {
      this.layout = layoutOf(state, this.widths);
      this.brush.narrow = this.layout.tight;
      this.invalidate();
    });
    react(until, () => {
      const { selection, active, density, shading, sparklines, details, height, statistics, now, pinnedRuns } = state;
      for (const each of [
        selection,
        active,
        density,
        shading,
        sparklines,
        details,
        height,
        statistics,
        now,
        pinnedRuns,
      ])
        each.value;
      state.store.goals.value;
      this.invalidate();
    });
    this.#watchSize();
    until.addEventListener("abort", () => cancelAnimationFrame(this.#frame), { once: true });
  }

  #watchSize() {
    const { state } = this;
    const sized = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = this.el;
      if (!width || !height) return; // hidden; it is told again when it is shown
      const before = state.size.peek();
      if (width !== before.width || height !== before.height) state.size.value = { width, height };
      this.#renew();
    });
    sized.observe(this.el);
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#renew(), {
      signal: state.until,
    });
    // drawing rests while nobody can see the table: far down a notebook, or in a tab behind
    const sight = new IntersectionObserver((seen) => this.#look(seen.at(-1)?.isIntersecting ?? true), {
      rootMargin: "200px",
    });
    sight.observe(this.el);
    state.until.addEventListener("abort", () => {
      sized.disconnect();
      sight.disconnect();
    });
  }

  /** @param {boolean} seen */
  #look(seen) {
    this.#seen = seen;
    if (seen) {
      this.#renew();
    } else {
      cancelAnimationFrame(this.#frame);
      this.#frame = 0;
    }
  }

  /**
   * Draw all anew at the next frame, whatever was known about being seen: a frame that was asked for while the table
   * was hidden or stood in another window may never come, and sight is told later than size.
   */
  #renew() {
    cancelAnimationFrame(this.#frame);
    this.#dirty = true;
    this.#request();
  }

  get isSeen() {
    return this.#seen && document.visibilityState !== "hidden";
  }

  /**
   * New runs must not push away what the reader looks at; another question starts at the top.
   * @param {import("./entries.js").Entries} entries
   */
  #keepPlace(entries) {
    const { state, el } = this;
    const { key, line, activeKey } = this.#place;
    const question = state.question.peek();
    const asked = question !== this.#question;
    this.#entries = entries;
    this.#question = question;
    if (asked) el.scrollTop = 0;
    else if (el.scrollTop > 0) {
      const moved = this.lineOf(key) - line;
      if (moved) el.scrollTop += moved * state.rowHeight;
    }
    const active = state.active.peek();
    if (!active || active.line < 0) return;
    const now = this.lineOf(activeKey);
    const to = asked ? 0 : Number.isNaN(now) ? Math.min(active.line, entries.codes.length - 1) : now;
    if (to !== active.line) state.active.value = { ...active, line: to };
  }

  /** Remember what stands at the top, by name: rows are counted anew when runs go. */
  #notePlace() {
    const line = Math.floor(this.el.scrollTop / this.state.rowHeight) + this.frozenShown;
    this.#place = { ...this.#place, key: this.keyOf(line), line };
  }

  /**
   * What stands in a line: a run id or the key of a group.
   * @param {number} line
   */
  keyOf(line) {
    const { codes, groups } = this.#entries;
    const code = codes[line];
    if (code === undefined) return "";
    return code < 0 ? (groups[-code - 1]?.key ?? "") : this.state.store.idAt(code);
  }

  /** @param {string} key a run id or the key of a group @returns {number} NaN when it is not on view */
  lineOf(key) {
    const { codes, groups } = this.#entries;
    const row = this.state.store.rowOf.get(key);
    const group = row === undefined ? groups.findIndex((each) => each.key === key) : -1;
    if (row === undefined && group < 0) return Number.NaN;
    const line = codes.indexOf(row ?? -group - 1);
    return line < 0 ? Number.NaN : line;
  }

  draw() {
    const { state, layout, el } = this;
    const entries = state.entries.peek();
    const { rowHeight } = state;
    const lines = entries.codes.length;
    const width = el.clientWidth || state.size.peek().width || 900;
    const asked = this.#setHeight(lines, rowHeight, layout.fixedWidth + layout.flowWidth > width);
    const height = el.clientHeight || asked; // a hidden table is drawn for the height that it will have
    if (this.#dirty) {
      this.#generation += 1;
      this.#dirty = false;
      this.space.style.width = `${Math.max(width, layout.fixedWidth + layout.flowWidth)}px`;
      this.space.style.height = `${Math.max(height, HEAD + lines * rowHeight)}px`;
      setAttribute(el, "aria-rowcount", lines + 2);
      setAttribute(el, "aria-colcount", layout.fixed.length + layout.flow.length + 1);
    }
    if (entries !== this.#entries) this.#keepPlace(entries);
    this.layer.style.width = `${width}px`;
    this.layer.style.height = `${height}px`;
    const body = height - HEAD;
    this.frozenShown = Math.min(entries.frozen, Math.floor((body * FROZEN_SHARE) / rowHeight));
    const frozenHeight = this.frozenShown * rowHeight;
    const scroll = el.scrollTop;
    const scrollLeft = el.scrollLeft;
    const flow = this.#columns(layout, scrollLeft, width - layout.fixedWidth);
    this.header.draw(layout, flow, scrollLeft);
    const sight = { flow, scrollLeft, generation: this.#generation };
    this.frozen.style.top = `${HEAD}px`;
    this.frozen.style.height = `${frozenHeight}px`;
    this.frozenRows.draw(entries, layout, { ...sight, first: 0, last: this.frozenShown, origin: 0 });
    this.body.style.top = `${HEAD + frozenHeight}px`;
    const { first, last } = rowsInSight({
      scroll: scroll + frozenHeight,
      height: body - frozenHeight,
      rowHeight,
      count: lines,
    });
    const origin = scroll + frozenHeight;
    this.bodyRows.draw(entries, layout, { ...sight, first: Math.max(this.frozenShown, first), last, origin });
    this.#notePlace();
    this.#drawActive();
    this.el.classList.toggle("nbt-scrolled", scrollLeft > 0);
    this.onDraw?.();
  }

  /** @type {(() => void) | null} called after each drawing */
  onDraw = null;

  /** @param {Layout} layout @param {number} scroll @param {number} width */
  #columns(layout, scroll, width) {
    const { first, last } = columnsInSight({ starts: layout.starts, total: layout.flowWidth, scroll, width });
    const before = this.#flow;
    if (before.layout !== layout || before.first !== first || before.last !== last) {
      this.#flow = { layout, first, last, flow: layout.flow.slice(first, last) };
    }
    return this.#flow.flow;
  }

  /** @param {number} lines @param {number} rowHeight @param {boolean} wide */
  #setHeight(lines, rowHeight, wide) {
    const fixed = this.state.height.peek();
    // the height follows the number of runs, not the filter: the notebook below must not jump while one types
    const kept = this.state.groupBy.peek() === null ? Math.min(this.state.store.size, 16) : 0;
    const rows = Math.max(lines, kept);
    const height =
      fixed || Math.min(MOST_HEIGHT, Math.max(LEAST_HEIGHT, HEAD + rows * rowHeight + (wide ? BAR : 0) + 2));
    const text = `${height}px`;
    if (this.el.style.height !== text) this.el.style.height = text;
    return height;
  }

  /** The cell that the keys act on: the grid keeps the focus and points to it. */
  #drawActive() {
    const id = `${this.state.uid}-active`;
    for (const old of this.layer.querySelectorAll(".nbt-row .nbt-active")) {
      old.classList.remove("nbt-active");
      old.removeAttribute("id");
    }
    const active = this.state.active.peek();
    const cell = active ? this.cellAt(active.line, active.column) : null;
    if (cell) {
      cell.classList.add("nbt-active");
      cell.id = id;
    }
    setAttribute(this.el, "aria-activedescendant", cell ? id : null);
  }

  /**
   * @param {number} line -1 for the header
   * @param {number} column
   * @returns {HTMLElement | null} null when it is not in the page
   */
  cellAt(line, column) {
    const row =
      line === -1
        ? this.header.el.querySelector(".nbt-heads")
        : (this.bodyRows.row(line) ?? this.frozenRows.row(line))?.el;
    return row?.querySelector(`[aria-colindex="${column + 1}"]`) ?? null;
  }

  /** Scroll so that a cell is in sight. @param {number} line @param {number} column */
  show(line, column) {
    const { el, layout, state } = this;
    const { rowHeight } = state;
    if (line >= this.frozenShown) {
      const size = (el.clientHeight || 400) - HEAD - this.frozenShown * rowHeight;
      const start = (line - this.frozenShown) * rowHeight;
      el.scrollTop = scrollToShow({ scroll: el.scrollTop, size, start, end: start + rowHeight });
    }
    const placed = layout.flow.find(({ index }) => index === column);
    if (placed) {
      const size = el.clientWidth - layout.fixedWidth;
      el.scrollLeft = scrollToShow({ scroll: el.scrollLeft, size, start: placed.x, end: placed.x + placed.width });
    }
    this.draw();
  }
}
