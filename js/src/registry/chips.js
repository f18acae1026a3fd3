// Aliases, stages and tags as small labels.

import { h } from "../kit/dom.js";

/** Aliases that people know get a colour of their own. */
const KNOWN = new Set(["champion", "challenger", "production"]);

/**
 * @param {string} alias
 * @param {number | null} [version]
 */
export function aliasChip(alias, version = null) {
  const text = version === null ? `@${alias}` : `@${alias} → ${version}`;
  return h("span", { class: `nbt-reg-alias${knownClass(alias)}`, title: text }, text);
}

/** @param {string} alias */
export function knownClass(alias) {
  return KNOWN.has(alias) ? ` nbt-reg-${alias}` : "";
}

/** @param {string} stage */
export function stageChip(stage) {
  return stage === "None" ? null : h("span", { class: `nbt-reg-stage nbt-reg-${stage.toLowerCase()}` }, stage);
}

/** @param {string} key @param {string} value */
export function tagChip(key, value) {
  return h("span", { class: "nbt-reg-tag", title: `${key} = ${value}` }, h("b", {}, key), value ? ` ${value}` : "");
}
