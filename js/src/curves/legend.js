// The lines by name: hovering lifts one out, a click switches it off, Alt+click leaves it alone.

import { focused, h, replace } from "../kit/dom.js";
import { react } from "../kit/model.js";
import { walk } from "../kit/popover.js";
import { groupsOf } from "./lines.js";
import { DASHES } from "./state.js";

/**
 * @typedef {import("./curves.js").CurvesPlot} CurvesPlot
 * @typedef {import("./state.js").CurvesState} CurvesState
 */

const MOST = 60;

/** @param {CurvesPlot} plot */
export function legend(plot) {
  const { state, view } = plot;
  const el = h("div", { class: "nbt-curve-legend", role: "group", "aria-label": "Lines" });
  const more = h("button", { class: "nbt-plain nbt-curve-more", type: "button", hidden: true });
  const isOpen = () => el.classList.contains("nbt-open");
  const measure = () => {
    more.hidden = !isOpen() && el.scrollHeight <= el.clientHeight;
    more.textContent = isOpen() ? "Fewer lines" : `All ${el.querySelectorAll("[data-group]").length} lines`;
    more.setAttribute("aria-expanded", String(isOpen()));
  };
  more.addEventListener("click", () => {
    el.classList.toggle("nbt-open");
    measure();
  });
  const watch = new ResizeObserver(measure);
  watch.observe(el);
  view.until.addEventListener("abort", () => watch.disconnect(), { once: true });
  let told = "";
  react(view.until, () => {
    view.store.revision.value;
    const groups = groupsOf(state, state.drawn.value);
    const hidden = state.hidden.value;
    const keys = [...colourKeys(state), ...dashKeys(state)];
    const lines = groups.slice(0, MOST).map((group, place) => {
      const [first = 0] = group.rows;
      const isOn = !hidden.has(group.id);
      const count = group.rows.length > 1 ? ` (${group.rows.length})` : "";
      return h(
        "button",
        {
          class: "nbt-curve-line",
          type: "button",
          tabindex: place ? -1 : 0, // one stop for Tab; arrow keys go on from there
          "aria-pressed": String(isOn),
          title: `${group.label}${count}: click switches it off and on, Alt+click leaves it alone`,
          data: { group: group.id },
        },
        swatch(state.colourOf(first), state.dashOf(first)),
        h("span", {}, group.label),
        count,
      );
    });
    const rest =
      groups.length > MOST ? h("span", { class: "nbt-curve-key" }, `and ${groups.length - MOST} more`) : null;
    // new elements only for news: a run that goes on must not take the line from under the pointer, nor the focus
    const tells = [...keys, ...lines].map((each) => each.outerHTML).join("");
    if (tells === told) return;
    told = tells;
    const before = groupOf(focused(el));
    replace(el, ...keys, ...lines, rest);
    const again = before === undefined ? null : [...el.children].find((line) => groupOf(line) === before);
    /** @type {HTMLElement | undefined | null} */ (again)?.focus({ preventScroll: true });
    measure();
  });
  el.addEventListener("keydown", (event) => walk(event, el, "[data-group]", true));
  el.addEventListener("click", (event) => {
    const id = groupAt(event);
    if (id !== undefined) toggle(plot, id, event.altKey);
  });
  el.addEventListener("pointerover", (event) => {
    const id = groupAt(event);
    view.hovered.value = id === undefined ? null : plot.runOf(id);
  });
  el.addEventListener("pointerleave", () => {
    view.hovered.value = null;
  });
  react(view.until, () => {
    const group = plot.groupOf(view.hovered.value);
    for (const line of el.querySelectorAll("[data-group]")) {
      line.classList.toggle("nbt-near", /** @type {HTMLElement} */ (line).dataset.group === group);
    }
  });
  return h("div", { class: "nbt-curve-names" }, el, more);
}

/** What the colours mean. @param {CurvesState} state */
function colourKeys(state) {
  const { legend: values = [], ramp } = state.colouring.value ?? {};
  if (!values.length) return [];
  const name = keyOf(`${state.colourField.value?.label}:`);
  if (!ramp) return [name, ...values.map(({ text, colour }) => keyOf(swatch(colour, []), text))];
  const bar = h("i", { class: "nbt-curve-ramp", style: { background: `linear-gradient(90deg, ${ramp})` } });
  return [name, keyOf(values[0]?.text ?? "", bar, values.at(-1)?.text ?? "")];
}

/** What the dashes mean. @param {CurvesState} state */
function dashKeys(state) {
  const values = state.dashValues.value;
  if (!values.length) return [];
  const shown = values.slice(0, DASHES.length);
  const rest = values.length > shown.length ? [keyOf(`and ${values.length - shown.length} more`)] : [];
  const name = state.field(state.dashBy.value)?.label ?? state.dashBy.value;
  return [keyOf(`${name}:`), ...shown.map((text, i) => keyOf(swatch("currentColor", DASHES[i] ?? []), text)), ...rest];
}

/** @param {...(Node | string)} parts */
function keyOf(...parts) {
  return h("span", { class: "nbt-curve-key" }, parts);
}

/** @param {Event} event */
function groupAt(event) {
  return groupOf(/** @type {Element} */ (event.target).closest("[data-group]"));
}

/** @param {Element | null} line */
function groupOf(line) {
  return /** @type {HTMLElement | null} */ (line)?.dataset.group;
}

/** @param {CurvesPlot} plot @param {string} id @param {boolean} alone */
function toggle({ state }, id, alone) {
  const hidden = new Set(state.hidden.value);
  if (alone) {
    const others = groupsOf(state, state.drawn.value)
      .map((group) => group.id)
      .filter((other) => other !== id);
    const isAlone = !hidden.has(id) && others.every((other) => hidden.has(other));
    state.hidden.value = new Set(isAlone ? [] : others);
    return;
  }
  if (!hidden.delete(id)) hidden.add(id);
  state.hidden.value = hidden;
}

/** @param {string} colour @param {number[]} dash */
function swatch(colour, dash) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  for (const [name, value] of Object.entries({ width: 18, height: 8, viewBox: "0 0 18 8", "aria-hidden": "true" })) {
    svg.setAttribute(name, String(value));
  }
  const looks = { d: "M1 4H17", stroke: colour, "stroke-width": 2.5, "stroke-dasharray": dash.join(" ") || "none" };
  for (const [name, value] of Object.entries(looks)) line.setAttribute(name, String(value));
  svg.append(line);
  return svg;
}
