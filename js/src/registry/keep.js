// What is drawn anew while somebody is in it: the focus and the place in a long list stay.

import { focused } from "../kit/dom.js";

/**
 * @param {HTMLElement} el
 * @param {() => void} draw replaces what is in `el`
 */
export function keepingPlace(el, draw) {
  const before = focused(el);
  const name = before && el.contains(before) ? nameOf(before) : "";
  const { scrollTop } = el;
  draw();
  if (scrollTop) el.scrollTop = scrollTop;
  if (!name) return;
  const same = /** @type {HTMLElement[]} */ ([...el.querySelectorAll("a, button, input, select, summary")]);
  same.find((each) => nameOf(each) === name)?.focus({ preventScroll: true });
}

/** @param {Element} el */
function nameOf(el) {
  return /** @type {HTMLElement} */ (el).dataset.key ?? el.getAttribute("aria-label") ?? el.textContent ?? "";
}
