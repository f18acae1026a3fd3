// Small pieces that several drawings share.

import { h } from "../../kit/dom.js";

/**
 * @typedef {string | number | Node | null | undefined} Cell
 * @param {{ text: string, right?: boolean }[]} heads
 * @param {Cell[][]} rows
 * @param {string} label for screen readers
 */
export function plainTable(heads, rows, label) {
  const side = (/** @type {number} */ index) => (heads[index]?.right ? "nbt-right" : null);
  return h(
    "table",
    { class: "nbt-plain-table", "aria-label": label },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        heads.map(({ text }, index) => h("th", { class: side(index), scope: "col" }, text)),
      ),
    ),
    h(
      "tbody",
      {},
      rows.map((row) =>
        h(
          "tr",
          {},
          row.map((cell, index) => h("td", { class: side(index) }, cell)),
        ),
      ),
    ),
  );
}

/**
 * Names and values, two columns.
 * @param {Cell[][]} pairs those without a value are left out
 */
export function factList(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h(
    "dl",
    { class: "nbt-look-facts" },
    shown.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );
}

/**
 * A row of buttons of which one is on.
 * @param {string} label
 * @param {Record<string, string>} choices
 * @param {string} first
 * @param {(name: string) => void} choose
 */
export function choice(label, choices, first, choose) {
  const buttons = Object.entries(choices).map(([name, text]) => {
    const act = () => {
      for (const each of buttons) mark(each, each === button);
      choose(name);
    };
    const button = h("button", { class: "nbt-button", type: "button", on: { click: act } }, text);
    mark(button, name === first);
    return button;
  });
  return h("span", { class: "nbt-choice", role: "group", "aria-label": label }, buttons);
}

/** @param {HTMLElement} button @param {boolean} isOn */
export function mark(button, isOn) {
  button.setAttribute("aria-pressed", String(isOn));
  button.classList.toggle("nbt-on", isOn);
}

/** @param {string} text @param {(isOn: boolean) => void} turn @param {boolean} [first] */
export function switchButton(text, turn, first = false) {
  const act = () => {
    const isOn = button.getAttribute("aria-pressed") !== "true";
    mark(button, isOn);
    turn(isOn);
  };
  const button = h("button", { class: "nbt-button nbt-look-button", type: "button", on: { click: act } }, text);
  mark(button, first);
  return button;
}

/** @param {...(Node | string | null)} tools */
export function toolRow(...tools) {
  return h("div", { class: "nbt-look-tools" }, tools);
}

/** @param {unknown} cause */
export function messageOf(cause) {
  return cause instanceof Error ? cause.message : String(cause);
}

/**
 * Numbers with as many digits as a reader can use; what JSON cannot carry comes as a text: nan, inf, 12345678901234567890.
 * @param {number | string | null | undefined} value
 */
export function short(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  return Number.isInteger(value) && Math.abs(value) < 1e9
    ? value.toLocaleString("en")
    : String(Number(value.toPrecision(5)));
}
