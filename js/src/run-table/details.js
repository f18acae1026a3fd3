// Everything about one run, beside the table.

import { h, icon, replace } from "../kit/dom.js";
import { formatDate, formatDuration, formatNumber } from "../kit/format.js";
import { react } from "../kit/model.js";
import { byKey, isSystemTag, NOTE } from "../runs/catalog.js";
import { chip } from "./cells.js";
import { staleList } from "./stale.js";
import { secondsOf, statusText } from "./texts.js";

/**
 * @typedef {import("./state.js").TableState} TableState
 * @typedef {import("./table.js").RunTable} RunTable
 */

export class Details {
  /** @param {RunTable} table */
  constructor(table) {
    this.table = table;
    const { state } = table;
    this.el = h("aside", { class: "nbt-details", "aria-label": "Run details", tabindex: -1 });
    this.el.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      event.stopPropagation();
      this.close();
    });
    react(state.until, () => {
      const runId = state.details.value;
      state.store.revision.value;
      table.stale.revision.value;
      this.el.hidden = runId === null;
      table.root.classList.toggle("nbt-with-details", runId !== null);
      if (runId !== null && table.grid.isSeen) this.#draw(runId);
    });
  }

  close() {
    this.table.state.details.value = null;
    this.table.grid.el.focus({ preventScroll: true });
  }

  /** @param {string} runId */
  #draw(runId) {
    const { state } = this.table;
    const row = state.store.rowOf.get(runId);
    const keep = this.el.querySelector(".nbt-details-body")?.scrollTop ?? 0;
    if (row === undefined) {
      replace(this.el, this.#head("Run", runId, false), h("p", { class: "nbt-faint" }, "This run is gone."));
      return;
    }
    const name = state.store.text("name", row) || runId.slice(0, 8);
    const deleted = state.store.text("lifecycle_stage", row) === "deleted";
    const body = h(
      "div",
      { class: "nbt-details-body", tabindex: 0, role: "region", "aria-label": `Details of ${name}` },
      this.#facts(row),
      staleList(this.table.stale.of(runId)),
      this.#error(row),
      this.#note(runId, row),
      this.#tags(runId, row),
      this.#metrics(row),
      this.#params(row),
      this.#system(row),
    );
    replace(this.el, this.#head(name, runId, deleted), body);
    body.scrollTop = keep;
  }

  /** @param {string} name @param {string} runId @param {boolean} deleted */
  #head(name, runId, deleted) {
    const { edits } = this.table;
    const button = (
      /** @type {string} */ label,
      /** @type {Parameters<typeof icon>[0]} */ picture,
      /** @type {() => void} */ act,
    ) =>
      h(
        "button",
        { class: "nbt-quiet", type: "button", "aria-label": label, title: label, on: { click: act } },
        icon(picture),
      );
    return h(
      "header",
      { class: "nbt-details-head" },
      h("strong", { class: "nbt-label", title: name }, name),
      button("Copy the run id", "copy", () => this.table.copy(runId, "Run id copied")),
      deleted
        ? button("Restore", "restore", () => edits.restore([runId]))
        : button("Move to the trash", "trash", () => this.table.remove([runId])),
      button("Close", "close", () => this.close()),
    );
  }

  /** @param {number} row */
  #facts(row) {
    const { state } = this.table;
    const { store } = state;
    const start = store.number("start_time", row);
    const seconds = secondsOf(state, row);
    const number = store.number("number", row);
    const lost = store.number("lost", row) ?? 0;
    const status = store.text("status", row);
    const parent = store.text("parent_run_id", row);
    return h(
      "dl",
      { class: "nbt-facts" },
      ...fact(
        "Status",
        h("span", {}, h("span", { class: "nbt-dot", data: { status: status ?? "" } }), statusText(status)),
      ),
      ...fact("Number", number === null ? "" : `#${number}`),
      ...fact("Experiment", store.text("experiment", row)),
      ...fact("Started", start === null ? "" : formatDate(start)),
      ...fact("Duration", seconds === null ? "" : formatDuration(seconds)),
      ...fact("User", store.text("user_id", row)),
      ...fact("Parent", parent && this.#link(parent)),
      ...fact("Lost records", lost ? String(lost) : ""),
      ...fact("Run id", h("code", {}, store.idAt(row))),
    );
  }

  /** @param {string} runId */
  #link(runId) {
    const { state } = this.table;
    const name = state.store.text("name", state.store.rowOf.get(runId) ?? -1) ?? runId.slice(0, 8);
    return h(
      "button",
      { class: "nbt-plain", type: "button", on: { click: () => this.table.openDetails(runId) } },
      name,
    );
  }

  /** @param {number} row */
  #error(row) {
    const text = this.table.state.store.text("tags.nbtrack.error", row);
    return text
      ? h("pre", { class: "nbt-error-text", tabindex: 0, role: "region", "aria-label": "Error" }, text)
      : null;
  }

  /** @param {string} runId @param {number} row */
  #note(runId, row) {
    const text = this.table.state.store.text(NOTE, row) ?? "";
    const edit = h("button", { class: "nbt-plain", type: "button" }, text ? "edit" : "add a note");
    edit.addEventListener("click", () => this.table.editNote([runId], edit));
    return section("Note", edit, text ? h("p", { class: "nbt-note-text" }, text) : null);
  }

  /** @param {string} runId @param {number} row */
  #tags(runId, row) {
    const { state } = this.table;
    const chips = state.tagKeys.value.flatMap((key) => {
      const value = state.store.text(`tags.${key}`, row);
      return value === null ? [] : [chip({ key, value })];
    });
    const edit = h("button", { class: "nbt-plain", type: "button" }, chips.length ? "edit" : "add a tag");
    edit.addEventListener("click", () => this.table.editTags([runId], edit));
    return section("Tags", edit, chips.length ? h("p", {}, chips) : null);
  }

  /** @param {number} row */
  #metrics(row) {
    const { state } = this.table;
    const rows = [];
    for (const field of state.catalog.value.values()) {
      if (field.kind !== "metric") continue;
      const [last, min, max] = ["last", "min", "max"].map((stat) =>
        state.store.number(`metrics.${field.key}.${stat}`, row),
      );
      if (last === null || last === undefined) continue;
      const { goal } = state.goalOf(field.key);
      const text = (/** @type {number | null | undefined} */ value) =>
        value === null || value === undefined ? "" : formatNumber(value);
      rows.push(
        h(
          "tr",
          {},
          h("th", { scope: "row", title: field.key }, field.key),
          h("td", {}, text(last)),
          h("td", { class: goal === "min" ? "nbt-wanted" : "" }, text(min)),
          h("td", { class: goal === "max" ? "nbt-wanted" : "" }, text(max)),
        ),
      );
    }
    if (!rows.length) return null;
    const head = h(
      "tr",
      {},
      h("th", { scope: "col" }, "Metrics"),
      ...["last", "min", "max"].map((stat) => h("th", { scope: "col" }, stat)),
    );
    return h("table", { class: "nbt-numbers" }, h("thead", {}, head), h("tbody", {}, rows));
  }

  /** Params that differ between runs come first. @param {number} row */
  #params(row) {
    const { state } = this.table;
    const same = new Set(state.constants.value.map(({ field }) => field.id));
    const params = [...state.catalog.value.values()].filter(
      (field) => field.kind === "param" && state.store.text(field.source, row) !== null,
    );
    params.sort((a, b) => Number(same.has(a.id)) - Number(same.has(b.id)) || byKey(a.key, b.key));
    if (!params.length) return null;
    return section(
      "Params",
      null,
      h(
        "dl",
        { class: "nbt-facts" },
        params.flatMap((field) => fact(field.key, state.store.text(field.source, row), same.has(field.id))),
      ),
    );
  }

  /** Tags that MLflow and nbtrack set themselves. @param {number} row */
  #system(row) {
    const { store } = this.table.state;
    const facts = [...store.columns.values()]
      .filter(
        ({ group, key, id }) => group === "tags" && isSystemTag(key) && id !== NOTE && id !== "tags.nbtrack.error",
      )
      .sort((a, b) => byKey(a.key, b.key))
      .flatMap(({ id, key }) => fact(key, store.text(id, row), true));
    if (!facts.length) return null;
    return h(
      "details",
      { class: "nbt-section" },
      h("summary", {}, "Recorded by nbtrack"),
      h("dl", { class: "nbt-facts" }, facts),
    );
  }
}

/**
 * @param {string} label
 * @param {string | Node | null} value
 * @param {boolean} [quiet]
 */
function fact(label, value, quiet = false) {
  if (value === null || value === "") return [];
  return [h("dt", { title: label }, label), h("dd", { class: quiet ? "nbt-same" : null }, value)];
}

/** @param {string} title @param {Node | null} action @param {Node | null} content */
function section(title, action, content) {
  return h("section", { class: "nbt-section" }, h("h4", {}, title, action), content);
}
