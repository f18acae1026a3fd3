// Tags as chips that are edited in place; a description in Markdown with its preview.

import { markdown } from "../artifacts/markdown.js";
import { h, icon, replace } from "../kit/dom.js";
import { tagChip } from "./chips.js";

/**
 * @param {Record<string, string>} tags
 * @param {import("./state.js").RegistryState} state
 * @param {{ version?: number }} of nothing for the model itself
 */
export function tagEditor(tags, state, of) {
  const row = h("div", { class: "nbt-reg-chips nbt-reg-tags" });
  const draw = () => {
    const chips = Object.entries(tags).map(([key, value]) => {
      const chip = tagChip(key, value);
      if (state.readOnly) return chip;
      const change = h(
        "button",
        { class: "nbt-reg-tag-text", type: "button", title: `${key} = ${value}; click to change it` },
        ...chip.childNodes,
      );
      change.addEventListener("click", () => edit(key, value, chip));
      chip.append(
        change,
        h(
          "button",
          {
            type: "button",
            "aria-label": `Remove tag ${key}`,
            on: { click: () => void state.changeOrSay({ do: "untag", key, ...of }) },
          },
          icon("close", 10),
        ),
      );
      return chip;
    });
    const add = h(
      "button",
      { class: "nbt-plain", type: "button", on: { click: () => edit("", "", add) } },
      icon("tag", 12),
      "Tag",
    );
    replace(row, ...chips, state.readOnly ? null : add);
  };
  /** @param {string} key @param {string} value @param {Element} at what the field takes the place of */
  const edit = (key, value, at) => {
    const field = h("input", {
      class: "nbt-reg-input nbt-reg-tag-input",
      placeholder: "key = value",
      "aria-label": "Tag as key = value",
      value: key ? `${key} = ${value}` : "",
      spellcheck: "false",
    });
    const leave = () => {
      draw();
      /** @type {HTMLElement | null} */ (row.querySelector(".nbt-plain"))?.focus({ preventScroll: true });
      state.catchUp();
    };
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") leave();
      if (event.key !== "Enter") return;
      event.preventDefault(); // it would press the button that has the focus next
      const tag = readTag(field.value);
      leave();
      if (tag.key) void keep(tag, key);
    });
    field.addEventListener("blur", () => field.isConnected && field.value === before && draw());
    const before = field.value;
    at.replaceWith(field);
    field.focus();
    field.select();
  };
  /** Another key is another tag: the one that it was goes. @param {{ key: string, value: string }} tag @param {string} before */
  const keep = async (tag, before) => {
    await state.changeOrSay({ do: "tag", ...tag, ...of });
    if (before && before !== tag.key && !state.problem.peek())
      await state.changeOrSay({ do: "untag", key: before, ...of });
  };
  draw();
  return row;
}

/**
 * `key = value`, or a key alone.
 * @param {string} text
 */
export function readTag(text) {
  const at = text.indexOf("=");
  return at < 0 ? { key: text.trim(), value: "" } : { key: text.slice(0, at).trim(), value: text.slice(at + 1).trim() };
}

/**
 * @param {string} text Markdown
 * @param {import("./state.js").RegistryState} state
 * @param {{ version?: number }} of
 */
export function descriptionEditor(text, state, of) {
  const box = h("div", { class: "nbt-reg-description" });
  const show = () => {
    const change = h(
      "button",
      { class: "nbt-plain", type: "button", on: { click: edit } },
      icon("pen", 12),
      text ? "Edit" : "Describe it",
    );
    replace(box, text ? rendered(text) : null, state.readOnly ? null : change);
  };
  const edit = () => {
    const area = h("textarea", { class: "nbt-reg-input", rows: 6, "aria-label": "Description in Markdown" });
    area.value = text;
    const preview = h("div", { class: "nbt-reg-preview", "aria-label": "Preview" });
    const draw = () => replace(preview, rendered(area.value));
    const said = h("p", { class: "nbt-reg-problem", role: "alert" });
    const stop = () => {
      show();
      /** @type {HTMLElement | null} */ (box.querySelector("button"))?.focus({ preventScroll: true });
      state.catchUp();
    };
    let isOver = false; // somebody else's text may be written over
    const save = async () => {
      const value = area.value;
      const seen = isOver ? {} : { seen: text };
      const problem = value === text ? "" : await state.change({ do: "describe", value, ...seen, ...of });
      if (problem) {
        isOver = true;
        replace(said, problem);
        return;
      }
      text = value;
      stop();
    };
    area.addEventListener("input", draw);
    area.addEventListener("keydown", (event) => {
      if (event.key === "Escape") stop();
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      void save();
    });
    draw();
    replace(
      box,
      h("div", { class: "nbt-reg-writing" }, area, preview),
      said,
      h(
        "div",
        { class: "nbt-reg-buttons" },
        h("button", { class: "nbt-button nbt-reg-do", type: "button", on: { click: save } }, "Save"),
        h("button", { class: "nbt-button", type: "button", on: { click: stop } }, "Cancel"),
      ),
    );
    area.focus();
  };
  show();
  return box;
}

/** @param {string} text */
function rendered(text) {
  return markdown(text, {
    code: (code) => h("pre", {}, code),
    picture: (_, alt) => document.createTextNode(alt),
  });
}

/**
 * Whether somebody writes in here: news wait until that is over.
 * @param {Element} el
 */
export function isWriting(el) {
  return el.querySelector(".nbt-reg-writing, .nbt-reg-tag-input") !== null;
}
