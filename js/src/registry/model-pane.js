// The open model: what it is, its versions, the one that is open, and what happened.

import { h, icon, replace } from "../kit/dom.js";
import { formatDate, plural } from "../kit/format.js";
import { react } from "../kit/model.js";
import { openMenu } from "../kit/popover.js";
import { Comparison } from "./comparison.js";
import { confirm } from "./confirm.js";
import { descriptionEditor, isWriting, tagEditor } from "./editors.js";
import { historyList } from "./history.js";
import { moveAlias } from "./mover.js";
import { VersionPane } from "./version-pane.js";
import { versionsTable } from "./versions.js";

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
    this.table = h("div", { class: "nbt-reg-table" });
    this.version = new VersionPane(state, popover, until);
    this.comparison = new Comparison(state, until);
    this.history = h("details", { class: "nbt-reg-history" });
    this.root = h(
      "div",
      { class: "nbt-reg-pane", hidden: true },
      this.head,
      this.gates,
      this.table,
      this.comparison.root,
      this.version.root,
      this.history,
    );
    react(until, () => {
      const open = state.open.value;
      this.root.hidden = open === null;
      if (!open) return;
      if (!isWriting(this.head)) this.#drawHead(open);
      this.#drawGates(open);
      replace(
        this.history,
        h("summary", {}, `History · ${plural(open.history.length, "change")}`),
        historyList(open.history),
      );
    });
    react(until, () => {
      const open = state.open.value;
      state.version.value;
      state.picked.value;
      if (open)
        replace(
          this.table,
          versionsTable(state, open, { move: (button, version) => void moveAlias(state, popover, button, version) }),
        );
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
            act: () =>
              confirm(this.popover, more, {
                title: "What must hold before an alias moves",
                field: "",
                placeholder: "auc >= champion.auc - 0.005",
                done: (text) => state.change({ do: "expect", value: text }),
                act: "Expect",
              }),
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
