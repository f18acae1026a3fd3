// The bar over the foot of the table: what to do with the selected runs, and the last change with its Undo.

import { signal } from "@preact/signals-core";
import { h, icon, replace } from "../kit/dom.js";
import { react } from "../kit/model.js";
import { openMenu } from "../kit/popover.js";

/**
 * @typedef {import("./table.js").RunTable} RunTable
 * @typedef {import("./edits.js").Change} Change
 */

const STAYS = 12_000; // ms that a finished change is shown
const MESSAGE_STAYS = 2600;
const WAITING_AFTER = 1500;

export class FloatingBar {
  /** @type {any} */
  #timer = null;
  #message = signal("");
  #seen = signal(/** @type {Change | null} */ (null));
  #patient = signal(false);

  /** @param {RunTable} table */
  constructor(table) {
    this.table = table;
    const { edits, state } = table;
    this.actions = h("div", { class: "nbt-bar", role: "toolbar", "aria-label": "Selected runs" });
    this.last = h("div", { class: "nbt-bar", role: "status" });
    this.el = h("div", { class: "nbt-bars" }, this.last, this.actions);
    react(state.until, () => this.#drawActions());
    react(state.until, () => this.#drawLast());
    react(state.until, () => {
      const [newest] = edits.list.value;
      clearTimeout(this.#timer);
      this.#seen.value = newest ?? null;
      this.#patient.value = false;
      if (!newest) return;
      if (newest.state === "sent")
        this.#timer = setTimeout(() => {
          this.#patient.value = true;
        }, WAITING_AFTER);
      else if (newest.state === "saved")
        this.#timer = setTimeout(() => {
          this.#seen.value = null;
        }, STAYS);
    });
    state.until.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  /** A short message. @param {string} text */
  say(text) {
    this.#message.value = text;
    setTimeout(() => {
      if (this.#message.value === text) this.#message.value = "";
    }, MESSAGE_STAYS);
  }

  #drawActions() {
    const { edits, popover, selection, state } = this.table;
    const runs = state.selected.value;
    this.actions.hidden = runs.length === 0 || (runs.length === 1 && selection.passing.value);
    if (this.actions.hidden) return;
    state.store.revision.value;
    const deleted = runs.every(
      (run) => state.store.text("lifecycle_stage", state.store.rowOf.get(run) ?? -1) === "deleted",
    );
    const { onCompare } = this.table;
    const canEdit = !state.kernel.offline;
    const tag = action("tag", "Tag", () => this.table.editTags(runs, tag));
    const copy = action("copy", "Copy", () =>
      openMenu(
        popover,
        [
          { label: "as CSV", detail: "Ctrl C", act: () => this.table.copyRows("csv") },
          { label: "as Markdown", act: () => this.table.copyRows("markdown") },
          { label: "as pandas code", act: () => this.table.copyRows("pandas") },
        ],
        { at: copy, label: "Copy" },
      ),
    );
    replace(
      this.actions,
      h("span", { class: "nbt-bar-text" }, h("b", {}, String(runs.length)), " selected"),
      onCompare && runs.length > 1 ? action("columns", "Compare", onCompare) : null,
      canEdit ? tag : null,
      copy,
      canEdit && deleted ? action("restore", "Restore", () => edits.restore(runs)) : null,
      canEdit && !deleted ? action("trash", "Trash", () => this.table.remove(runs)) : null,
      h(
        "button",
        {
          class: "nbt-plain nbt-dim",
          type: "button",
          "aria-label": "Clear the selection",
          title: "Clear the selection (Esc)",
          on: { click: () => selection.clear() },
        },
        icon("close", 12),
      ),
    );
  }

  #drawLast() {
    const { edits, popover } = this.table;
    const change = this.#seen.value;
    const message = this.#message.value;
    this.last.hidden = !change && !message;
    this.last.classList.toggle("nbt-bad", change?.state === "failed" && !message);
    if (message || !change) {
      replace(this.last, h("span", { class: "nbt-bar-text" }, message));
      return;
    }
    const close = h(
      "button",
      {
        class: "nbt-plain nbt-dim",
        type: "button",
        "aria-label": "Dismiss",
        on: {
          click: () => {
            this.#seen.value = null;
          },
        },
      },
      icon("close", 12),
    );
    if (change.state === "failed") {
      replace(this.last, h("span", { class: "nbt-bar-text" }, `${change.label}: not saved. ${change.problem}`), close);
      return;
    }
    const undoable = edits.list.value.filter(({ back }) => back.length);
    const list = action("down", "Earlier changes", () =>
      openMenu(
        popover,
        [
          { title: "Undo" },
          ...undoable
            .slice(0, 20)
            .map((each) => ({ label: each.label, icon: /** @type {const} */ ("undo"), act: () => edits.undo(each) })),
        ],
        { at: list, label: "Earlier changes" },
      ),
    );
    list.lastElementChild?.classList.add("nbt-unseen");
    replace(
      this.last,
      h(
        "span",
        { class: "nbt-bar-text" },
        change.label,
        this.#patient.value && change.state === "sent"
          ? h("span", { class: "nbt-faint" }, " · waiting for the kernel")
          : null,
      ),
      action("undo", "Undo", () => edits.undo(change)),
      undoable.length > 1 ? list : null,
      close,
    );
  }
}

/**
 * @param {Parameters<typeof icon>[0]} picture
 * @param {string} label
 * @param {() => void} act
 */
function action(picture, label, act) {
  return h(
    "button",
    { class: "nbt-plain", type: "button", title: label, on: { click: act } },
    icon(picture, 13),
    h("span", {}, label),
  );
}
