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

/**
 * Scroll a list so far that a row of it is seen; the page stays where it is.
 * @param {HTMLElement} list its rows are placed in it, so it is `position: relative`
 * @param {HTMLElement | null} row
 * @param {number} [head] pixels at the top that cover rows
 */
export function intoSight(list, row, head = 0) {
  if (!row) return;
  const over = row.offsetTop - head - list.scrollTop;
  const under = row.offsetTop + row.offsetHeight - list.clientHeight - list.scrollTop;
  if (over < 0) list.scrollTop += over;
  else if (under > 0) list.scrollTop += under;
}

/** @param {Element} el */
function nameOf(el) {
  return /** @type {HTMLElement} */ (el).dataset.key ?? el.getAttribute("aria-label") ?? el.textContent ?? "";
}
