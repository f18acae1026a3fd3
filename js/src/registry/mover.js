// Pointing an alias at a version, after a look at what that changes. The look is taken again when somebody else moves it.

import { h, replace } from "../kit/dom.js";
import { react } from "../kit/model.js";
import { knownClass } from "./chips.js";
import { onEnter } from "./confirm.js";
import { differences } from "./differences.js";
import { messageOf } from "./state.js";

const USUAL = ["champion", "challenger"];
const STAGES = ["None", "Staging", "Production", "Archived"];
const TYPING = 250; // ms

/**
 * @param {import("./state.js").RegistryState} state
 * @param {import("../kit/popover.js").Popover} popover
 * @param {Element} at
 * @param {number} version
 */
export async function moveAlias(state, popover, at, version) {
  const open = state.open.peek();
  if (!open) return;
  const known = [
    ...new Set([...USUAL.filter((alias) => alias in open.model.aliases), ...Object.keys(open.model.aliases), ...USUAL]),
  ];
  const mover = new Mover(state, popover, version, known);
  const closing = new AbortController();
  popover.open([mover.form], {
    at,
    label: `Move to version ${version}`,
    role: "dialog",
    onClose: () => closing.abort(),
  });
  mover.alias.focus({ preventScroll: true });
  react(closing.signal, () => {
    state.open.value;
    void mover.look().then(() => !closing.signal.aborted && popover.place(at));
  });
}

class Mover {
  #asked = 0;
  /** Alias that was looked at, and what held it then. @type {{ alias: string, before: number | null } | null} */
  #seen = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

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
    const own = state.open.peek()?.versions.find((each) => each.version === version);
    this.alias = h("input", {
      class: "nbt-reg-input",
      value: known.find((alias) => !own?.aliases.includes(alias)) ?? known[0],
      "aria-label": "Alias",
      placeholder: "Alias, such as champion",
      spellcheck: "false",
      on: {
        input: () => {
          clearTimeout(this.#timer);
          this.#timer = setTimeout(() => void this.look(), TYPING);
        },
      },
    });
    const choices = known.map((alias) =>
      h(
        "button",
        { class: `nbt-reg-alias${knownClass(alias)}`, type: "button", on: { click: () => this.#choose(alias) } },
        `@${alias}`,
      ),
    );
    this.why = h("input", {
      class: "nbt-reg-input",
      placeholder: "Why? It stands in the history.",
      "aria-label": "Comment",
    });
    this.about = h("div", { class: "nbt-reg-about", "aria-live": "polite" });
    this.said = h("p", { class: "nbt-reg-problem", role: "alert" });
    this.force = h("input", { type: "checkbox" });
    this.forced = h("label", { hidden: true }, this.force, " Move it although a gate does not hold (say why)");
    this.button = h("button", { class: "nbt-button nbt-reg-do", type: "button" }, "Move");
    this.stage = h(
      "select",
      { class: "nbt-reg-input", "aria-label": "Stage" },
      ...STAGES.map((stage) => h("option", {}, stage)),
    );
    this.stage.value = own?.stage ?? "None";
    this.archive = h("input", { type: "checkbox" });
    this.form = h(
      "div",
      { class: "nbt-reg-confirm" },
      h("strong", {}, `Point an alias at version ${version}`),
      h("span", { class: "nbt-reg-chips" }, ...choices),
      this.alias,
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

  get #name() {
    return this.alias.value.trim().replace(/^@/, "");
  }

  /** @param {string} alias */
  #choose(alias) {
    this.alias.value = alias;
    this.why.focus({ preventScroll: true });
    void this.look();
  }

  /** Say what the alias stands for now, how this version differs, and whether its gates hold. */
  async look() {
    const alias = this.#name;
    this.#asked += 1;
    const asked = this.#asked;
    this.button.disabled = !alias;
    if (!alias) return;
    try {
      const { content } = await this.state.kernel.ask({
        what: "model-move",
        name: this.state.name.peek(),
        version: this.version,
        alias,
      });
      if (asked === this.#asked) this.#show(content);
    } catch (cause) {
      if (asked === this.#asked) replace(this.about, h("p", { class: "nbt-reg-problem" }, messageOf(cause)));
    }
  }

  /** @param {any} found */
  #show({ before, verdicts, metrics, params, alias }) {
    const isHere = before === this.version;
    const isOther = this.#seen?.alias === alias && this.#seen?.before !== before;
    this.#seen = { alias, before };
    this.forced.hidden = verdicts.every((/** @type {any} */ verdict) => verdict.holds);
    this.button.disabled = isHere;
    replace(
      this.about,
      isOther ? h("p", { class: "nbt-reg-problem" }, "Somebody else has just moved it.") : null,
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
      ...verdicts.map(verdictLine),
    );
  }

  /** What was not looked at is looked at first; Enter once more moves it. */
  async #move() {
    const alias = this.#name;
    if (this.#seen?.alias !== alias) return this.look();
    this.button.disabled = true;
    const problem = await this.state.change({
      do: "alias",
      alias,
      version: this.version,
      seen: this.#seen.before,
      comment: this.why.value.trim(),
      force: this.force.checked,
    });
    this.button.disabled = false;
    this.#finish(problem);
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

/** @param {{ holds: boolean, gate: string, reasons: string[] }} verdict */
export function verdictLine({ holds, gate, reasons }) {
  return h(
    "p",
    { class: holds ? "nbt-reg-holds" : "nbt-reg-problem" },
    `${holds ? "✓" : "✗"} ${gate}`,
    h(
      "small",
      {},
      reasons.map((reason) => (reason.startsWith(gate) ? reason.slice(gate.length) : ` ${reason}`)).join("; "),
    ),
  );
}
