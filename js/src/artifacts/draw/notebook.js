// Notebooks: cells and outputs. Their HTML stays closed until it is asked for, and then stands in a frame without rights.

import { h } from "../../kit/dom.js";
import { CodeBlock } from "./code.js";
import { safeFrame } from "./frame.js";
import { prose } from "./markdown.js";

const PICTURES = /^image\/(png|jpeg|gif|webp)$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of terminals begin with ESC
const ANSI = /\u001b\[[0-9;]*[A-Za-z]/g;

/** @param {import("../preview.js").Look} look */
export function drawNotebook(look) {
  const { facts } = look;
  return h(
    "div",
    { class: "nbt-notebook" },
    facts.cells.map((/** @type {any} */ cell) => drawCell(cell, look)),
  );
}

/** @param {any} cell @param {import("../preview.js").Look} look */
function drawCell(cell, look) {
  if (cell.type === "markdown") return h("div", { class: "nbt-look-cell" }, h("span", {}), prose(cell.source, look));
  const block = new CodeBlock(look.until, { language: cell.type === "code" ? look.facts.language : "" });
  block.add(cell.source);
  return h(
    "div",
    { class: "nbt-look-cell" },
    h("span", { class: "nbt-look-cell-count" }, cell.type === "code" ? `[${cell.count ?? " "}]` : ""),
    h(
      "div",
      {},
      h("div", { class: "nbt-fence" }, block.el),
      (cell.outputs ?? []).map((/** @type {any} */ output) => drawOutput(output, look)),
    ),
  );
}

/** @param {any} output @param {import("../preview.js").Look} look */
function drawOutput(output, look) {
  if (output.picture) return picture(output, look);
  if (output.error !== undefined)
    return h("pre", { class: "nbt-look-cell-out nbt-look-cell-error" }, output.error.replace(ANSI, ""));
  const text = h("pre", { class: "nbt-look-cell-out" }, (output.text ?? "").replace(ANSI, ""));
  if (!output.html) return text;
  const open = h("button", { class: "nbt-plain", type: "button" }, "Show as HTML");
  const stage = h("div", { class: "nbt-look-cell-html" }, text, open);
  open.addEventListener("click", () =>
    stage.replaceChildren(safeFrame(output.html, { title: "Output, shown without rights" })),
  );
  return stage;
}

/** @param {any} output @param {import("../preview.js").Look} look */
function picture({ picture: data, mime }, look) {
  const image = h("img", { class: "nbt-look-cell-picture", alt: "Output" });
  if (mime === "image/svg+xml") {
    image.src = look.url(new Blob([data], { type: mime }));
    return image;
  }
  const packed = data.replace(/\s/g, "");
  if (PICTURES.test(mime) && /^[\w+/=]+$/.test(packed)) image.src = `data:${mime};base64,${packed}`;
  return image;
}
