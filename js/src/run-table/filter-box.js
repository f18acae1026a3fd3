// The field that takes the search grammar: filters as one types, completes, and points at what it cannot read.

import { signal } from "@preact/signals-core";
import { h, icon, replace, setAttribute, setText } from "../kit/dom.js";
import { react } from "../kit/model.js";
import { Popover } from "../kit/popover.js";
import { complete, nameFilter } from "./completion.js";

/** @typedef {import("./state.js").TableState} TableState */

const DELAY = 140;
const PATIENCE = 1500; // ms before a filter that just ends too early is called wrong
const PLACEHOLDER = "Filter runs, as in  metrics.acc > 0.9 and params.model = 'resnet'";

export class FilterBox {
  /** @type {any} */
  #timer = null;
  /** @type {import("./completion.js").Completion | null} */
  #completion = null;
  #chosen = -1;
  /** False while someone is typing: what is not finished is not wrong yet. */
  #rested = signal(true);
  /** @type {any} */
  #restTimer = null;

  /**
   * @param {TableState} state
   * @param {HTMLElement} host
   */
  constructor(state, host) {
    this.state = state;
    this.popover = new Popover(host, state.until);
    this.listId = `${state.uid}-completions`;
    this.input = h("input", {
      class: "nbt-filter-input",
      type: "text",
      role: "combobox",
      "aria-label": "Filter runs",
      "aria-expanded": "false",
      "aria-autocomplete": "list",
      "aria-haspopup": "listbox",
      autocomplete: "off",
      autocapitalize: "off",
      autocorrect: "off",
      spellcheck: "false",
      placeholder: PLACEHOLDER,
      value: state.filter.value,
    });
    this.clear = h(
      "button",
      {
        class: "nbt-quiet nbt-clear",
        type: "button",
        "aria-label": "Clear the filter",
        title: "Clear (Esc)",
        on: { click: () => this.set("") },
      },
      icon("close", 12),
    );
    this.key = h("kbd", { class: "nbt-slash", "aria-hidden": "true" }, "/");
    this.error = h("div", { class: "nbt-filter-error", role: "alert", id: `${state.uid}-filter-error` });
    this.el = h("div", { class: "nbt-filter" }, icon("search", 14), this.input, this.clear, this.key);
    this.#listen();
  }

