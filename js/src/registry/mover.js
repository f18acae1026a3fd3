// Pointing an alias at a version, after a look at what that changes.

import { h, replace } from "../kit/dom.js";
import { onEnter } from "./confirm.js";
import { differences } from "./differences.js";
import { messageOf } from "./state.js";

const USUAL = ["champion", "challenger"];
const STAGES = ["None", "Staging", "Production", "Archived"];

/**
 * @param {import("./state.js").RegistryState} state
 * @param {import("../kit/popover.js").Popover} popover
 * @param {Element} at
 * @param {number} version
 */
export async function moveAlias(state, popover, at, version) {
  const open = state.open.peek();
  if (!open) return;
  const known = [...new Set([...Object.keys(open.model.aliases), ...USUAL])];
  const mover = new Mover(state, popover, version, known);
  popover.open([mover.form], { at, label: `Move to version ${version}`, role: "dialog" });
  mover.alias.focus({ preventScroll: true });
  await mover.look();
  popover.place(at);
}

class Mover {
  /**
   * @param {import("./state.js").RegistryState} state
   * @param {import("../kit/popover.js").Popover} popover
   * @param {number} version
   * @param {string[]} known aliases
   */
  constructor(state, popover, version, known) {
    this.state = state;
    this.popover = popover;
    this.version = version;
    const list = `nbt-aliases-${Math.random().toString(36).slice(2)}`;
    this.alias = h("input", {
      class: "nbt-reg-input",
      value: known[0],
      list,
      "aria-label": "Alias",
      spellcheck: "false",
      on: { change: () => void this.look() },
    });
    this.why = h("input", {
      class: "nbt-reg-input",
      placeholder: "Why? It stands in the history.",
      "aria-label": "Comment",
    });
    this.about = h("div", { class: "nbt-reg-about", "aria-live": "polite" });
    this.said = h("p", { class: "nbt-reg-problem", role: "alert" });
    this.force = h("input", { type: "checkbox" });
    this.forced = h(
      "label",
      { hidden: true },
      this.force,
      " Move it although a gate does not hold (a comment is needed)",
    );
    this.button = h("button", { class: "nbt-button nbt-reg-do", type: "button" }, "Move");
    this.stage = h(
      "select",
      { class: "nbt-reg-input", "aria-label": "Stage" },
      ...STAGES.map((stage) => h("option", {}, stage)),
    );
    this.stage.value = state.open.peek()?.versions.find((each) => each.version === version)?.stage ?? "None";
    this.archive = h("input", { type: "checkbox" });
    this.form = h(
      "div",
      { class: "nbt-reg-confirm" },
      h("strong", {}, `Version ${version}`),
      h(
        "label",
        {},
        h("span", {}, "Alias"),
        this.alias,
        h("datalist", { id: list }, ...known.map((name) => h("option", { value: name }))),
      ),
      this.about,
      this.forced,
      this.why,
      this.said,
      h(
        "div",
        { class: "nbt-reg-buttons" },
        this.button,
        h("button", { class: "nbt-button", type: "button", on: { click: () => popover.close() } }, "Cancel"),
      ),
      h(
        "details",
        {},
        h("summary", {}, "Stage instead"),
        h("label", {}, this.stage, this.archive, " archive those that have it now"),
        h("button", { class: "nbt-button", type: "button", on: { click: () => void this.#setStage() } }, "Set stage"),
      ),
    );
    onEnter(this.form, this.button, () => this.#move());
  }

  /** Say what the alias stands for now, how this version differs, and whether its gates hold. */
  async look() {
    const alias = this.alias.value.trim();
    if (!alias) return;
    try {
      const { content } = await this.state.kernel.ask({
        what: "model-move",
        name: this.state.name.peek(),
        version: this.version,
        alias,
      });
      if (alias !== this.alias.value.trim()) return;
      this.#show(content);
    } catch (cause) {
      replace(this.about, h("p", { class: "nbt-reg-problem" }, messageOf(cause)));
    }
  }

  /** @param {any} found */
  #show({ before, verdicts, metrics, params, alias }) {
    const isHere = before === this.version;
    const broken = verdicts.filter((/** @type {any} */ verdict) => !verdict.holds);
    this.forced.hidden = broken.length === 0;
    this.button.disabled = isHere;
    replace(
      this.about,
      h(
        "p",
        {},
        isHere
          ? `@${alias} is here already.`
          : before === null
            ? `@${alias} is new.`
            : `@${alias} moves from version ${before} to ${this.version}.`,
      ),
      isHere || before === null ? null : differences({ metrics, params }, before, this.version),
      ...verdicts.map((/** @type {any} */ verdict) =>
        h(
          "p",
          { class: verdict.holds ? "nbt-reg-holds" : "nbt-reg-problem" },
          `${verdict.holds ? "✓" : "✗"} ${verdict.gate}`,
          h("small", {}, ` ${verdict.reasons.join("; ")}`),
        ),
      ),
    );
  }

  async #move() {
    const change = {
      do: "alias",
      alias: this.alias.value.trim(),
      version: this.version,
      comment: this.why.value.trim(),
      force: this.force.checked,
    };
    this.#finish(await this.state.change(change));
  }

  async #setStage() {
    const change = {
      do: "stage",
      version: this.version,
      stage: this.stage.value,
      archive: this.archive.checked,
      comment: this.why.value.trim(),
    };
    this.#finish(await this.state.change(change));
  }

  /** @param {string} problem */
  #finish(problem) {
    replace(this.said, problem);
    if (!problem) this.popover.close();
  }
}
