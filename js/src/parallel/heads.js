// The titles of the axes: click inverts, drag moves, drag off hides, keys do all of it.

import { focused, h, icon, replace, setAttribute, setText } from "../kit/dom.js";
import { react } from "../kit/model.js";
import { brushWords } from "./brush.js";

/**
 * @typedef {import("./parallel.js").ParallelPlot} ParallelPlot
 * @typedef {import("./axes.js").Axis} Axis
 */

const SLACK = 4; // pixels before a press is a drag
const OFF = 70; // pixels up or down before an axis is dragged off
const OPENS = /^[\d<>=.\-≥≤]$/;
const KIND_WORDS = { linear: "", log: "log", rank: "percentile", time: "time", category: "", boolean: "" };

export class Heads {
  /** @type {Map<string, HTMLElement>} */
  #heads = new Map();
  #current = "";

  /** @param {ParallelPlot} plot */
  constructor(plot) {
    this.plot = plot;
    this.el = h("div", {
      class: "nbt-par-heads",
      role: "group",
      "aria-label": "Axes. Arrow keys go from axis to axis, Enter brushes, I inverts, Delete hides.",
    });
    this.el.addEventListener("keydown", (event) => this.#press(event));
    this.el.addEventListener("pointerdown", (event) => this.#drag(event));
    this.el.addEventListener("click", (event) => this.#click(event));
    react(plot.view.until, () => this.#draw());
  }

  #draw() {
    const { layers, state } = this.plot;
    const axes = state.shown.value;
    const { gap, xs } = layers.geometry.value;
    const hadFocus = this.el.contains(focused(this.el));
    const gone = new Set(this.#heads.keys());
    for (const [i, axis] of axes.entries()) {
      gone.delete(axis.id);
      let head = this.#heads.get(axis.id);
      if (!head) {
        head = makeHead(axis);
        this.#heads.set(axis.id, head);
        this.el.append(head);
      }
      this.#tell(head, axis, i);
      head.style.width = `${gap - 6}px`;
      head.style.left = `${(xs[i] ?? 0) - (gap - 6) / 2}px`;
    }
    for (const id of gone) {
      this.#heads.get(id)?.remove();
      this.#heads.delete(id);
    }
    if (!axes.some(({ id }) => id === this.#current)) this.#current = axes[0]?.id ?? "";
    this.#rove(hadFocus && gone.size > 0);
  }

  /** @param {HTMLElement} head @param {Axis} axis @param {number} i */
  #tell(head, axis, i) {
    const { state } = this.plot;
    const pieces = state.brushes.value[i] ?? [];
    const goal = state.goalOf(axis);
    const [title, menu] = /** @type {HTMLElement[]} */ ([...head.querySelectorAll("button")]);
    const detail = /** @type {HTMLElement} */ (head.querySelector(".nbt-par-detail"));
    if (!title || !menu) return;
    setText(/** @type {HTMLElement} */ (title.querySelector(".nbt-label")), axis.label);
    title.title = `${axis.label}: click inverts, drag moves, drag up or down hides`;
    const brushed = pieces.length ? brushWords(pieces, axis.texts.length ? String : axis.format) : "";
    const better = goal ? `${goal === "min" ? "lower" : "higher"} is better` : "";
    const parts = [
      axis.field.kind === "metric" ? state.view.statisticOf(axis.field.key) : "",
      KIND_WORDS[axis.kind],
      axis.others.length ? `${axis.distinct} values` : "",
      axis.inverted ? "inverted" : "",
    ].filter(Boolean);
    const words = brushed || parts.join(" · ");
    replace(detail, goal && !brushed ? icon(goal === "min" ? "low" : "high", 11) : null, h("span", {}, words));
    detail.classList.toggle("nbt-par-brushed", brushed !== "");
    detail.title = brushed || [...parts, better].filter(Boolean).join(", ");
    const ends = axis.texts.length
      ? `${axis.distinct} values`
      : `${axis.format(axis.valueAt(0))} to ${axis.format(axis.valueAt(1))}`;
    const said = [axis.label, ends, ...parts, better, brushed ? `brushed ${brushed}` : ""].filter(Boolean);
    setAttribute(title, "aria-label", said.join(", "));
    setAttribute(menu, "aria-label", `Options of ${axis.label}`);
  }

  /** One head is in the order of the Tab key. @param {boolean} focus */
  #rove(focus) {
    for (const [id, head] of this.#heads) {
      const tab = id === this.#current ? 0 : -1;
      for (const button of head.querySelectorAll("button")) button.tabIndex = tab;
      if (focus && tab === 0) head.querySelector("button")?.focus();
    }
  }

  /** @param {EventTarget | null} target */
  #axisOf(target) {
    const head = target instanceof Element ? target.closest(".nbt-par-head") : null;
    const id = head instanceof HTMLElement ? head.dataset.axis : undefined;
    return this.plot.state.shown.value.find((axis) => axis.id === id);
  }

  /** @param {string} id */
  focus(id) {
    this.#current = id;
    this.#rove(true);
  }

  /** The pointer used an axis: keys start from it, but the focus is not drawn around its title. @param {string} id */
  use(id) {
    this.#current = id;
    this.#rove(false);
    this.plot.layers.el.focus({ preventScroll: true });
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const axis = this.#axisOf(event.target);
    if (!axis || !(event.target instanceof Element)) return;
    this.#current = axis.id;
    this.#rove(false);
    const menu = event.target.closest(".nbt-par-menu");
    if (menu) this.plot.openAxisMenu(axis, menu);
    else if (event.target.closest(".nbt-par-title") && !this.#wasDragged) this.plot.state.invert(axis.id);
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const axis = this.#axisOf(event.target);
    if (!axis || event.ctrlKey || event.metaKey || !(event.target instanceof Element)) return;
    if (event.target.closest(".nbt-par-menu") && (event.key === "Enter" || event.key === " ")) return;
    const { state } = this.plot;
    const axes = state.ids();
    const at = axes.indexOf(axis.id);
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -at, End: axes.length - 1 - at }[event.key];
    const head = this.#heads.get(axis.id) ?? this.el;
    if (step !== undefined) {
      if (event.shiftKey || event.altKey) state.move(axis.id, at + step);
      else this.#current = axes[at + step] ?? axis.id;
      this.#rove(true);
    } else if (event.key === "Enter" || event.key === "F2") this.plot.openRange(axis, head);
    else if (event.key === "ArrowDown") this.plot.openAxisMenu(axis, head);
    else if (event.key === "Delete") this.#hide(axis.id, at);
    else if (event.key === "Backspace") state.brush(axis, []);
    else if (event.key === "i" || event.key === "I") state.invert(axis.id);
    else if (OPENS.test(event.key) || (axis.texts.length && /^\p{L}$/u.test(event.key))) {
      this.plot.openRange(axis, head, event.key);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {string} id @param {number} at */
  #hide(id, at) {
    const { state } = this.plot;
    const axes = state.ids();
    this.#current = axes[at + 1] ?? axes[at - 1] ?? "";
    state.hide(id);
    this.#rove(true);
  }

  #wasDragged = false;

  /** @param {PointerEvent} event */
  #drag(event) {
    const axis = this.#axisOf(event.target);
    if (!axis || event.button !== 0 || !(event.target instanceof Element) || event.target.closest(".nbt-par-menu"))
      return;
    this.#wasDragged = false;
    const { layers, state, stage } = this.plot;
    const head = this.#heads.get(axis.id);
    if (!head) return;
    const moves = new AbortController();
    const { signal } = moves;
    let off = false;
    const move = (/** @type {PointerEvent} */ to) => {
      const away = Math.hypot(to.clientX - event.clientX, to.clientY - event.clientY);
      if (!this.#wasDragged && away < SLACK) return;
      this.#wasDragged = true;
      off = Math.abs(to.clientY - event.clientY) > OFF;
      const { gap } = layers.geometry.value;
      const x = to.clientX - stage.getBoundingClientRect().left;
      const ids = off ? state.ids().filter((id) => id !== axis.id) : state.ordered(axis.id, Math.floor(x / gap));
      if (ids.join("\n") !== state.preview.value?.join("\n")) state.preview.value = ids;
      head.classList.add("nbt-par-dragged");
    };
    const end = (/** @type {boolean} */ keep) => {
      moves.abort();
      head.classList.remove("nbt-par-dragged");
      const ids = state.preview.value;
      state.preview.value = null;
      if (keep && this.#wasDragged && ids) state.axes.value = ids;
      // the click that follows a drag must not invert
      setTimeout(() => {
        this.#wasDragged = false;
      });
    };
    // the head may leave the page while it is dragged off, so the window is asked
    globalThis.addEventListener("pointermove", move, { signal });
    globalThis.addEventListener("pointerup", () => end(true), { signal });
    globalThis.addEventListener("pointercancel", () => end(false), { signal });
    globalThis.addEventListener("keydown", (key) => key.key === "Escape" && end(false), { signal, capture: true });
    this.plot.view.until.addEventListener("abort", () => moves.abort(), { once: true, signal });
  }
}

/** @param {Axis} axis */
function makeHead({ id }) {
  return h(
    "div",
    { class: "nbt-par-head", data: { axis: id } },
    h(
      "span",
      { class: "nbt-par-row" },
      h("button", { class: "nbt-par-title", type: "button", tabindex: -1 }, h("span", { class: "nbt-label" })),
      h("button", { class: "nbt-par-menu", type: "button", tabindex: -1, "aria-haspopup": "menu" }, icon("down", 11)),
    ),
    h("span", { class: "nbt-par-detail" }),
  );
}
