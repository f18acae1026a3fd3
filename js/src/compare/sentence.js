// What changed, in a sentence on top: about all runs, and about the one that the reader looks at.

import { h, replace } from "../kit/dom.js";
import { react } from "../kit/model.js";

/**
 * @typedef {import("./state.js").CompareState} CompareState
 * @typedef {import("./data.js").Sentence} Told
 */

/**
 * @param {CompareState} state
 * @returns {HTMLElement}
 */
export function sentenceEl(state) {
  const all = h("p", { class: "nbt-cmp-sentence", "aria-live": "polite" });
  const one = h("p", { class: "nbt-cmp-sentence nbt-cmp-second", "aria-live": "polite" });
  const el = h("div", { class: "nbt-cmp-told" }, all, one);
  react(state.until, () => {
    const told = state.sentence("");
    replace(all, partsOf(told));
    const run = state.runs.value.length > 2 ? state.pane.value?.run || lookedAt(state) : "";
    const about = run && run !== state.base.value ? state.sentence(run) : null;
    replace(one, partsOf(about));
    all.hidden = !told;
    one.hidden = !about;
    el.hidden = !told && !about;
  });
  return el;
}

/** @param {CompareState} state */
function lookedAt(state) {
  const place = state.active.value;
  return place && place.column > 0 ? state.runAt(place.column) : "";
}

/** @param {Told | null} told */
function partsOf(told) {
  return (told ?? []).map(([text, tone]) => (tone ? h("span", { class: `nbt-cmp-${tone}` }, text) : text));
}

/** @param {Told | null} told */
export function plainText(told) {
  return (told ?? []).map(([text]) => text).join("");
}
