// What happened to a model, as sentences, newest first.

import { h } from "../kit/dom.js";
import { formatDate, formatRelative } from "../kit/format.js";

/** @param {import("./state.js").Change[]} history */
export function historyList(history) {
  const now = Date.now();
  return h(
    "ol",
    {},
    ...history.map((change) =>
      h(
        "li",
        { class: `nbt-reg-event nbt-reg-op-${change.op}` },
        h("span", {}, sentence(change)),
        change.comment ? h("q", {}, change.comment) : null,
        change.detail ? h("small", {}, change.detail) : null,
        h(
          "small",
          { title: formatDate(change.time) },
          `${change.user ? `${change.user}, ` : ""}${formatRelative(change.time, now)}`,
        ),
      ),
    ),
  );
}

/** @param {import("./state.js").Change} change */
export function sentence({ op, version, alias, stage, key, before, after }) {
  const what = version === null ? "the model" : `version ${version}`;
  /** @type {Record<string, string>} */
  const sentences = {
    create: "Model made",
    rename: `Renamed from ${before} to ${after}`,
    version: `Version ${version} registered`,
    alias: before
      ? `@${alias} moved from version ${before} to ${after ?? version}`
      : `@${alias} set to version ${after ?? version}`,
    unalias: `@${alias} taken away${before ? ` from version ${before}` : ""}`,
    stage: `Version ${version} moved from ${before ?? "None"} to ${stage ?? after}`,
    tag: `Tag ${key} of ${what} ${before ? `changed from ${before} to ${after}` : `set to ${after}`}`,
    untag: `Tag ${key} of ${what} removed`,
    describe: `Description of ${what} changed`,
    comment: `About ${what}`,
    delete: version === null ? "Model deleted" : `Version ${version} deleted`,
    expect: `Expected${alias ? ` of @${alias}` : ""}: ${after ?? key ?? ""}`,
    unexpect: `No longer expected${alias ? ` of @${alias}` : ""}: ${before ?? key ?? ""}`,
  };
  return sentences[op.replace("_version", "")] ?? op;
}
