// Which metrics share a chart: `loss`, `train/loss` and `val_loss` are one, `system/…` stand apart.

import { byKey } from "../runs/catalog.js";

const PART = /(?:^|[_/.\s-])(train|training|val|valid|validation|test|eval)(?=$|[_/.\s-])/i;

/**
 * @typedef {{ name: string, keys: string[], kind: "metric" | "knob" | "system" }} Group
 */

/**
 * The metric's name without the part that says on which data it was measured.
 * @param {string} key
 */
export function baseName(key) {
  const base = key.replace(PART, "").replace(/^[_/.\s-]+|[_/.\s-]+$/g, "");
  return base || key;
}

/**
 * @param {Iterable<string>} keys
 * @returns {Group[]} by name, so that no chart moves when another comes in; what people logged before knobs and the machine
 */
export function groupsOf(keys) {
  /** @type {Map<string, Group>} */
  const groups = new Map();
  for (const key of [...keys].sort(byKey)) {
    const kind = key.startsWith("system/") ? "system" : key.startsWith("knob/") ? "knob" : "metric";
    const name = kind === "metric" ? baseName(key) : key;
    const group = groups.get(name);
    if (group) group.keys.push(key);
    else groups.set(name, { name, keys: [key], kind });
  }
  const rank = { metric: 0, knob: 1, system: 2 };
  const found = [...groups.values()];
  for (const group of found) if (group.keys.length === 1) group.name = group.keys[0] ?? group.name;
  return found.sort((a, b) => rank[a.kind] - rank[b.kind] || byKey(a.name, b.name));
}
