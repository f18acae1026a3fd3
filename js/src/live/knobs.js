// Settings that can be changed while the run goes on: a slider, a list or a field for each.

import { h, replace, setText } from "../kit/dom.js";
import { formatNumber } from "../kit/format.js";

/**
 * @typedef {import("./news.js").KnobState} KnobState
 * @typedef {import("./panel.js").LivePanel} LivePanel
 * @typedef {{ root: HTMLElement, show: (value: any) => void, enable: (on: boolean) => void }} Control
 */

const PARTS = 1000;

export class Knobs {
  #shape = "";
  /** @type {Map<string, Control>} */
  #controls = new Map();

  /** @param {LivePanel} panel */
  constructor(panel) {
    this.panel = panel;
    this.root = h("div", { class: "nbt-live-knobs", role: "group", "aria-label": "Knobs", hidden: true });
  }

  /**
   * @param {KnobState[]} knobs
   * @param {boolean} isRunning
   */
  show(knobs, isRunning) {
    this.root.hidden = knobs.length === 0;
    const shape = JSON.stringify(knobs.map(({ value, ...rest }) => rest));
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.#controls = new Map(knobs.map((knob) => [knob.name, this.#control(knob)]));
      replace(
        this.root,
        [...this.#controls.values()].map(({ root }) => root),
      );
    }
    for (const knob of knobs) {
      this.#controls.get(knob.name)?.show(knob.value);
      this.#controls.get(knob.name)?.enable(isRunning);
    }
  }

  /** @param {KnobState} knob @returns {Control} */
  #control(knob) {
    const turn = (/** @type {any} */ value) => this.panel.head.orders.knob({ key: knob.name, value });
    if (knob.choices) return choice(knob, knob.choices, turn);
    return knob.min !== null && knob.max !== null ? slider(knob, knob.min, knob.max, turn) : field(knob, turn);
  }
}

/**
 * Where a value stands on its slider, 0 to 1.
 * @param {{ log: boolean }} knob
 * @param {number} min
 * @param {number} max
 * @param {number} value
 */
export function shareOf({ log }, min, max, value) {
  return log ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min);
}

/**
 * The value at a place of the slider, with three significant digits: nobody means more.
 * @param {{ log: boolean, whole: boolean }} knob
 * @param {number} min
 * @param {number} max
 * @param {number} share
 */
export function valueAt({ log, whole }, min, max, share) {
  if (share <= 0) return min;
  if (share >= 1) return max;
  const value = log ? min * (max / min) ** share : min + (max - min) * share;
  return whole ? Math.round(value) : Math.min(max, Math.max(min, Number(value.toPrecision(3))));
}

/**
 * @param {KnobState} knob
 * @param {number} min
 * @param {number} max
 * @param {(value: number) => Promise<boolean>} turn
 * @returns {Control}
 */
function slider(knob, min, max, turn) {
  let held = false;
  let last = knob.value;
  const value = h("output", { class: "nbt-live-knob-value" });
  const input = h("input", { type: "range", min: 0, max: PARTS, step: 1, "aria-label": `Knob ${knob.name}` });
  const shown = () => valueAt(knob, min, max, Number(input.value) / PARTS);
  const tell = (/** @type {number} */ now) => {
    setText(value, formatNumber(now));
    input.setAttribute("aria-valuetext", formatNumber(now));
  };
  const show = (/** @type {number} */ now) => {
    last = now;
    if (held) return; // the reader's hand is on it
    input.value = String(Math.round(shareOf(knob, min, max, now) * PARTS));
    tell(now);
  };
  input.addEventListener("input", () => {
    held = true;
    tell(shown());
  });
  input.addEventListener("change", async () => {
    const done = await turn(shown());
    held = false;
    if (!done) show(last);
  });
  return { root: framed(knob, input, value), show, enable: (on) => enable(input, on) };
}

/**
 * @param {KnobState} knob
 * @param {any[]} choices
 * @param {(value: any) => Promise<boolean>} turn
 * @returns {Control}
 */
function choice(knob, choices, turn) {
  const options = choices.map((each, i) => h("option", { value: i }, String(each)));
  const input = h("select", { "aria-label": `Knob ${knob.name}` }, options);
  const show = (/** @type {any} */ now) => {
    input.selectedIndex = choices.indexOf(now);
  };
  input.addEventListener("change", () => turn(choices[input.selectedIndex]));
  return { root: framed(knob, input), show, enable: (on) => enable(input, on) };
}

/**
 * @param {KnobState} knob
 * @param {(value: any) => Promise<boolean>} turn
 * @returns {Control}
 */
function field(knob, turn) {
  const isText = typeof knob.value === "string";
  const input = h("input", { type: isText ? "text" : "number", step: "any", "aria-label": `Knob ${knob.name}` });
  let last = knob.value;
  const show = (/** @type {any} */ now) => {
    last = now;
    if (input.getRootNode() instanceof Document && document.activeElement === input) return;
    input.value = String(now);
  };
  input.addEventListener("keydown", (event) => event.stopPropagation());
  input.addEventListener("change", async () => {
    if (!(await turn(isText ? input.value : Number(input.value)))) input.value = String(last);
  });
  return { root: framed(knob, input), show, enable: (on) => enable(input, on) };
}

/**
 * @param {KnobState} knob
 * @param {...HTMLElement} inside
 */
function framed(knob, ...inside) {
  return h("label", { class: "nbt-live-knob" }, h("span", { class: "nbt-live-key" }, knob.name), ...inside);
}

/**
 * @param {HTMLInputElement | HTMLSelectElement} input
 * @param {boolean} on
 */
function enable(input, on) {
  input.disabled = !on;
}
