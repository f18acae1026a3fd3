// Two tables by key: rows that came, went and changed. Python compares, this draws.

import { h, replace } from "../kit/dom.js";
import { formatCount, plural } from "../kit/format.js";

/**
 * @typedef {object} Asked
 * @property {import("../kit/kernel.js").Kernel} kernel
 * @property {[string, string]} runs base and other
 * @property {string} path
 */

const MOST_KEYS = 24;
const MORE = 1000;

/**
 * @param {Asked} asked
 * @returns {Promise<HTMLElement>}
 */
export async function tableDiffView({ kernel, runs, path }) {
  const el = h("div", {});
  /** @param {string[] | null} keys @param {number} limit */
  const ask = async (keys, limit) => {
    const { content } = await kernel.ask({ what: "compare_table", runs, path, keys, limit }, 60_000);
    draw(content, limit);
  };
  /** @param {any} found @param {number} limit */
  const draw = (found, limit) => {
    const again = (/** @type {string[] | null} */ keys, /** @type {number} */ most) => {
      ask(keys, most).catch((cause) =>
        replace(el, h("p", { class: "nbt-cmp-note", role: "alert" }, String(cause.message))),
      );
    };
    const { counts } = found;
    const differing = counts.changed + counts.added + counts.removed;
    const left = differing - found.rows.length;
    replace(
      el,
      h("p", { class: "nbt-cmp-note" }, countsEl(found)),
      keysEl(found, (keys) => again(keys, limit)),
      differing ? rowsEl(found) : h("p", { class: "nbt-cmp-note" }, "All rows are the same."),
      left > 0
        ? h(
            "p",
            { class: "nbt-cmp-note" },
            `${formatCount(left)} more differ. `,
            limit < MORE
              ? h(
                  "button",
                  { class: "nbt-plain", type: "button", on: { click: () => again(found.keys, MORE) } },
                  "Show more",
                )
              : null,
          )
        : null,
    );
  };
  await ask(null, 200);
  return el;
}

/** @param {any} found */
function countsEl({ counts, sizes, added_columns: came, removed_columns: went }) {
  return [
    h("b", {}, `${plural(counts.changed, "row")} changed`),
    h("span", { class: "nbt-cmp-plus" }, ` +${formatCount(counts.added)}`),
    h("span", { class: "nbt-cmp-minus" }, ` −${formatCount(counts.removed)}`),
    ` · ${formatCount(counts.same)} the same · ${formatCount(sizes[0])} → ${formatCount(sizes[1])} rows`,
    came.length ? ` · new columns: ${came.join(", ")}` : "",
    went.length ? ` · columns gone: ${went.join(", ")}` : "",
  ];
}

/** @param {any} found @param {(keys: string[]) => void} choose */
function keysEl({ shared, keys }, choose) {
  const chosen = new Set(keys);
  const chips = shared.slice(0, MOST_KEYS).map((/** @type {string} */ name) =>
    h(
      "button",
      {
        class: `nbt-cmp-chip${chosen.has(name) ? " nbt-on" : ""}`,
        type: "button",
        "aria-pressed": String(chosen.has(name)),
        on: {
          click: () => {
            if (!chosen.delete(name)) chosen.add(name);
            choose(shared.filter((/** @type {string} */ each) => chosen.has(each)));
          },
        },
      },
      name,
    ),
  );
  const how = keys.length ? "Rows belong together by" : "Rows belong together by their place; or by";
  return h("div", { class: "nbt-cmp-keys", role: "group", "aria-label": "Columns that name a row" }, how, chips);
}

/** @param {any} found */
function rowsEl({ columns, keys, rows, cells }) {
  const isKey = new Set(keys);
  const head = columns.map((/** @type {string} */ name, /** @type {number} */ i) =>
    h(
      "th",
      { scope: "col", class: isKey.has(name) ? "nbt-cmp-iskey" : null },
      name,
      cells[i] ? h("span", { class: "nbt-cmp-count" }, ` ${formatCount(cells[i])}`) : null,
    ),
  );
  const body = rows.map((/** @type {[string, (string | null)[], (string | null)[] | null]} */ [kind, now, old]) => {
    const name = { "+": "added", "-": "removed" }[kind] ?? "changed";
    const sign = { "+": "+", "-": "−" }[kind] ?? "~";
    return h(
      "tr",
      { class: `nbt-cmp-${name}` },
      h("td", { class: "nbt-cmp-sign", title: name }, sign),
      now.map((value, i) => {
        const before = old?.[i];
        if (before === null || before === undefined) return h("td", {}, value ?? "");
        return h("td", { class: "nbt-cmp-cellchange" }, h("del", {}, before || "∅"), " ", h("ins", {}, value ?? "∅"));
      }),
    );
  });
  return h(
    "div",
    { class: "nbt-cmp-scroll", tabindex: 0, role: "region", "aria-label": "Rows that differ" },
    h("table", { class: "nbt-cmp-rowsdiff" }, h("thead", {}, h("tr", {}, h("td", {}), head)), h("tbody", {}, body)),
  );
}
