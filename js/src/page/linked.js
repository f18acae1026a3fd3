// On an exported page, the runs selected in the table are those that comparison and files show.

import { h, replace } from "../kit/dom.js";
import { RunStore } from "../kit/run-store.js";
import { labelOf } from "./links.js";

/**
 * @typedef {import("./stage.js").Placed} Placed
 * @typedef {import("./answers.js").Answers} Answers
 * @typedef {import("../kit/static-model.js").StaticModel} StaticModel
 */

const MOST = 100; // runs beside one another

/**
 * What stands above a view of single runs: how to see others.
 * @param {Placed} placed
 * @param {import("./stage.js").Stage} stage
 * @param {{ runs: Uint8Array, answers: Answers }} held
 * @returns {HTMLElement | null}
 */
export function chooser(placed, stage, { runs, answers }) {
  const model = stage.modelOf(placed);
  const table = stage.models.get("runs");
  if (placed.view === "compare" && table) return selectionOf(model, table, answers);
  if (placed.view !== "artifacts") return null;
  const store = new RunStore();
  if (runs.length) store.take(runs);
  return filesOf(model, table, store, answers);
}

/** @param {StaticModel} model @param {StaticModel} table @param {Answers} answers */
function selectionOf(model, table, answers) {
  table.on("change:selected", () => {
    const chosen = (table.get("selected") ?? []).slice(0, MOST);
    const answer = chosen.length > 1 ? answers.answer({ what: "compare", runs: chosen, base: "" }) : undefined;
    if (!answer) return;
    model.receive({ method: "custom", content: { kind: "data" } }, answer.buffers);
    model.set("base", "");
    model.set("runs", chosen);
  });
  return h("p", { class: "nbt-page-quiet" }, "Select two or more runs in the table to compare those.");
}

/** @param {StaticModel} model @param {StaticModel | undefined} table @param {RunStore} store @param {Answers} answers */
function filesOf(model, table, store, answers) {
  const stored = answers.questions("artifacts").filter(({ path }) => path === "");
  const runs = [...new Set(stored.map(({ run }) => run))];
  if (runs.length < 2) return null;
  const show = (/** @type {string} */ run) => {
    model.set("_run_title", labelOf(store, run));
    model.set("path", "");
    model.set("run_id", run);
  };
  const picker = h("select", {
    class: "nbt-ui-picker",
    "aria-label": "Run",
    on: { change: () => show(picker.value) },
  });
  const draw = () => {
    const chosen = model.get("run_id");
    replace(
      picker,
      runs.map((run) => h("option", { value: run, selected: run === chosen }, labelOf(store, run))),
    );
  };
  draw();
  model.on("change:run_id", draw);
  table?.on("change:selected", () => {
    const run = (table.get("selected") ?? []).find((/** @type {string} */ each) => runs.includes(each));
    if (run && run !== model.get("run_id")) show(run);
  });
  return picker;
}
