// The registry: models at the left, the open one at the right.

import { h, icon, replace } from "../kit/dom.js";
import { formatRelative, plural } from "../kit/format.js";
import { react } from "../kit/model.js";
import { Popover } from "../kit/popover.js";
import { aliasChip } from "./chips.js";
import { intoSight, keepingPlace } from "./keep.js";
import { ModelPane } from "./model-pane.js";

export class RegistryView {
  /**
   * @param {import("./state.js").RegistryState} state
   * @param {AbortSignal} until
   */
  constructor(state, until) {
    this.state = state;
    this.list = h("div", { class: "nbt-reg-list", role: "listbox", "aria-label": "Registered models" });
    this.picker = h("select", {
      class: "nbt-reg-picker",
      "aria-label": "Registered model",
      on: { change: () => state.show(this.picker.value) },
    });
    this.search = h("input", {
      type: "search",
      placeholder: "Find a model",
      "aria-label": "Find a model",
      spellcheck: "false",
      on: { input: () => this.#drawList() },
    });
    this.said = h("p", { class: "nbt-reg-said", role: "alert", hidden: true });
    this.copy = h(
      "p",
      { class: "nbt-reg-quiet", hidden: !state.readOnly },
      "A copy to read: models are changed in a notebook or in nbtrack ui.",
    );
    this.empty = h("p", { class: "nbt-reg-empty", hidden: true });
    this.root = h("div", { class: "nbt", data: { view: "registry", lmSuppressShortcuts: "true" } });
    this.pane = new ModelPane(state, new Popover(this.root, until), until);
    const find = h("label", { class: "nbt-reg-find" }, icon("search", 13), this.search);
    this.side = h("aside", { class: "nbt-reg-side" }, find, this.list);
    this.frame = h(
      "div",
      { class: "nbt-reg" },
      this.side,
      h("div", { class: "nbt-reg-main" }, this.picker, this.said, this.pane.root, this.empty, this.copy),
    );
    this.root.append(this.frame);
    this.list.addEventListener("keydown", (event) => this.#walk(event));
    react(until, () => this.#drawList());
    react(until, () => {
      state.name.value;
      state.loaded.value;
      intoSight(this.list, this.list.querySelector('[aria-selected="true"]'));
    });
    react(until, () => this.#drawPicker());
    react(until, () => {
      this.said.textContent = state.problem.value;
      this.said.hidden = !state.problem.value;
    });
    react(until, () => {
      const height = state.height.value;
      this.frame.style.setProperty("--nbt-reg-height", height ? `${height}px` : "620px");
    });
    react(until, () => this.#sayEmpty());
  }

  #drawList() {
    const { models, name } = this.state;
    const wanted = this.search.value.trim().toLowerCase();
    const now = Date.now();
    this.side.hidden = models.value.length < 2;
    const rows = models.value
      .filter((model) => model.name.toLowerCase().includes(wanted))
      .map((model) => {
        const isOpen = model.name === name.value;
        return h(
          "button",
          {
            type: "button",
            class: "nbt-reg-model",
            role: "option",
            "aria-selected": String(isOpen),
            tabindex: isOpen ? 0 : -1,
            data: { key: model.name },
            on: { click: () => this.state.show(model.name) },
          },
          h("strong", { title: model.name }, model.name),
          h("small", {}, `${plural(model.versions, "version")} · ${formatRelative(model.updated, now)}`),
          h(
            "span",
            { class: "nbt-reg-chips" },
            ...Object.entries(model.aliases).map(([alias, version]) => aliasChip(alias, version)),
          ),
        );
      });
    const none = h("p", { class: "nbt-reg-quiet" }, "No model of that name.");
    keepingPlace(this.list, () => replace(this.list, ...rows, rows.length === 0 && wanted ? none : null));
  }

  #drawPicker() {
    const { models, name } = this.state;
    this.picker.hidden = models.value.length < 2;
    replace(this.picker, ...models.value.map((model) => h("option", { value: model.name }, model.name)));
    this.picker.value = name.value;
  }

  #sayEmpty() {
    const { models, name, open, loaded } = this.state;
    this.empty.hidden = !loaded.value || open.value !== null;
    this.empty.textContent =
      models.value.length === 0
        ? "No models are registered yet. nbtrack.register_model(uri, name) registers one; log_model(…, registered_model_name=name) does it at once."
        : models.value.some((model) => model.name === name.value)
          ? ""
          : name.value
            ? `There is no model ${name.value} any more; choose another.`
            : "Choose a model.";
  }

  /** @param {KeyboardEvent} event */
  #walk(event) {
    const rows = /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll("button")]);
    const at = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
    const to = event.key === "ArrowDown" ? at + 1 : event.key === "ArrowUp" ? at - 1 : -1;
    const row = rows[to];
    if (!row) return;
    event.preventDefault();
    row.click();
    /** @type {HTMLElement | null} */ (this.list.querySelector('[aria-selected="true"]'))?.focus();
  }
}
