// What differs between two versions: metrics with the direction that is better, params as they were.

import { h } from "../kit/dom.js";
import { formatNumber } from "../kit/format.js";

/** @typedef {import("./state.js").Metric} Metric */

const MOST = 100;

/**
 * @param {{ metrics: { key: string, before: Metric | null, after: Metric | null, better: boolean | null }[],
 *   params: { key: string, before: string | null, after: string | null }[] }} found
 * @param {number} from
 * @param {number} to
 */
export function differences({ metrics, params }, from, to) {
  if (metrics.length + params.length === 0)
    return h("p", { class: "nbt-reg-quiet" }, "Metrics and params are the same, or were not recorded.");
  const rows = [
    ...metrics.map((each) => metricRow(each)),
    ...params.map(({ key, before, after }) =>
      h("tr", {}, h("th", { scope: "row", title: key }, key), text(before), text(after), h("td", {})),
    ),
  ];
  return h(
    "div",
    { class: "nbt-reg-differences" },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("td", {}),
          h("th", { scope: "col" }, `version ${from}`),
          h("th", { scope: "col" }, `version ${to}`),
          h("td", {}),
        ),
      ),
      h("tbody", {}, ...rows.slice(0, MOST)),
    ),
    rows.length > MOST ? h("small", {}, `and ${rows.length - MOST} more`) : null,
  );
}

/** @param {{ key: string, before: Metric | null, after: Metric | null, better: boolean | null }} row */
function metricRow({ key, before, after, better }) {
  const change = typeof before === "number" && typeof after === "number" ? after - before : null;
  const look = better === null ? "" : better ? "nbt-reg-holds" : "nbt-reg-problem";
  const arrow = change === null ? "" : `${change > 0 ? "▲ +" : "▼ "}${formatNumber(change)}`;
  return h(
    "tr",
    {},
    h("th", { scope: "row", title: key }, key),
    number(before),
    number(after),
    h("td", { class: look, title: better === null ? null : better ? "better" : "worse" }, arrow),
  );
}

/** @param {Metric | null} value */
function number(value) {
  return h("td", { class: "nbt-reg-number" }, value === null ? "–" : formatNumber(Number(value)));
}

/** @param {string | null} value */
function text(value) {
  return h("td", { title: value }, value ?? "–");
}
