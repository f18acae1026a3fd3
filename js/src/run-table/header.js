// The two header lines: names of the column groups, then the columns with their order and direction.

import { h, icon, setAttribute } from "../kit/dom.js";
import { GUTTER } from "./layout.js";
import { isRightAligned } from "./texts.js";

/**
 * @typedef {import("./layout.js").Layout} Layout
 * @typedef {import("./layout.js").Placed} Placed
 * @typedef {import("./state.js").TableState} TableState
 */

export const BAND_HEIGHT = 20;
export const HEAD_HEIGHT = 30;
const BAND_PADDING = 22;
const STATISTICS = { last: "last", min: "min", max: "max", best: "best" };

export class Header {
  #said = "";
  /** @type {Layout | null} */
  #layout = null;
  /** @type {Placed[] | null} */
  #flow = null;
  #left = Number.NaN;

  /**
   * @param {TableState} state
   */
  constructor(state) {
    this.state = state;
    this.bandFixed = h("div", { class: "nbt-fixed", role: "presentation" });
    this.bandFlow = h("div", { class: "nbt-flow", role: "presentation" });
    this.headFixed = h("div", { class: "nbt-fixed", role: "presentation" });
    this.headFlow = h("div", { class: "nbt-flow", role: "presentation" });
    this.el = h(
      "div",
      { class: "nbt-head", role: "rowgroup" },
      h("div", { class: "nbt-bands", role: "row", "aria-rowindex": 1 }, this.bandFixed, this.bandFlow),
      h("div", { class: "nbt-heads", role: "row", "aria-rowindex": 2 }, this.headFixed, this.headFlow),
    );
  }

