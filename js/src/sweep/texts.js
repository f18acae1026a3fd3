// What the head of a sweep says.

import { formatCount, formatDuration, formatNumber, plural } from "../kit/format.js";

/** @typedef {import("./sweep.js").Standing} Standing */

/** @param {Standing} standing */
export function progressText({ before, done, failed, pruned, total }) {
  return [
    `${formatCount(done)} of ${plural(total, "trial")}`,
    before ? `${formatCount(before)} from before` : "",
    failed ? `${formatCount(failed)} failed` : "",
    pruned ? `${formatCount(pruned)} pruned` : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

/** Seconds that are left, as known `passed` seconds ago. @param {Standing} standing @param {number} passed */
export function leftText({ eta, state }, passed) {
  if (eta === null || state !== "running") return "";
  const left = eta - passed;
  return left < 1 ? "about done" : `${formatDuration(Math.ceil(left))} left`;
}

/** @param {string} text */
export function paramText(text) {
  const number = Number(text);
  return text.trim() && Number.isFinite(number) ? formatNumber(number) : text;
}
