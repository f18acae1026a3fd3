// Drawings that are tables of facts: archives, pickles, tensors, models.

import { h } from "../../kit/dom.js";
import { formatCount, plural } from "../../kit/format.js";
import { sizeText } from "../bytes.js";
import { CodeBlock } from "./code.js";
import { factList, plainTable } from "./parts.js";

/** @typedef {import("../preview.js").Look} Look */

/** @param {Look} look */
export function drawArchive({ facts }) {
  const rows = facts.entries.map((/** @type {any} */ entry) => [
    entry.path,
    sizeText(entry.size),
    entry.packed === null ? "" : sizeText(entry.packed),
    entry.time,
  ]);
  const heads = [{ text: "Entry" }, { text: "Size", right: true }, { text: "Packed", right: true }, { text: "Time" }];
  const count = facts.n_entries === null ? "many entries" : plural(facts.n_entries, "entry", "entries");
  return [
    h(
      "p",
      { class: "nbt-look-brief" },
      `${count}, ${sizeText(facts.unpacked)} unpacked. Only the table of contents was read.`,
    ),
    plainTable(heads, rows, "Entries"),
  ];
}

/** @param {Look} look */
export function drawPickle({ facts }) {
  const risky = facts.globals.filter((/** @type {any} */ each) => each.risky).length;
  const warning = risky
    ? `Loading this file would import ${plural(risky, "name")} that can run commands or read files. Do not load it unless you know who made it.`
    : "Loading a pickle can run any code. Load it only when you know who made it; it was not loaded here.";
  const rows = facts.globals.map((/** @type {any} */ each) => [
    h("code", { class: each.risky ? "nbt-risky" : null }, `${each.module}.${each.name}`),
    each.risky ? "can do harm" : "",
    formatCount(each.count),
  ]);
  return [
    h("p", { class: `nbt-warning${risky ? " nbt-warning-strong" : ""}`, role: risky ? "alert" : null }, warning),
    factList([
      ["Protocol", facts.protocol],
      ["Inside", facts.inner],
      ["Instructions", formatCount(facts.opcodes)],
      ["Objects made by calls", formatCount(facts.calls)],
    ]),
    rows.length
      ? plainTable([{ text: "Name that loading imports" }, { text: "" }, { text: "Times", right: true }], rows, "Names")
      : h("p", { class: "nbt-look-brief" }, "It imports nothing: numbers, texts, lists and dicts only."),
  ];
}

/** @param {Look} look */
export function drawTensors({ facts }) {
  const rows = facts.tensors.map((/** @type {any} */ each) => [
    each.name,
    each.dtype,
    each.shape.join(" × "),
    sizeText(each.size),
  ]);
  const heads = [{ text: "Tensor" }, { text: "Type" }, { text: "Shape" }, { text: "Size", right: true }];
  return [
    h(
      "p",
      { class: "nbt-look-brief" },
      `${plural(facts.n_tensors, "tensor")}, ${formatCount(facts.values)} values. Only the header was read.`,
    ),
    factList(Object.entries(facts.metadata)),
    plainTable(heads, rows, "Tensors"),
  ];
}

/** @param {Look} look */
export function drawModel({ facts, until }) {
  const { signature } = facts;
  const source = new CodeBlock(until, { language: "yaml", numbers: true });
  source.add(facts.text);
  return h(
    "div",
    { class: "nbt-model" },
    factList(facts.facts),
    h("h3", {}, "Flavors"),
    facts.flavors.map((/** @type {any} */ flavor) =>
      h("div", { class: "nbt-model-flavor" }, h("b", {}, flavor.name), factList(flavor.facts)),
    ),
    signature
      ? ["inputs", "outputs", "params"].flatMap((part) => fields(part, signature[part]))
      : h("p", { class: "nbt-look-brief" }, "The model has no signature."),
    facts.requirements.length
      ? [h("h3", {}, "Requirements"), h("pre", { class: "nbt-hex" }, facts.requirements.join("\n"))]
      : [],
    h("details", {}, h("summary", {}, "MLmodel file"), source.el),
  );
}

/** @param {string} part @param {any[] | null} schema */
function fields(part, schema) {
  if (!schema) return [];
  const title = `${part[0]?.toUpperCase()}${part.slice(1)}`;
  const rows = schema.map(({ name, type, required }) => [name || "–", h("code", {}, type), required ?? ""]);
  return [h("h3", {}, title), plainTable([{ text: "Name" }, { text: "Type" }, { text: "" }], rows, title)];
}
