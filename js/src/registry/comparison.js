// Two picked versions side by side.

import { h, replace } from "../kit/dom.js";
import { react } from "../kit/model.js";
import { differences } from "./differences.js";

export class Comparison {
  #asked = 0;

  /**
   * @param {import("./state.js").RegistryState} state
   * @param {AbortSignal} until
   */
  constructor(state, until) {
    this.state = state;
    this.root = h("section", { class: "nbt-reg-comparison", hidden: true, "aria-label": "Comparison of versions" });
    react(until, () => {
      state.open.value;
      void this.#show([...state.picked.value].sort((a, b) => a - b));
    });
  }

  /** @param {number[]} picked */
  async #show(picked) {
    this.#asked += 1;
    const asked = this.#asked;
    this.root.hidden = picked.length === 0;
    const [from, to] = picked;
    if (from === undefined) return;
    if (to === undefined) {
      replace(this.root, h("p", { class: "nbt-reg-quiet" }, "Pick another version to compare it with."));
      return;
    }
    try {
      const { content } = await this.state.kernel.ask({
        what: "model-move",
        name: this.state.name.peek(),
        version: to,
        to: from,
      });
      if (asked !== this.#asked) return;
      const clear = h(
        "button",
        { class: "nbt-plain", type: "button", on: { click: () => this.state.unpick() } },
        "Clear",
      );
      replace(this.root, h("h4", {}, `Version ${from} and version ${to} `, clear), differences(content, from, to));
    } catch (cause) {
      if (asked === this.#asked) replace(this.root, h("p", { class: "nbt-reg-problem" }, this.state.why(cause)));
    }
  }
}
