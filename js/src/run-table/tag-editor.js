// Tags of one run or of all selected ones: chips to take away, a field to add.

import { h, icon, replace } from "../kit/dom.js";
import { plural } from "../kit/format.js";
import { chip } from "./cells.js";

/** @typedef {import("./table.js").RunTable} RunTable */

/**
 * `team: vision` -> key and value; a word by itself is a tag without a value.
 * @param {string} text
 * @returns {{ key: string, value: string } | null}
 */
export function parseTag(text) {
  const found = /^([^:=]+?)\s*(?:[:=]\s*(.*))?$/s.exec(text.trim());
  return found?.[1] ? { key: found[1], value: found[2] ?? "" } : null;
}

/**
 * @param {RunTable} table
 * @param {string[]} runs
 * @param {Element} at
 */
export function openTagEditor(table, runs, at) {
  const { edits, popover, state } = table;
  const listId = `${state.uid}-tags`;
  const chips = h("div", { class: "nbt-tag-list" });
  const input = h("input", {
    class: "nbt-pick-search",
    type: "text",
    placeholder: "team: vision",
    "aria-label": "New tag",
    list: listId,
    autocomplete: "off",
  });
  const known = h(
    "datalist",
    { id: listId },
    knownTags(state).map((text) => h("option", { value: text })),
  );
  const draw = () => {
    const tags = tagsOfAll(state, runs);
    replace(
      chips,
      ...tags.map(({ key, value, count }) => {
        const remove = h(
          "button",
          {
            class: "nbt-chip-remove",
            type: "button",
            "aria-label": `Remove ${key}`,
            on: {
              click: () => {
                edits.untag(runs, key);
                draw();
                input.focus();
              },
            },
          },
          icon("close", 10),
        );
        const label = chip({ key, value: value ?? "…" });
        label.append(remove);
        if (count < runs.length) label.append(h("span", { class: "nbt-faint" }, ` ${count}`));
        return label;
      }),
      tags.length ? null : h("span", { class: "nbt-faint" }, "No tags yet"),
    );
  };
  const add = () => {
    const tag = parseTag(input.value);
    if (!tag) return popover.close();
    edits.tag(runs, tag.key, tag.value);
    input.value = "";
    return draw();
  };
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add();
  });
  const title = h(
    "div",
    { class: "nbt-pop-title" },
    runs.length > 1 ? `Tags of ${plural(runs.length, "run")}` : "Tags",
  );
  const foot = h("div", { class: "nbt-pop-foot" }, h("span", { class: "nbt-faint" }, "Enter adds · Esc closes"));
  const pop = popover.open([title, chips, input, known, foot], { at, label: "Tags" });
  pop.classList.add("nbt-tag-editor");
  draw();
  popover.place(at);
  input.focus();
}

/**
 * Each tag that any of the runs has; `value` null when they differ.
 * @param {import("./state.js").TableState} state
 * @param {string[]} runs
 */
function tagsOfAll(state, runs) {
  const found = [];
  for (const key of state.tagKeys.value) {
    const values = runs
      .map((run) => state.store.text(`tags.${key}`, state.store.rowOf.get(run) ?? -1))
      .filter((value) => value !== null);
    if (values.length)
      found.push({ key, value: new Set(values).size === 1 ? (values[0] ?? "") : null, count: values.length });
  }
  return found;
}

/** @param {import("./state.js").TableState} state @returns {string[]} */
function knownTags(state) {
  const texts = [];
  for (const key of state.tagKeys.value) {
    const column = state.store.column(`tags.${key}`);
    if (column?.type === "dict")
      for (const value of column.values.slice(0, 20)) texts.push(value ? `${key}: ${value}` : key);
  }
  return texts.slice(0, 60);
}
