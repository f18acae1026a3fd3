// A small question before something is changed: perhaps a text, perhaps a reason, and a button.

import { h, replace } from "../kit/dom.js";

/**
 * @typedef {object} Question
 * @property {string} title
 * @property {string} act word on the button
 * @property {string} [field] first text of a field; left out: no field
 * @property {string} [placeholder]
 * @property {boolean} [comment] ask why
 * @property {(Node | null)[]} [more] shown above the button
 * @property {(text: string, comment: string) => Promise<string>} done returns what went wrong, "" when nothing did
 */

/**
 * @param {import("../kit/popover.js").Popover} popover
 * @param {Element} at
 * @param {Question} question
 */
export function confirm(popover, at, { title, act, field, placeholder, comment, more = [], done }) {
  const text = h("input", {
    type: "text",
    class: "nbt-reg-input",
    value: field ?? "",
    placeholder,
    "aria-label": title,
    spellcheck: "false",
  });
  const why = h("input", {
    type: "text",
    class: "nbt-reg-input",
    placeholder: "Why? It stands in the history.",
    "aria-label": "Comment",
  });
  const said = h("p", { class: "nbt-reg-problem", role: "alert" });
  const button = h("button", { class: "nbt-button nbt-reg-do", type: "button" }, act);
  const form = h(
    "div",
    { class: "nbt-reg-confirm" },
    h("strong", {}, title),
    field === undefined ? null : text,
    ...more,
    comment ? why : null,
    said,
    h(
      "div",
      { class: "nbt-reg-buttons" },
      button,
      h("button", { class: "nbt-button", type: "button", on: { click: () => popover.close() } }, "Cancel"),
    ),
  );
  const go = async () => {
    button.disabled = true;
    const problem = await done(text.value.trim(), why.value.trim());
    button.disabled = false;
    if (problem) replace(said, problem);
    else popover.close();
  };
  onEnter(form, button, go);
  popover.open([form], { at, label: title, role: "dialog" });
  (field === undefined ? (comment ? why : button) : text).focus({ preventScroll: true });
  return form;
}

/**
 * A click on the button and Enter in a field do the same; a `<form>` is not asked by JupyterLab.
 * @param {HTMLElement} form
 * @param {HTMLElement} button
 * @param {() => unknown} act
 */
export function onEnter(form, button, act) {
  button.addEventListener("click", () => void act());
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement) || event.target.type === "checkbox")
      return;
    event.preventDefault();
    void act();
  });
}
