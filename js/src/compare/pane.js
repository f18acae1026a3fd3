// Below the table: one row of two runs in full. Texts, pictures, tables, JSON and notebooks each in their own way.

import { h, icon, replace } from "../kit/dom.js";
import { react } from "../kit/model.js";
import { fileKind, textOf } from "./files.js";
import { ImageView } from "./image-view.js";
import { jsonDiffView } from "./json-view.js";
import { notebookDiffView } from "./notebook-view.js";
import { tableDiffView } from "./table-view.js";
import { textDiffView } from "./text-view.js";
import { equal, sizeText } from "./values.js";

/**
 * @typedef {import("./compare.js").Compare} Compare
 * @typedef {import("./data.js").Row} Row
 * @typedef {import("./files.js").Fetched} Fetched
 */

const MOST_PICTURES = 24;

export class Pane {
  #turn = 0;
  #shown = "";
  #closing = new AbortController();
  /** @type {string[]} */
  #urls = [];

  /** @param {Compare} compare */
  constructor(compare) {
    this.compare = compare;
    const { state } = compare;
    /** @type {"split" | "unified"} */
    this.layout = "split";
    this.asText = false;
    this.title = h("b", { class: "nbt-cmp-pane-title" });
    this.choices = h("span", { class: "nbt-cmp-pane-tools" });
    this.body = h("div", { class: "nbt-cmp-pane-body" });
    const close = h(
      "button",
      {
        class: "nbt-plain",
        type: "button",
        "aria-label": "Close",
        title: "Close (Esc)",
        on: { click: () => compare.closePane() },
      },
      icon("close", 12),
    );
    this.el = h(
      "section",
      { class: "nbt-cmp-pane", "aria-label": "Both runs in full", hidden: true },
      h("header", { class: "nbt-cmp-pane-head" }, this.title, this.choices, close),
      this.body,
    );
    react(state.until, () => this.#follow());
    state.until.addEventListener("abort", () => this.#clear(), { once: true });
  }

  #clear() {
    this.#closing.abort();
    this.#closing = new AbortController();
    for (const url of this.#urls.splice(0)) URL.revokeObjectURL(url);
  }

  #follow() {
    const { state } = this.compare;
    const pane = state.pane.value;
    state.data.revision.value;
    const base = state.base.value;
    const runs = state.runs.value;
    const row = pane ? state.row(pane.id) : undefined;
    this.el.hidden = !row;
    if (!pane || !row) {
      this.#shown = "";
      this.#clear();
      return;
    }
    const run = runs.includes(pane.run) ? pane.run : base;
    const other = run === base ? (runs.find((each) => each !== base) ?? base) : run;
    const values = runs.map((each) => `${each}=${row.value(each)}`);
    const shown = [row.id, base, other, ...values].join("\n");
    if (shown === this.#shown) return; // a live run that logs elsewhere leaves it alone
    this.#shown = shown;
    this.draw(row, base, other);
  }

  /**
   * @param {Row} row
   * @param {string} base
   * @param {string} run
   * @param {boolean} [keeps] what is there until the new has come
   */
  draw(row, base, run, keeps = false) {
    this.#clear();
    this.#turn += 1;
    const turn = this.#turn;
    replace(this.title, row.key);
    this.#tools(row, base, run);
    if (!keeps) replace(this.body, h("p", { class: "nbt-cmp-note" }, "Loading …"));
    this.#content(row, base, run).then(
      (el) => turn === this.#turn && replace(this.body, el),
      (cause) => turn === this.#turn && replace(this.body, this.#sorry(cause)),
    );
  }

  /** @param {Error} cause */
  #sorry(cause) {
    const offline = this.compare.state.kernel.offline;
    const said = offline
      ? "This page does not hold the file: open the comparison in a notebook to see it."
      : cause.message;
    return h("p", { class: "nbt-cmp-note", role: offline ? null : "alert" }, said);
  }

