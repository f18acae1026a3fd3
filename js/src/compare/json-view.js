// What differs between two JSON files, path by path.

import { h } from "../kit/dom.js";
import { plural } from "../kit/format.js";
import { diffJson } from "./json-diff.js";

const MOST = 500;
const LONG = 300;

/**
 * @param {any} before
 * @param {any} after
 * @param {[string, string]} labels
 * @returns {HTMLElement}
 */
export function jsonDiffView(before, after, labels) {
  const { changes, same, cut } = diffJson(before, after);
  if (!changes.length) return h("p", { class: "nbt-cmp-note" }, "The values are the same; only the spelling differs.");
  const rows = changes
    .slice(0, MOST)
    .map(({ path, kind, before: old, after: now }) =>
      h(
        "tr",
        { class: `nbt-cmp-${kind}` },
        h("th", { scope: "row" }, path),
        h("td", {}, kind === "added" ? "–" : text(old)),
        h("td", {}, kind === "removed" ? "–" : text(now)),
      ),
    );
  const left = changes.length - MOST;
  const note = `${plural(changes.length, "path")}${cut ? " or more" : ""} differ${changes.length === 1 ? "s" : ""}, ${same} the same`;
  return h(
    "div",
    {},
    h("p", { class: "nbt-cmp-note" }, note),
    h(
      "table",
      { class: "nbt-cmp-paths" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, "path"),
          labels.map((label) => h("th", { scope: "col" }, label)),
        ),
      ),
      h("tbody", {}, rows),
    ),
    left > 0 ? h("p", { class: "nbt-cmp-note" }, `${plural(left, "more path")} not shown`) : null,
  );
}

/** @param {any} value */
function text(value) {
  const said = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return said.length > LONG ? `${said.slice(0, LONG - 1)}…` : said;
}
