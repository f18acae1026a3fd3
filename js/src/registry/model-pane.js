// The open model: what it is, its versions, the one that is open, and what happened.

import { h, icon, replace } from "../kit/dom.js";
import { formatDate, plural } from "../kit/format.js";
import { react } from "../kit/model.js";
import { openMenu } from "../kit/popover.js";
import { Comparison } from "./comparison.js";
import { confirm } from "./confirm.js";
import { descriptionEditor, isWriting, tagEditor } from "./editors.js";
import { historyList } from "./history.js";
import { intoSight, keepingPlace } from "./keep.js";
import { moveAlias } from "./mover.js";
import { timeline } from "./timeline.js";
import { VersionPane } from "./version-pane.js";
import { markVersions, versionsTable } from "./versions.js";

export class ModelPane {
  /**
   * @param {import("./state.js").RegistryState} state
   * @param {import("../kit/popover.js").Popover} popover
   * @param {AbortSignal} until
   */
  constructor(state, popover, until) {
    this.state = state;
    this.popover = popover;
    this.head = h("div", { class: "nbt-reg-head" });
    this.gates = h("div", {});
    this.time = h("div", {});
    this.table = h("div", { class: "nbt-reg-table", tabindex: 0, role: "region", "aria-label": "Versions" });
    this.version = new VersionPane(state, popover, until);
    this.comparison = new Comparison(state, until);
    this.history = h("details", { class: "nbt-reg-history" });
    this.root = h(
      "div",
      { class: "nbt-reg-pane", hidden: true },
      this.head,
      this.gates,
      this.time,
      this.table,
      this.comparison.root,
      this.version.root,
      this.history,
    );
    react(until, () => {
      const open = state.open.value;
      this.root.hidden = open === null;
      if (!open) return;
      if (!isWriting(this.head)) keepingPlace(this.head, () => this.#drawHead(open));
      keepingPlace(this.gates, () => this.#drawGates(open));
      replace(
        this.time,
        timeline(open, (version) => state.reveal(version)),
      );
      replace(
        this.history,
        h("summary", {}, `History · ${plural(open.history.length, "change")}`),
        historyList(open.history),
      );
    });
    react(until, () => {
      const open = state.open.value;
      if (!open) return;
      const move = (/** @type {HTMLElement} */ button, /** @type {number} */ version) =>
        void moveAlias(state, popover, button, version);
      keepingPlace(this.table, () => replace(this.table, versionsTable(state, open, { move })));
    });
    react(until, () => {
      state.open.value;
      markVersions(this.table, state.version.value, state.picked.value);
      const head = this.table.querySelector("thead")?.offsetHeight;
      intoSight(this.table, this.table.querySelector(".nbt-reg-open"), head);
    });
  }

  /** @param {import("./state.js").Open} open */
  #drawHead({ model, versions }) {
    const { state } = this;
    const more = h(
      "button",
      { class: "nbt-button", type: "button", "aria-label": "More about this model", "aria-haspopup": "menu" },
      icon("more"),
    );
    more.addEventListener("click", () =>
      openMenu(
        this.popover,
        [
          {
            label: "Rename…",
            icon: "pen",
            act: () =>
              confirm(this.popover, more, {
                title: "Rename the model",
                field: model.name,
                done: (name) => this.#rename(name),
                act: "Rename",
              }),
          },
          {
            label: "Expect something of an alias…",
            icon: "check",
            act: () => this.#expect(more),
          },
          "line",
          {
            label: `Delete ${model.name}…`,
            icon: "trash",
            act: () =>
              confirm(this.popover, more, {
                title: `Delete ${model.name} with ${plural(versions.length, "version")}? Runs and files stay.`,
                comment: true,
                done: (_, comment) => state.change({ do: "delete", comment }),
                act: "Delete",
              }),
          },
        ],
        { at: more, label: "More about this model", alignEnd: true },
      ),
    );
    replace(
      this.head,
      h("div", { class: "nbt-reg-title" }, h("h3", { title: model.name }, model.name), state.readOnly ? null : more),
      h(
        "p",
        { class: "nbt-reg-quiet" },
        `${plural(model.versions, "version")} · made ${formatDate(model.created)}${model.user ? ` by ${model.user}` : ""}`,
      ),
      tagEditor(model.tags, state, {}),
      descriptionEditor(model.description, state, {}),
    );
  }

  /** @param {HTMLElement} at */
  #expect(at) {
    const alias = h("input", {
      class: "nbt-reg-input",
      placeholder: "Of which alias? Of all, if you name none.",
      "aria-label": "Alias",
      spellcheck: "false",
    });
    confirm(this.popover, at, {
      title: "What must hold before an alias moves",
      field: "",
      placeholder: "auc >= champion.auc - 0.005",
      more: [alias],
      done: (value) => this.state.change({ do: "expect", value, alias: alias.value.trim().replace(/^@/, "") }),
      act: "Expect",
    });
  }

  /** @param {string} name */
  async #rename(name) {
    const problem = await this.state.change({ do: "rename", value: name });
    if (!problem) this.state.show(name);
    return problem;
  }

  /** @param {import("./state.js").Open} open */
  #drawGates({ gates }) {
    const { state } = this;
    replace(
      this.gates,
      ...gates.map(({ expression, alias, version }) =>
        h(
          "p",
          { class: "nbt-reg-gate" },
          icon("check", 13),
          h(
            "span",
            {},
            alias ? `@${alias} moves only to` : "Aliases move only to",
            version ? ` version ${version} if ` : " versions with ",
          ),
          h("code", {}, expression),
          state.readOnly
            ? null
            : h(
                "button",
                {
                  class: "nbt-plain",
                  type: "button",
                  "aria-label": `No longer expect ${expression}`,
                  on: { click: () => void state.changeOrSay({ do: "unexpect", value: expression, alias, version }) },
                },
                icon("close", 12),
              ),
        ),
      ),
    );
  }
}
