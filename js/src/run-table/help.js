import { h } from "../kit/dom.js";

const KEYS = /** @type {[string, string][]} */ ([
  ["↑ ↓ ← →", "move"],
  ["Home End, Ctrl + arrows", "to the edge"],
  ["PageUp PageDown", "a page"],
  ["Space, Shift + ↑ ↓", "select"],
  ["Ctrl A", "select all on view"],
  ["Enter", "edit name, note or tags; details elsewhere"],
  ["Ctrl Enter", "details"],
  ["→ ← on a name", "open and close a group or children"],
  ["Enter on a heading", "sort; Shift adds a column"],
  ["Alt ← → on a heading", "move the column"],
  ["Alt ↓ on a heading", "column menu"],
  ["S", "pin the run to the top"],
  ["Del", "move to the trash"],
  ["Ctrl Z", "undo"],
  ["Ctrl C", "copy as CSV"],
  ["/", "filter"],
  ["Esc", "close, clear"],
]);
const EXAMPLES = [
  "metrics.acc > 0.9 and params.lr < 0.01",
  "status = 'FAILED' or metrics.loss.min IS NULL",
  "params.model IN ('resnet', 'vit') and start_time > now - 2d",
  "name LIKE '%warmup%'",
  "#43",
];

/** The keys, and what a filter looks like. */
export function helpContent() {
  return h(
    "div",
    { class: "nbt-help" },
    h(
      "dl",
      { class: "nbt-facts" },
      KEYS.flatMap(([keys, what]) => [h("dt", {}, keys), h("dd", {}, what)]),
    ),
    h("div", { class: "nbt-card-head" }, "Filters"),
    ...EXAMPLES.map((text) => h("code", { class: "nbt-example" }, text)),
  );
}
