// Lines that say something about the whole table: what is the same everywhere, old data, nothing to show.

import { h, icon, replace } from "../kit/dom.js";
import { formatDate, plural } from "../kit/format.js";
import { react } from "../kit/model.js";

/** @typedef {import("./table.js").RunTable} RunTable */

const EXAMPLE = 'with nbtrack.start_run("baseline", params={"lr": 0.01}) as run:\n    run.log_metric("loss", 0.31)';
const MOST_CONSTANTS = 12;

export class Notices {
  /** @param {RunTable} table */
  constructor(table) {
    this.table = table;
    const { state } = table;
    this.banner = h("div", { class: "nbt-banner", role: "status" });
    this.same = h("div", { class: "nbt-same-line" });
    this.el = h("div", { class: "nbt-notices" }, this.banner, this.same);
    this.empty = h("div", { class: "nbt-empty" });
    react(state.until, () => this.#tellOld());
    react(state.until, () => this.#tellSame());
    react(state.until, () => this.#tellEmpty());
  }

  #tellOld() {
    const { kernel, store } = this.table.state;
    const { snapshot, holder } = /** @type {any} */ (store.source.value);
    const gone = kernel.gone.value;
    this.banner.hidden = !snapshot && !gone;
    if (gone) {
      replace(
        this.banner,
        h("b", {}, `${kernel.farewell}. `),
        `These are the runs as it last knew them; ${kernel.inNotebook ? "run the cell again for a live table" : "start it again to go on"}.`,
      );
      return;
    }
    if (!snapshot) return;
    const when = typeof snapshot === "number" ? ` as of ${formatDate(snapshot)}` : "";
    replace(
      this.banner,
      h("b", {}, `A snapshot${when}. `),
      `${holder ? `${holder} holds` : "Another program holds"} ${store.source.value.name || "the file"}; new runs appear here when it lets go.`,
    );
  }

  #tellSame() {
    const { state } = this.table;
    const same = state.constants.value;
    // columns that the reader chose are nobody's to hide
    const isChosen = state.columns.value !== null;
    const hidden = isChosen
      ? 0
      : same.filter(({ field }) => !state.shown.value.includes(field) && field.group === "params").length;
    this.same.hidden = same.length === 0;
    if (!same.length) return;
    const pairs = same
      .slice(0, MOST_CONSTANTS)
      .map(({ field, value }, i) => [
        i ? h("span", { class: "nbt-sep", "aria-hidden": "true" }, "·") : null,
        h(
          "span",
          { class: "nbt-pair-text" },
          `${field.group === "attributes" ? field.label.toLowerCase() : field.label} `,
          h("b", {}, value),
        ),
      ]);
    const rest = same.length > MOST_CONSTANTS ? ` and ${same.length - MOST_CONSTANTS} more` : "";
    const words = hidden === 1 ? "show the constant column" : `show the ${hidden} constant columns`;
    const show = h("button", { class: "nbt-plain", type: "button" }, words);
    show.addEventListener("click", () => {
      state.hideConstant.value = false;
      state.columns.value = null;
    });
    replace(
      this.same,
      h("span", { class: "nbt-same-list" }, "same in all runs: ", ...pairs.flat(), rest),
      hidden ? h("span", { class: "nbt-same-note" }, show) : null,
    );
  }

  #tellEmpty() {
    const { state, toolbar } = this.table;
    const { store } = state;
    store.revision.value;
    const none = state.sorted.value.length === 0;
    this.empty.hidden = !none;
    this.table.root.classList.toggle("nbt-without-runs", store.size === 0);
    if (!none) return;
    if (!store.loaded.value) {
      replace(
        this.empty,
        h("p", {}, state.kernel.offline ? "This page came without its runs." : "Waiting for the runs…"),
      );
      return;
    }
    if (store.size === 0 && state.kernel.offline) {
      replace(this.empty, h("p", {}, "This page has no runs in it."));
      return;
    }
    if (store.size === 0) {
      const copy = h(
        "button",
        { class: "nbt-button", type: "button", on: { click: () => this.table.copy(EXAMPLE, "Copied") } },
        icon("copy"),
        "Copy",
      );
      replace(
        this.empty,
        h("p", {}, h("b", {}, "No runs yet. "), "Two lines record one; it appears here while it runs."),
        h("pre", {}, EXAMPLE),
        copy,
      );
      return;
    }
    if (state.filter.value.trim()) {
      const clear = h(
        "button",
        { class: "nbt-button", type: "button", on: { click: () => toolbar.filter.set("") } },
        icon("close"),
        "Clear the filter",
      );
      replace(
        this.empty,
        h("p", {}, h("b", {}, "No run matches. "), `${plural(state.total.value, "run")} without the filter.`),
        clear,
      );
      return;
    }
    const show = h("button", { class: "nbt-button", type: "button" }, icon("trash"), "Show the trash");
    show.addEventListener("click", () => {
      state.showDeleted.value = true;
    });
    replace(this.empty, h("p", {}, h("b", {}, "All runs are in the trash.")), show);
  }
}
