// A signature as a table: names, types, and what may be left out.

import { h } from "../kit/dom.js";

/** @param {{ inputs: any[], outputs: any[], params: any[] } | null} signature */
export function signatureTable(signature) {
  if (!signature) return h("p", { class: "nbt-reg-quiet" }, "The model does not say what it takes.");
  const parts = /** @type {["inputs" | "outputs" | "params", string][]} */ ([
    ["inputs", "in"],
    ["params", "param"],
    ["outputs", "out"],
  ]);
  const rows = parts.flatMap(([name, label]) =>
    signature[name].map((column, at) =>
      h(
        "tr",
        {},
        at === 0 ? h("th", { scope: "row" }, label) : h("td", {}),
        h("td", {}, h("code", {}, column.name ?? "")),
        h("td", {}, typeText(column)),
        h("td", { class: "nbt-reg-quiet" }, noteOf(column)),
      ),
    ),
  );
  return h("div", { class: "nbt-reg-signature" }, h("table", {}, h("tbody", {}, ...rows)));
}

/** @param {any} column @returns {string} */
export function typeText(column) {
  const spec = column["tensor-spec"];
  if (spec) return `${spec.dtype} (${spec.shape.join(", ")})`;
  if (column.type === "array") return `array of ${typeText(column.items ?? {})}`;
  if (column.type === "map") return `map to ${typeText(column.values ?? {})}`;
  if (column.type === "object") return `object of ${Object.keys(column.properties ?? {}).join(", ")}`;
  return column.type ?? "any";
}

/** @param {any} column */
function noteOf(column) {
  if ("default" in column) return `default ${JSON.stringify(column.default)}`;
  return column.required === false ? "optional" : "";
}