  /** @param {string} text */
  set(text) {
    clearTimeout(this.#timer);
    this.input.value = text;
    this.state.filter.value = text;
    this.input.focus();
    this.close();
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  #listen() {
    const { input, state } = this;
    const { until } = state;
    input.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#apply(), DELAY);
      this.#rested.value = false;
      clearTimeout(this.#restTimer);
      this.#restTimer = setTimeout(() => this.#rest(), PATIENCE);
      this.#suggest();
    });
    input.addEventListener("keydown", (event) => this.#press(event));
    input.addEventListener("blur", () => {
      this.#apply();
      this.#rest();
      // a click on a suggestion takes the focus for a moment
      setTimeout(() => input !== /** @type {any} */ (input.getRootNode()).activeElement && this.close(), 150);
    });
    react(until, () => {
      const text = state.filter.value;
      if (/** @type {any} */ (input.getRootNode()).activeElement !== input && input.value !== text) input.value = text;
      this.clear.hidden = text === "" && input.value === "";
      this.key.hidden = !this.clear.hidden;
    });
    react(until, () => this.#explain());
    const stop = () => {
      clearTimeout(this.#timer);
      clearTimeout(this.#restTimer);
    };
    until.addEventListener("abort", stop, { once: true });
  }

  #apply() {
    clearTimeout(this.#timer);
    if (this.state.filter.value !== this.input.value) this.state.filter.value = this.input.value;
  }

  #rest() {
    clearTimeout(this.#restTimer);
    this.#rested.value = true;
  }

  /** Show what cannot be read, with a mark under the place. */
  #explain() {
    const found = this.state.matcher.value.error;
    const unfinished = found !== null && found.end >= found.source.trimEnd().length;
    const error = unfinished && !this.#rested.value ? null : found;
    const { el, error: box, input } = this;
    el.classList.toggle("nbt-wrong", error !== null);
    setAttribute(input, "aria-invalid", error ? "true" : null);
    setAttribute(input, "aria-describedby", error ? box.id : null);
    box.hidden = error === null;
    if (this.popover.isOpen) queueMicrotask(() => this.popover.place(error ? box : el));
    if (!error) return;
    const { source, start, end } = error;
    const from = Math.max(0, start - 32);
    replace(
      box,
      h("span", {}, error.message),
      h(
        "code",
        { class: "nbt-place" },
        from ? "…" : "",
        source.slice(from, start),
        h("mark", {}, source.slice(start, end) || " "),
        source.slice(end, end + 28),
      ),
      source.slice(0, start).trim() === "" ? this.#byName(source) : null,
    );
  }

  /** A button for one who typed only the name of a run. @param {string} source */
  #byName(source) {
    const filter = nameFilter(source);
    if (!filter) return null;
    return h(
      "button",
      {
        class: "nbt-plain nbt-by-name",
        type: "button",
        on: {
          // the field keeps the focus: leaving it would draw this line anew before the click arrives
          pointerdown: (/** @type {Event} */ event) => event.preventDefault(),
          mousedown: (/** @type {Event} */ event) => event.preventDefault(),
          click: () => this.set(filter),
        },
      },
      "Runs by name: ",
      h("code", { class: "nbt-place" }, filter),
    );
  }

  #suggest() {
    const { input, state } = this;
    this.#completion = complete(state, input.value, input.selectionStart ?? input.value.length);
    this.#chosen = -1;
    if (!this.#completion) {
      this.close();
      return;
    }
    const options = this.#completion.items.map((item, i) => this.#option(item, i));
    const at = this.error.hidden ? this.el : this.error;
    if (this.popover.el) this.popover.el.replaceChildren(...options);
    else {
      const list = this.popover.open(options, { at, label: "Completions", role: "listbox", mode: "manual" });
      list.id = this.listId;
      list.removeAttribute("tabindex");
      // keep the focus in the field
      list.addEventListener("pointerdown", (event) => event.preventDefault());
    }
    this.popover.place(at);
    setAttribute(input, "aria-expanded", "true");
    setAttribute(input, "aria-controls", this.listId);
    this.#mark();
  }

  /** @param {import("./completion.js").Suggestion} item @param {number} i */
  #option(item, i) {
    return h(
      "div",
      {
        class: "nbt-item nbt-option",
        role: "option",
        id: `${this.listId}-${i}`,
        "aria-selected": "false",
        "aria-disabled": item.picks ? null : "true",
        on: { click: () => this.#take(i) },
      },
      h("span", {}, item.label),
      item.detail ? h("span", { class: "nbt-detail" }, item.detail) : null,
    );
  }

  #mark() {
    const options = [...(this.popover.el?.children ?? [])];
    for (const [i, option] of options.entries()) setAttribute(option, "aria-selected", String(i === this.#chosen));
    const chosen = options[this.#chosen];
    chosen?.scrollIntoView?.({ block: "nearest" });
    setAttribute(this.input, "aria-activedescendant", chosen ? chosen.id : null);
  }

  /** @param {number} i */
  #take(i) {
    const item = this.#completion?.items[i];
    if (!item?.picks || !this.#completion) return;
    const { input } = this;
    const { start, end } = this.#completion;
    input.value = input.value.slice(0, start) + item.text + input.value.slice(end);
    const caret = start + item.text.length;
    input.setSelectionRange(caret, caret);
    this.#apply();
    this.#suggest();
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const items = this.#completion?.items ?? [];
    const open = this.popover.isOpen && items.some((item) => item.picks);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      if (!open) this.#suggest();
      else {
        this.#chosen = (this.#chosen + step + items.length) % items.length;
        this.#mark();
      }
    } else if ((event.key === "Enter" || event.key === "Tab") && open && (this.#chosen >= 0 || event.key === "Tab")) {
      event.preventDefault();
      this.#take(Math.max(0, this.#chosen));
    } else if (event.key === "Enter") {
      this.#apply();
      this.#rest();
      this.close();
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      if (this.popover.isOpen) this.close();
      else if (this.input.value) this.set("");
      else this.onLeave?.();
    }
    setText(this.key, "/");
  }

  /** @type {(() => void) | null} called on Escape in an empty field */
  onLeave = null;

  close() {
    this.popover.close();
    this.#chosen = -1;
    setAttribute(this.input, "aria-expanded", "false");
    setAttribute(this.input, "aria-controls", null);
    setAttribute(this.input, "aria-activedescendant", null);
  }
}
