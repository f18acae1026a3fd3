// Curves of many runs: their parts put together, and what they ask of each other.

import { h } from "../kit/dom.js";
import { react } from "../kit/model.js";
import { Popover } from "../kit/popover.js";
import { watchSeen } from "../kit/seen.js";
import { Charts } from "./charts.js";
import { Histories } from "./histories.js";
import { legend } from "./legend.js";
import { groupsOf } from "./lines.js";
import { CurvesState } from "./state.js";
import { toolbar } from "./toolbar.js";

const STEP = 500;
const MOST_BUCKETS = 4000;

export class CurvesPlot {
  /**
   * @param {import("../runs/view.js").RunsView} view shared with whatever else shows these runs
   * @param {{ filter?: boolean }} [options] filter: with a field for it, where no table has one
   */
  constructor(view, { filter = false } = {}) {
    this.view = view;
    const { kernel, until } = view;
    this.state = new CurvesState(view);
    /** Notebook shortcuts (d d deletes a cell) must not fire while keys go to the charts. */
    this.root = h("div", { class: "nbt nbt-curves", data: { view: "curves", lmSuppressShortcuts: "true" } });
    this.popover = new Popover(this.root, until);
    this.isSeen = watchSeen(this.root, () => this.#appeared(), until);
    this.histories = new Histories(view, this.isSeen);
    this.charts = new Charts(this);
    this.quiet = h("p", { class: "nbt-quiet-line", role: "status" });
    this.root.append(toolbar(this, { filter }), legend(this), this.quiet, this.charts.el);
    react(until, () => this.#tell());
    if (!kernel.offline) {
      const watch = new ResizeObserver(() => this.fit());
      watch.observe(this.charts.el);
      until.addEventListener("abort", () => watch.disconnect(), { once: true });
    }
  }

  /** As many buckets as there are pixels, and some more; in steps, so that a scroll bar changes nothing. */
  fit() {
    const room = Math.ceil(this.charts.pixels / STEP) * STEP;
    const buckets = Math.min(MOST_BUCKETS, Math.max(this.histories.buckets, room));
    if (buckets === this.histories.buckets) return;
    this.histories.buckets = buckets;
    this.histories.revision.value += 1;
  }

  #appeared() {
    // called once before the charts are there
    this.histories?.flush();
    this.charts?.draw();
  }

  #tell() {
    const { state, view, quiet } = this;
    const trouble = this.histories.trouble.value;
    const nothing = !state.shown.value.length
      ? state.known.value.length
        ? "No metric is chosen."
        : 'No metrics yet: log one with run.log_metric("loss", 0.3, step=1).'
      : "";
    const why = view.kernel.offline
      ? trouble
        ? "Some curves were not stored in this page; zooming shows no more detail than it has."
        : ""
      : trouble;
    quiet.textContent = (view.store.loaded.value && nothing) || why;
    quiet.hidden = !quiet.textContent;
  }

  /** The line that a run belongs to. @param {string | null} run */
  groupOf(run) {
    if (run === null) return null;
    const { state, view } = this;
    if (!state.aggregateBy.value.length) return run;
    const row = view.store.rowOf.get(run);
    return groupsOf(state, state.drawn.value).find(({ rows }) => row !== undefined && rows.includes(row))?.id ?? null;
  }

  /** The run that stands for a line. @param {string} group */
  runOf(group) {
    const { state, view } = this;
    if (!state.aggregateBy.value.length) return group;
    const [row] = groupsOf(state, state.drawn.value).find(({ id }) => id === group)?.rows ?? [];
    return row === undefined ? null : view.store.idAt(row);
  }

  /**
   * A line was clicked: it is selected; with Ctrl or Shift it joins the selection.
   * @param {string} group
   * @param {MouseEvent} event
   */
  pick(group, event) {
    if (!(event.ctrlKey || event.metaKey || event.shiftKey)) return;
    const { state, view } = this;
    const rows = groupsOf(state, state.drawn.value).find(({ id }) => id === group)?.rows ?? [];
    const ids = rows.map((row) => view.store.idAt(row));
    const before = view.selected.value;
    const has = ids.every((id) => before.includes(id));
    view.selected.value = has ? before.filter((id) => !ids.includes(id)) : [...new Set([...before, ...ids])];
  }
}
