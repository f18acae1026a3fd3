// A table a page at a time: sorted by DuckDB in Python, with a profile of each column over its head.

import { h, icon, replace } from "../../kit/dom.js";
import { formatCount, numberFormat, plural } from "../../kit/format.js";
import { drawJson } from "./json.js";
import { messageOf, short } from "./parts.js";

/** Above this, distinct values are estimated. */
const ABOUT = 200;
const SVG = "http://www.w3.org/2000/svg";

/** @param {import("../preview.js").Look} look */
export function drawTable(look) {
  return new TableView(look).root;
}

class TableView {
  /** @param {import("../preview.js").Look} look */
  constructor(look) {
    const { facts } = look;
    this.look = look;
    this.columns = facts.columns;
    this.page = facts.page;
    this.offset = 0;
    /** @type {number | null} */
    this.sort = null;
    this.descending = false;
    this.busy = 0;
    /** The order of the rows on view. @type {{ sort: number | null, descending: boolean }} */
    this.shown = { sort: null, descending: false };
    this.body = h("tbody");
    this.heads = this.columns.map((/** @type {any} */ column, /** @type {number} */ index) =>
      this.#head(column, index),
    );
    this.table = h(
      "table",
      { class: "nbt-data", "aria-label": "Rows", "aria-rowcount": facts.n_rows ?? -1 },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { class: "nbt-data-number", scope: "col" }, h("span", { class: "nbt-sr" }, "Row")),
          this.heads,
        ),
      ),
      this.body,
    );
    this.where = h("span", { role: "status" });
    const button = (
      /** @type {string} */ label,
      /** @type {"left" | "right"} */ picture,
      /** @type {() => void} */ act,
    ) =>
      h(
        "button",
        { class: "nbt-button nbt-look-button", type: "button", "aria-label": label, title: label, on: { click: act } },
        icon(picture),
      );
    this.back = button("Earlier rows", "left", () => this.go(this.offset - this.page));
    this.on = button("Later rows", "right", () => this.go(this.offset + this.page));
    this.foot = h("div", { class: "nbt-data-foot" }, this.back, this.on, this.where, this.#tree());
    this.root = h(
      "div",
      { class: "nbt-data-view" },
      h("div", { class: "nbt-data-scroll", tabindex: 0, role: "region", "aria-label": "Table" }, this.table),
      this.foot,
    );
    this.#show(facts.rows, 0);
  }

  /** Records of a JSON file are a tree as well. */
  #tree() {
    const { look } = this;
    if (look.facts.mime !== "application/json" || look.offline) return null;
    const show = async () => {
      try {
        const { content } = await look.ask({ at: [] });
        replace(this.root, h("div", { class: "nbt-data-scroll" }, drawJson({ ...look, facts: content })));
      } catch (cause) {
        look.say(messageOf(cause));
      }
    };
    return h("button", { class: "nbt-button nbt-look-button", type: "button", on: { click: show } }, "As a tree");
  }

  /** @param {number} offset */
  go(offset) {
    return this.#fetch(Math.max(0, offset), this.sort, this.descending);
  }

  /** Ascending, descending, as in the file. @param {number} index */
  sortBy(index) {
    if (this.sort !== index) return this.#fetch(0, index, false);
    return this.descending ? this.#fetch(0, null, false) : this.#fetch(0, index, true);
  }

  /**
   * The order holds from now on, also for a click that comes before the rows do; it goes back when they cannot be had.
   * @param {number} offset
   * @param {number | null} sort
   * @param {boolean} descending
   */
  async #fetch(offset, sort, descending) {
    this.busy += 1;
    const mine = this.busy;
    const before = this.shown;
    this.sort = sort;
    this.descending = descending;
    this.root.classList.add("nbt-busy");
    try {
      const order = sort === null ? {} : { sort, descending };
      const { content } = await this.look.ask({ offset, limit: this.page, ...order });
      if (mine === this.busy) this.#show(content.rows, offset);
    } catch (cause) {
      if (mine !== this.busy) return;
      ({ sort: this.sort, descending: this.descending } = before);
      this.look.say(this.look.offline ? "More rows are not in this page." : messageOf(cause));
    } finally {
      if (mine === this.busy) this.root.classList.remove("nbt-busy");
    }
  }

  /** @param {any[][]} rows @param {number} offset */
  #show(rows, offset) {
    this.offset = offset;
    replace(
      this.body,
      rows.map((row, index) => this.#row(row, offset + index)),
    );
    const { n_rows: known, n_columns: columns } = this.look.facts;
    const last = offset + rows.length;
    const total = known === null ? "many" : formatCount(known);
    const range = rows.length ? `Rows ${formatCount(offset + 1)}–${formatCount(last)} of ${total}` : `${total} rows`;
    this.where.textContent = `${range}, ${plural(columns, "column")}`;
    this.back.disabled = offset === 0;
    this.on.disabled = known === null ? rows.length < this.page : last >= known;
    for (const [index, head] of this.heads.entries()) {
      const order = index !== this.sort ? "none" : this.descending ? "descending" : "ascending";
      head.setAttribute("aria-sort", order);
    }
  }

  /** @param {any[]} row @param {number} number */
  #row(row, number) {
    const cells = row.map((value, index) => this.#cell(value, this.columns[index]));
    return h("tr", {}, h("td", { class: "nbt-data-number" }, formatCount(number + 1)), cells);
  }

  /** One format a column, so that its decimal points stand under each other. @param {any} column @returns {(value: number) => string} */
  format(column) {
    column.format ??= /INT|BOOL/.test(column.type)
      ? String
      : numberFormat(Number(column.min), Number(column.max), false);
    return column.format;
  }

  /** @param {any} value @param {any} column */
  #cell(value, column) {
    const side = column.numeric ? "nbt-right" : null;
    if (value === null) return h("td", { class: `nbt-data-null ${side ?? ""}` }, "null");
    const text = column.numeric && typeof value === "number" ? this.format(column)(value) : String(value);
    return h("td", { class: side, title: text.length > 24 || typeof value === "number" ? String(value) : null }, text);
  }

  /** @param {any} column @param {number} index */
  #head(column, index) {
    const known = (this.look.facts.n_rows ?? Number.POSITIVE_INFINITY) > 0;
    const nulls = column.nulls ? `${formatCount(column.nulls)} null` : "";
    const range = column.numeric
      ? `${short(column.min)} – ${short(column.max)}`
      : `${column.distinct > ABOUT ? "≈\u202f" : ""}${formatCount(column.distinct)} distinct`;
    return h(
      "th",
      { class: column.numeric ? "nbt-right" : null, scope: "col", "aria-sort": "none" },
      h(
        "button",
        {
          class: "nbt-data-sort",
          type: "button",
          title: `${column.name}: ${column.type}\n${column.min ?? ""} – ${column.max ?? ""}\n${nulls || "no nulls"}`,
          on: { click: () => void this.sortBy(index) },
        },
        h("span", { class: "nbt-data-name" }, column.name, h("i", { class: "nbt-data-arrow", "aria-hidden": "true" })),
        h("span", { class: "nbt-data-type" }, column.type.toLowerCase(), nulls ? h("em", {}, nulls) : null),
        column.bins ? histogram(column.bins) : h("span", { class: "nbt-data-bars" }),
        known ? h("span", { class: "nbt-data-range" }, range) : null,
      ),
    );
  }
}

/** Bars of a distribution, 100 x 20. @param {number[]} bins @returns {SVGElement} */
export function histogram(bins) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  const most = Math.max(...bins, 1);
  const width = 100 / bins.length;
  const bars = bins.map((count, index) => {
    const tall = count ? Math.max(1, (count / most) * 20) : 0;
    return `M${(index * width).toFixed(1)},20v${(-tall).toFixed(1)}h${(width - 0.6).toFixed(1)}v${tall.toFixed(1)}z`;
  });
  svg.setAttribute("class", "nbt-data-bars");
  svg.setAttribute("viewBox", "0 0 100 20");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", bars.join(""));
  svg.append(path);
  return svg;
}