  /**
   * @param {Layout} layout
   * @param {Placed[]} flow columns in sight
   * @param {number} left
   */
  draw(layout, flow, left) {
    if (this.#left !== left) {
      this.#left = left;
      for (const part of [this.bandFlow, this.headFlow]) part.style.transform = `translateX(${-left}px)`;
      this.#slideBand();
    }
    // only when something in it differs: a heading that is pressed or dragged must stay the same element
    const { active, marked, order, orderBy, statistics, store } = this.state;
    const column = active.value?.line === -1 ? active.value.column : null;
    const said = JSON.stringify([
      column,
      marked.value,
      order.value,
      orderBy.value.length,
      statistics.value,
      store.goals.value,
    ]);
    if (this.#layout === layout && this.#flow === flow && this.#said === said) return;
    this.#layout = layout;
    this.#flow = flow;
    this.#said = said;
    const width = `${layout.fixedWidth}px`;
    for (const part of [this.bandFixed, this.headFixed]) part.style.width = width;
    this.headFixed.replaceChildren(this.#all(), ...layout.fixed.map((placed) => this.#head(placed, 0)));
    this.headFlow.replaceChildren(...flow.map((placed) => this.#head(placed, layout.fixedWidth)));
    this.bandFixed.replaceChildren(
      h(
        "div",
        { class: "nbt-band", role: "columnheader", "aria-colindex": 1, style: { left: "0px", width } },
        h("span", { class: "nbt-unseen" }, "run"),
      ),
    );
    this.bandFlow.replaceChildren(...bands(flow, layout.fixedWidth));
    this.#slideBand();
  }

  /** The name of a group that is cut off at the left stays in sight. */
  #slideBand() {
    if (!this.#layout) return;
    const edge = this.#left + this.#layout.fixedWidth;
    for (const child of this.bandFlow.children) {
      const band = /** @type {HTMLElement} */ (child);
      const label = /** @type {HTMLElement} */ (band.firstElementChild);
      const hidden = edge - Number.parseFloat(band.style.left);
      const room = hidden > 0 ? Number.parseFloat(band.style.width) - label.offsetWidth - BAND_PADDING : 0;
      label.style.transform = `translateX(${Math.max(0, Math.min(hidden, room))}px)`;
    }
  }

  /** The box that selects every run on view. */
  #all() {
    return h(
      "div",
      {
        class: "nbt-th nbt-gutter",
        role: "columnheader",
        "aria-colindex": 1,
        "aria-label": "Selection",
        style: { left: "0px", width: `${GUTTER}px` },
      },
      h("span", {
        class: "nbt-check",
        role: "checkbox",
        "aria-checked": this.state.marked.value,
        "aria-label": "Select all runs on view",
        data: { act: "check-all" },
      }),
    );
  }

  /**
   * @param {Placed} placed
   * @param {number} shift
   */
  #head({ field, x, width, index }, shift) {
    const { state } = this;
    const source = state.sourceOf(field);
    const place = state.order.value.findIndex(({ columnId }) => columnId === source);
    const term = state.order.value[place];
    const asked = state.orderBy.value.length > 0;
    const sort = term ? (term.desc ? "descending" : "ascending") : null;
    const active = state.active.value;
    const label = h("span", { class: "nbt-label", title: field.id }, field.label);
    const head = h(
      "div",
      {
        class: `nbt-th nbt-${field.kind}${isRightAligned(state, field) ? " nbt-right" : ""}${term && asked ? " nbt-sorted" : ""}`,
        role: "columnheader",
        "aria-colindex": index + 1,
        "aria-sort": sort && place === 0 ? sort : null,
        data: { field: field.id },
        style: { left: `${x + shift}px`, width: `${width}px` },
      },
      label,
      field.kind === "metric" ? this.#direction(field.key) : null,
      term && asked
        ? h(
            "span",
            { class: "nbt-order", role: "img", "aria-label": `sorted ${sort}` },
            icon(term.desc ? "descending" : "ascending", 10),
            state.order.value.length > 1 ? h("sup", {}, place + 1) : null,
          )
        : null,
      h(
        "button",
        {
          class: "nbt-quiet nbt-menu-button",
          type: "button",
          tabindex: -1,
          "aria-label": `Column ${field.label}: menu`,
          "aria-haspopup": "menu",
          data: { act: "column-menu" },
        },
        icon("down", 12),
      ),
      h("span", { class: "nbt-resize", data: { act: "resize" }, "aria-hidden": "true" }),
    );
    if (active?.line === -1 && active.column === index) {
      head.classList.add("nbt-active");
      setAttribute(head, "id", `${state.uid}-active`);
    }
    return head;
  }

  /** @param {string} key of a metric */
  #direction(key) {
    const { goal, stated } = this.state.goalOf(key);
    const statistic = STATISTICS[this.state.statisticOf(key)] ?? "last";
    const words = goal === "max" ? "higher is better" : goal === "min" ? "lower is better" : "";
    const title = `${statistic} value${words ? `, ${words}` : ""}${goal && !stated ? " (guessed from the name)" : ""}`;
    return h(
      "span",
      { class: `nbt-stat${stated ? "" : " nbt-guess"}`, title },
      statistic === "last" ? "" : statistic,
      goal
        ? h("span", { class: "nbt-goal", role: "img", "aria-label": words }, icon(goal === "max" ? "high" : "low", 11))
        : null,
    );
  }
}

/**
 * One heading over each stretch of columns of a group.
 * @param {Placed[]} flow
 * @param {number} shift
 */
function bands(flow, shift) {
  const found = [];
  for (let i = 0; i < flow.length; ) {
    const first = /** @type {Placed} */ (flow[i]);
    let end = i;
    while (end + 1 < flow.length && flow[end + 1]?.field.group === first.field.group) end += 1;
    const last = /** @type {Placed} */ (flow[end]);
    found.push(
      h(
        "div",
        {
          class: "nbt-band",
          role: "columnheader",
          "aria-colindex": first.index + 1,
          "aria-colspan": end - i + 1,
          data: { group: first.field.group },
          style: { left: `${first.x + shift}px`, width: `${last.x + last.width - first.x}px` },
        },
        h("span", { class: first.field.group === "attributes" ? "nbt-unseen" : null }, first.field.group),
      ),
    );
    i = end + 1;
  }
  return found;
}
