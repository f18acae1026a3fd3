// An exported file: no kernel, no network; runs and answers stand in the page as base64.

import { h } from "../kit/dom.js";
import { Answers, storedAnswers } from "./answers.js";
import { chooser } from "./linked.js";
import { openParcel, storedBytes } from "./parcel.js";
import { PageModel, Stage } from "./stage.js";

/** @typedef {import("./stage.js").Placed} Placed */

/**
 * What the page holds: the runs as a table blob, and answers.
 * @param {Document} document
 */
export async function stored(document) {
  const [runs, ...parcels] = await Promise.all(
    [document.getElementById("nbt-runs"), ...document.querySelectorAll("[data-nbt-answers]")].map(storedBytes),
  );
  const table = runs ?? new Uint8Array();
  const answers = new Answers(
    parcels.flatMap((bytes) => storedAnswers(openParcel(bytes))),
    table,
  );
  return { runs: table, answers };
}

/**
 * Models without anybody behind them. Runs go to the views of runs; a comparison asks for its own data.
 * @param {import("./stage.js").Load} load
 * @param {{ runs: Uint8Array, answers: Answers }} held
 */
export function stageOf(load, { runs, answers }) {
  return new Stage(
    load,
    (group, state) =>
      new PageModel(group === "runs" ? { ...state, _data: runs } : state, (question) => answers.answer(question)),
  );
}

/**
 * @param {{ views: Placed[] }} page
 * @param {HTMLElement} root
 * @param {import("./stage.js").Load} load
 */
export async function openExport(page, root, load) {
  const held = await stored(root.ownerDocument);
  const stage = stageOf(load, held);
  for (const placed of page.views) stage.modelOf(placed); // every view's state is there before the first one reads it
  const sections = page.views.map((placed) =>
    h(
      "section",
      { class: "nbt-page-section", "aria-label": placed.title || placed.view },
      placed.title ? h("h2", {}, placed.title) : null,
      chooser(placed, stage, held),
      stage.mount(placed),
    ),
  );
  root.replaceChildren(...sections);
  return stage;
}

export { openExport as open };
