// What was kept, excluded and brushed: as chips to take away, and as the condition it is, to use elsewhere.

import { h, icon, replace, setText } from "../kit/dom.js";
import { plural } from "../kit/format.js";
import { react } from "../kit/model.js";
import { canWriteCell, runSearch, sqlOfRuns, usedTexts, writeCell } from "./cell.js";
import { brushList } from "./texts.js";

/** @typedef {import("./parallel.js").ParallelPlot} ParallelPlot */

export class WhereBar {
  /** @param {ParallelPlot} plot */
  constructor(plot) {
    this.plot = plot;
    const { view } = plot;
    this.chips = h("div", { class: "nbt-par-chips", role: "list", "aria-label": "Steps and brushes" });
    this.text = h("code", {
      class: "nbt-par-where",
      tabindex: 0,
      role: "textbox",
      "aria-readonly": "true",
      "aria-label": "Filter",
    });
    const button = (/** @type {string} */ label, /** @type {string} */ title, /** @type {() => void} */ act) =>
      h("button", { class: "nbt-plain", type: "button", title, on: { click: act } }, label);
    const tools = [
      button("Copy filter", "The filter, for search_runs and the table", () =>
        plot.copy(view.where.value, "Filter copied"),
      ),
      button("Copy SQL", "The query, for nbtrack.sql", () => this.#copySql()),
      button(canWriteCell() ? "Insert cell" : "Copy as code", "These runs as a DataFrame", () => this.#insert()),
    ];
    this.line = h("div", { class: "nbt-par-line" }, this.text, h("span", { class: "nbt-par-tools" }, tools));
    this.el = h("div", { class: "nbt-par-foot" }, this.chips, this.line);
    react(view.until, () => this.#draw());
  }

  #draw() {
    const { state, view } = this.plot;
    const where = view.where.value;
    this.line.hidden = where === "";
    setText(this.text, where);
    const steps = view.steps.value.map((step, i) =>
      chip(step.op === "keep" ? "kept" : "excluded", stepWords(state, step), () => {
        view.steps.value = view.steps.value.filter((_, at) => at !== i);
      }),
    );
    const brushes = brushList(state).map(({ column, isOnView, label, words }) =>
      chip(isOnView ? "" : "no axis:", `${label} ${words}`, () => state.unbrush(column)),
    );
    replace(this.chips, ...steps, ...brushes);
    this.chips.hidden = !steps.length && !brushes.length;
  }

  async #copySql() {
    const { plot } = this;
    const { view } = plot;
    if (view.kernel.offline) {
      await plot.copy(sqlOfRuns(view), "SQL copied");
      return;
    }
    try {
      const question = {
        what: "run-sql",
        where: view.where.value,
        deleted: view.showDeleted.value,
        experiments: usedTexts(view.store, "experiment_id"),
      };
      const { content } = await view.kernel.ask(question);
      await plot.copy(content.sql, "SQL copied");
    } catch (cause) {
      plot.say(cause instanceof Error ? cause.message : String(cause));
    }
  }

  async #insert() {
    const { plot } = this;
    const code = runSearch(plot.view);
    if (await writeCell(code)) plot.say("A cell was inserted below");
    else await plot.copy(code, "Code copied: paste it into a cell");
  }
}

/**
 * @param {import("./state.js").ParallelState} state
 * @param {import("../runs/where.js").Step} step
 */
function stepWords(state, { extents, runs }) {
  if (runs) return plural(runs.length, "run");
  return brushList(state, extents ?? {})
    .map(({ label, words }) => `${label} ${words}`)
    .join(" and ");
}

/**
 * @param {string} verb
 * @param {string} text
 * @param {() => void} away
 */
function chip(verb, text, away) {
  return h(
    "span",
    { class: "nbt-par-chip", role: "listitem" },
    verb ? h("b", {}, verb) : null,
    h("span", { class: "nbt-label", title: text }, text),
    h("button", { type: "button", "aria-label": `Take back: ${verb} ${text}`, on: { click: away } }, icon("close", 10)),
  );
}
