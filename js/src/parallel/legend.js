// What the colours mean.

import { h, icon } from "../kit/dom.js";

const MOST = 5;

/**
 * The inside of the button that chooses the colours.
 * @param {import("./colours.js").Colouring} colouring
 * @param {import("../runs/catalog.js").Field | undefined} field
 */
export function legend({ categories, range }, field) {
  return [
    h("span", { class: "nbt-par-colour-name" }, field ? field.label : "One colour"),
    range
      ? h(
          "span",
          { class: "nbt-par-scale" },
          h("span", {}, range.low),
          h("i", { style: { background: `linear-gradient(to right, ${range.stops.join(", ")})` } }),
          h("span", {}, range.high),
        )
      : null,
    ...categories
      .slice(0, MOST)
      .map(({ text, colour }) =>
        h(
          "span",
          { class: "nbt-par-key", title: text },
          h("i", { style: { background: colour } }),
          h("span", {}, text),
        ),
      ),
    categories.length > MOST ? h("span", { class: "nbt-par-key" }, `+${categories.length - MOST}`) : null,
    icon("down", 11),
  ];
}
