// What differs between the selected runs, on a board.

import { h } from "../kit/dom.js";
import { react } from "../kit/model.js";
import { StaticModel } from "../kit/static-model.js";

/** @typedef {import("../runs/view.js").RunsView} RunsView */

const MOST = 100;
const REST = 250; // ms between a change of the selection and the question

export class ComparePane {
  /** @type {any} */
  #timer = null;
  #asked = "";

  /**
   * @param {RunsView} view
   * @param {typeof import("../compare/index.js")} room
   */
  constructor(view, { Compare, CompareData, CompareState }) {
    this.view = view;
    const { kernel, until } = view;
    /** The comparison's own values: the board has none of them. */
    this.model = new StaticModel({ runs: [], base: "", compare_height: 0 });
    this.data = new CompareData();
    this.compare = new Compare(new CompareState(this.model, kernel, this.data, until));
    this.hint = h("p", { class: "nbt-pane-hint", role: "status" });
    this.root = h("div", {}, this.hint, this.compare.root);
    react(until, () => {
      const runs = view.selected.value.slice(0, MOST);
      view.store.revision.value; // a running run goes on
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#show(runs), REST);
    });
    until.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  /** @param {string[]} runs */
  async #show(runs) {
    const isEnough = runs.length > 1;
    this.compare.root.hidden = !isEnough;
    this.hint.hidden = isEnough;
    this.hint.textContent = "Select two or more runs in the table to see what differs between them.";
    if (!isEnough) return;
    const key = `${runs.join()} ${this.#seen(runs)}`;
    if (key === this.#asked) return;
    this.#asked = key;
    try {
      const { buffers } = await this.view.kernel.ask({ what: "compare", runs, base: "" });
      if (key !== this.#asked || !buffers[0]) return;
      this.data.take(buffers[0]);
      this.model.set("runs", runs);
    } catch (cause) {
      if (key !== this.#asked) return;
      this.#asked = "";
      const offline = "This page has no comparison of these runs stored.";
      this.hint.textContent = this.view.kernel.offline ? offline : /** @type {Error} */ (cause).message;
      this.hint.hidden = false;
      this.compare.root.hidden = !this.data.loaded.peek();
    }
  }

  /** Changes when one of the runs does. @param {string[]} runs */
  #seen(runs) {
    const { store } = this.view;
    return runs.map((run) => store.number("last_seen", store.rowOf.get(run) ?? -1)).join();
  }
}
