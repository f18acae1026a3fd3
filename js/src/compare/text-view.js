// Two texts beside or under each other, with what changed marked.

import { h, replace } from "../kit/dom.js";
import { plural } from "../kit/format.js";
import { diffTexts, folded } from "./text-diff.js";

/**
 * @typedef {import("./text-diff.js").Line} Line
 * @typedef {import("./text-diff.js").Side} Side
 * @typedef {"split" | "unified"} Layout
 */

const AROUND = 3;
const MOST_LINES = 3000;

/**
 * @param {string} before
 * @param {string} after
 * @param {Layout} layout
 * @returns {HTMLElement}
 */
export function textDiffView(before, after, layout) {
  const diff = diffTexts(before, after);
  /** @type {Set<number>} */
  const opened = new Set();
  const body = h("div", {
    class: `nbt-cmp-code nbt-cmp-${layout}`,
    role: "table",
    "aria-label": "Changes of the text",
  });
  const draw = () => {
    const shown = folded(diff.lines, AROUND, opened);
    const rows = shown.slice(0, MOST_LINES).map((item) => {
      if (typeof item === "number") return lineEls(/** @type {Line} */ (diff.lines[item]), layout);
      return gapEl(item.count, () => {
        opened.add(item.from);
        draw();
      });
    });
    const left = shown.length - MOST_LINES;
    replace(
      body,
      rows.flat(),
      left > 0 ? h("p", { class: "nbt-cmp-note" }, `${plural(left, "more line")} not shown`) : null,
    );
  };
  draw();
  const same = !diff.added && !diff.removed;
  const said = same ? "The texts are the same." : diff.whole ? "The texts have hardly anything in common." : "";
  return h(
    "div",
    {},
    h(
      "p",
      { class: "nbt-cmp-note" },
      same ? null : h("span", { class: "nbt-cmp-plus" }, `+${diff.added} `),
      same ? null : h("span", { class: "nbt-cmp-minus" }, `−${diff.removed} `),
      said,
    ),
    body,
  );
}

/** @param {number} count @param {() => void} open */
function gapEl(count, open) {
  return h(
    "button",
    { class: "nbt-cmp-fold", type: "button", on: { click: open } },
    `⋯ ${plural(count, "equal line")}`,
  );
}

/** @param {Line} line @param {Layout} layout */
function lineEls(line, layout) {
  if (layout === "split") {
    return [
      h(
        "div",
        { class: "nbt-cmp-two", role: "row" },
        half(line.before, line.kind === "same" ? "" : "removed"),
        half(line.after, line.kind === "same" ? "" : "added"),
      ),
    ];
  }
  if (line.kind === "same") return [one(line.before, line.after, "")];
  return [
    line.before ? one(line.before, null, "removed") : null,
    line.after ? one(null, line.after, "added") : null,
  ].filter((each) => each !== null);
}

/** @param {Side | null} side @param {"" | "added" | "removed"} kind */
function half(side, kind) {
  return h(
    "div",
    { class: `nbt-cmp-half${side ? (kind ? ` nbt-cmp-${kind}` : "") : " nbt-cmp-none"}`, role: "cell" },
    h("span", { class: "nbt-cmp-no", "aria-hidden": "true" }, side ? side.number : ""),
    side ? codeEl(side, kind) : null,
  );
}

/** @param {Side | null} before @param {Side | null} after @param {"" | "added" | "removed"} kind */
function one(before, after, kind) {
  const side = /** @type {Side} */ (after ?? before);
  return h(
    "div",
    { class: `nbt-cmp-half${kind ? ` nbt-cmp-${kind}` : ""}`, role: "row" },
    h("span", { class: "nbt-cmp-no", "aria-hidden": "true" }, before ? before.number : ""),
    h("span", { class: "nbt-cmp-no", "aria-hidden": "true" }, after ? after.number : ""),
    codeEl(side, kind),
  );
}

/** @param {Side} side @param {"" | "added" | "removed"} kind */
function codeEl(side, kind) {
  const sign = kind === "added" ? "+" : kind === "removed" ? "−" : " ";
  const tag = kind === "added" ? "ins" : kind === "removed" ? "del" : "span";
  return h(
    tag,
    { class: "nbt-cmp-text" },
    h("span", { class: "nbt-cmp-sign", "aria-hidden": "true" }, sign),
    side.words.map(([text, changed]) => (changed ? h("mark", {}, text) : text)),
  );
}