  /** @param {Row} row @param {string} base @param {string} run */
  #tools(row, base, run) {
    const { state } = this.compare;
    const { data } = state;
    const chooser = h(
      "select",
      {
        class: "nbt-cmp-select",
        "aria-label": "Run beside the base",
        on: {
          change: () => {
            state.pane.value = { id: row.id, run: chooser.value };
          },
        },
      },
      state.runs.value
        .filter((each) => each !== base)
        .map((each) => h("option", { value: each, selected: each === run }, data.label(each))),
    );
    const button = (/** @type {string} */ label, /** @type {boolean} */ on, /** @type {() => void} */ act) =>
      h(
        "button",
        {
          class: `nbt-cmp-chip${on ? " nbt-on" : ""}`,
          type: "button",
          "aria-pressed": String(on),
          on: {
            click: () => {
              act();
              this.draw(row, base, run, true);
            },
          },
        },
        label,
      );
    const kind = row.kind === "text" ? "text" : fileKind(row.mime);
    const canBeText = kind === "json" || kind === "notebook" || (kind === "table" && !row.mime.includes("parquet"));
    const lays = kind === "text" || kind === "notebook" || (canBeText && this.asText);
    replace(
      this.choices,
      h("span", {}, `${data.label(base)} → `),
      state.runs.value.length > 2 ? chooser : h("span", {}, data.label(run)),
      lays ? button("Side by side", this.layout === "split", () => (this.layout = "split")) : null,
      lays ? button("Unified", this.layout === "unified", () => (this.layout = "unified")) : null,
      canBeText ? button("As text", this.asText, () => (this.asText = !this.asText)) : null,
    );
  }

  /** @param {Row} row @param {string} base @param {string} run @returns {Promise<Node>} */
  async #content(row, base, run) {
    if (row.kind === "text")
      return textDiffView(String(row.value(base) ?? ""), String(row.value(run) ?? ""), this.layout);
    const kind = fileKind(row.mime);
    if (row.kind === "series" || kind === "image") return this.#pictures(row, base, run);
    const both = row.value(base) && row.value(run);
    if (kind === "other") return this.#facts(row, base, run);
    if (kind === "table" && both && !this.asText) return this.#table(row, base, run);
    return this.#compared(row, base, run, kind);
  }

  /** Python compares tables; a page without it shows them as texts. @param {Row} row @param {string} base @param {string} run */
  async #table(row, base, run) {
    const { kernel } = this.compare.state;
    try {
      return await tableDiffView({ kernel, runs: [base, run], path: row.key });
    } catch (cause) {
      if (!kernel.offline) throw cause;
      return this.#compared(row, base, run, "text");
    }
  }

  /**
   * @param {Row} row
   * @param {string} base
   * @param {string} run
   * @param {import("./files.js").FileKind} kind
   * @returns {Promise<Node>}
   */
  async #compared(row, base, run, kind) {
    const [before, after] = await Promise.all([this.#file(row, base), this.#file(row, run)]);
    if ([before, after].some((file) => file && (!file.bytes || !file.isText))) return this.#facts(row, base, run);
    const cut = [before, after].some((file) => file?.cut);
    const view = this.#texts(kind, before, after, [
      this.compare.state.data.label(base),
      this.compare.state.data.label(run),
    ]);
    return cut
      ? h(
          "div",
          {},
          h("p", { class: "nbt-cmp-note" }, `Only the first ${sizeText(before?.limit ?? 1e6)} are compared.`),
          view,
        )
      : view;
  }

  /**
   * @param {import("./files.js").FileKind} kind
   * @param {Fetched | null} before
   * @param {Fetched | null} after
   * @param {[string, string]} labels
   */
  #texts(kind, before, after, labels) {
    const [a, b] = [textOf(before), textOf(after)];
    if (!this.asText && before && after && (kind === "json" || kind === "notebook")) {
      try {
        const [old, now] = [JSON.parse(a), JSON.parse(b)];
        return kind === "json" ? jsonDiffView(old, now, labels) : notebookDiffView(old, now, this.layout);
      } catch {
        // not JSON after all: as text
      }
    }
    return textDiffView(a, b, this.layout);
  }

  /** @param {Row} row @param {string} run @returns {Promise<Fetched | null>} */
  #file(row, run) {
    const digest = row.value(run);
    return typeof digest === "string" ? this.compare.files.get(run, row.key, digest) : Promise.resolve(null);
  }

  /** @param {Row} row @param {string} base @param {string} run */
  #pictures(row, base, run) {
    const { data, runs } = this.compare.state;
    const order = [base, run, ...runs.value.filter((each) => each !== base && each !== run)];
    const having = order.filter((each) => row.value(each)).slice(0, MOST_PICTURES);
    const sources = having.map((each) => ({
      run: each,
      label: data.label(each),
      steps: row.steps(each).map(([step]) => step),
      url: (/** @type {number | null} */ step) => this.#url(row, each, step),
    }));
    const missing = order.filter((each) => !row.value(each)).map((each) => data.label(each));
    const same = row.value(base) && equal(row.value(base), row.value(run));
    const notes = [
      same ? "The same in both." : "",
      missing.length ? `None in ${missing.slice(0, 8).join(", ")}${missing.length > 8 ? ", …" : ""}.` : "",
    ];
    return h(
      "div",
      {},
      notes.some(Boolean) ? h("p", { class: "nbt-cmp-note" }, notes.join(" ")) : null,
      new ImageView(sources, this.#closing.signal).el,
    );
  }

  /** @param {Row} row @param {string} run @param {number | null} step */
  async #url(row, run, step) {
    const found = row.steps(run).find(([each]) => each === step);
    const path = found ? found[1] : row.key;
    const file = await this.compare.files.get(run, path, `${row.value(run)}${step ?? ""}`);
    if (!file.bytes)
      throw new Error(`The picture has ${sizeText(file.size)}; shown are up to ${sizeText(file.limit)}.`);
    const url = URL.createObjectURL(new Blob([file.bytes], { type: file.mime }));
    this.#urls.push(url);
    return url;
  }

  /** @param {Row} row @param {string} base @param {string} run */
  #facts(row, base, run) {
    const { data } = this.compare.state;
    const line = (/** @type {string} */ each) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, data.label(each)),
        h("td", {}, row.value(each) ? sizeText(row.size(each) ?? 0) : "–"),
        h("td", { class: "nbt-cmp-digest" }, String(row.value(each) ?? "")),
      );
    const same = row.value(base) && row.value(base) === row.value(run);
    return h(
      "div",
      {},
      h(
        "p",
        { class: "nbt-cmp-note" },
        same ? "The content is the same." : "This kind of file, or one so large, is compared by size and digest.",
      ),
      h("table", { class: "nbt-cmp-paths" }, h("tbody", {}, [...new Set([base, run])].map(line))),
    );
  }
}
