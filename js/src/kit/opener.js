// Buttons that open a menu or a picker.

import { h, icon, setAttribute } from "./dom.js";

const REOPEN = 250; // ms

/**
 * A button that opens something, and closes it when pressed again.
 * @param {Parameters<typeof icon>[0]} picture
 * @param {string} label
 * @param {(at: HTMLElement, onClose: () => void) => void} open
 */
export function opener(picture, label, open) {
  const word = h("span", { class: "nbt-word" }, label);
  const props = {
    class: "nbt-button",
    type: "button",
    "aria-haspopup": "true",
    "aria-expanded": "false",
    title: label,
  };
  const el = h("button", props, icon(picture), word);
  let closed = Number.NEGATIVE_INFINITY;
  el.addEventListener("click", () => {
    // pressing the button has just closed it
    if (performance.now() - closed < REOPEN) return;
    open(el, () => {
      closed = performance.now();
      setAttribute(el, "aria-expanded", "false");
    });
    setAttribute(el, "aria-expanded", "true");
  });
  return el;
}
