// Parallel coordinates of runs: its parts put together, and what they ask of each other.

import { batch } from "@preact/signals-core";
import { copyText } from "../kit/clipboard.js";
import { h, setAttribute, setText } from "../kit/dom.js";
import { react } from "../kit/model.js";
import { openMenu, Popover } from "../kit/popover.js";
import { FilterBox } from "../run-table/filter-box.js";
import { SavedViews } from "../runs/saved-views.js";
import { axisMenu } from "./axis-menu.js";
import { Heads } from "./heads.js";
import { Importance } from "./importance.js";
import { Layers } from "./layers.js";
import { listenPointer } from "./pointer.js";
import { openRangeInput } from "./range-input.js";
import { ParallelState } from "./state.js";
import { ariaText } from "./texts.js";
import { Toolbar } from "./toolbar.js";
import { Tooltip } from "./tooltip.js";
import { WhereBar } from "./where-bar.js";

const SAID = 2600; // ms that a word about what was done stays
const TELL = 500;
const NO_RUNS = "No runs yet. They appear here as soon as the first one logs a param or a metric.";

export class ParallelPlot {
  /**
   * @param {import("../runs/view.js").RunsView} view shared with whatever else shows these runs
   * @param {{ alone?: boolean }} [options] alone: no table stands beside it that has the filter and the saved views
   */
  constructor(view, { alone = false } = {}) {
    this.view = view;
    /** Said while there are no runs. */
    this.emptyText = NO_RUNS;
    const state = new ParallelState(view);
    this.state = state;
    const { until } = view;
    /** Notebook shortcuts (d d deletes a cell) must not fire while keys go to the plot. */
    this.root = h("div", { class: "nbt nbt-par", data: { view: "parallel", lmSuppressShortcuts: "true" } });
    this.popover = new Popover(this.root, until);
    this.layers = new Layers(state, this.root);
    this.heads = new Heads(this);
    this.importance = new Importance(this);
    this.toolbar = new Toolbar(this);
    this.whereBar = new WhereBar(this);
    this.tooltip = new Tooltip(state, this.root);
    this.stage = h("div", { class: "nbt-par-stage" }, this.importance.strip, this.heads.el, this.layers.el);
    this.scroll = h("div", { class: "nbt-par-scroll" }, this.stage);
    this.notice = h("div", { class: "nbt-par-notice", role: "status", hidden: true });
    this.empty = h("div", { class: "nbt-par-empty" });
    this.spoken = h("div", { class: "nbt-par-spoken", role: "status", "aria-live": "polite" });
    this.said = h("span", { class: "nbt-par-said", role: "status" });
    if (alone) this.root.append(...filterLine(this));
    this.root.append(
      this.toolbar.el,
      this.notice,
      this.importance.line,
      this.scroll,
      this.empty,
      this.whereBar.el,
      this.spoken,
      this.tooltip.el,
    );
    this.toolbar.el.append(this.said);
    this.#watchRoom();
    this.#describe();
    listenPointer(this);
    this.root.addEventListener("keydown", (event) => this.#press(event));
  }

  #watchRoom() {
    const { until } = this.view;
    const measure = () => {
      if (this.scroll.clientWidth === 0) return;
      batch(() => {
        this.layers.room.value = this.scroll.clientWidth;
        this.layers.isMeasured.value = true;
      });
    };
    const watch = new ResizeObserver(measure);
    watch.observe(this.scroll);
    until.addEventListener("abort", () => watch.disconnect(), { once: true });
    const tellMore = () => {
      const { clientWidth, scrollLeft, scrollWidth } = this.scroll;
      this.scroll.classList.toggle("nbt-par-more", scrollWidth - clientWidth - scrollLeft > 2);
    };
    this.scroll.addEventListener("scroll", tellMore, { passive: true });
    react(until, () => {
      this.layers.room.value;
      this.stage.style.width = `${this.layers.geometry.value.width}px`;
      tellMore();
    });
  }

  #describe() {
    const { state, view } = this;
    const { until } = view;
    const { el } = this.layers;
    el.setAttribute("role", "img");
    /** @type {any} */
    let timer = null;
    until.addEventListener("abort", () => clearTimeout(timer), { once: true });
    react(until, () => {
      const text = ariaText(state);
      setAttribute(el, "aria-label", `Parallel coordinates: ${text}`);
      clearTimeout(timer); // a brush being drawn is not read out at each pixel
      timer = setTimeout(() => setText(this.spoken, text), TELL);
    });
    react(until, () => {
      this.notice.hidden = !view.kernel.gone.value;
      const again = view.kernel.inNotebook ? " Run the cell again for live ones." : "";
      setText(this.notice, `${view.kernel.farewell}: these are the runs as it last knew them.${again}`);
    });
    react(until, () => {
      const isEmpty = view.store.loaded.value && (view.base.value.length === 0 || state.shown.value.length === 0);
      this.scroll.hidden = isEmpty;
      this.empty.hidden = !isEmpty;
      if (!isEmpty) return;
      setText(
        this.empty,
        view.total.value === 0
          ? this.emptyText
          : view.base.value.length === 0
            ? "No run matches the filter. Take back a step or change the filter."
            : "No axes on view. Choose some under Axes.",
      );
    });
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.key !== "Escape" || event.defaultPrevented || this.popover.isOpen) return;
    if (!Object.keys(this.view.extents.value).length) return;
    event.preventDefault();
    event.stopPropagation();
    this.state.clear();
  }

  /** @param {import("./axes.js").Axis} axis @param {Element | DOMRect} at */
  openAxisMenu(axis, at) {
    openMenu(this.popover, axisMenu(this, axis, at), { at, label: `Axis ${axis.label}` });
  }

  /** @param {import("./axes.js").Axis} axis @param {Element | DOMRect} at @param {string} [typed] */
  openRange(axis, at, typed = "") {
    openRangeInput(this, axis, at, typed);
  }

  /** @param {string} text @param {string} done what to say */
  async copy(text, done) {
    this.say((await copyText(text, this.root)) ? done : "This page may not write to the clipboard");
  }

  /** @type {any} */
  #saying = null;

  /** @param {string} text */
  say(text) {
    setText(this.said, text);
    clearTimeout(this.#saying);
    this.#saying = setTimeout(() => setText(this.said, ""), SAID);
  }
}

/**
 * The filter and the saved views, as the table has them.
 * @param {ParallelPlot} plot
 * @returns {HTMLElement[]}
 */
function filterLine({ layers, root, view }) {
  const box = new FilterBox(/** @type {import("../run-table/state.js").TableState} */ (view), root);
  box.onLeave = () => layers.el.focus({ preventScroll: true });
  const views = new SavedViews(view, new Popover(root, view.until));
  return [h("div", { class: "nbt-par-filter" }, box.el, views.el), box.error];
}
