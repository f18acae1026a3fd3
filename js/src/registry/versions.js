// The versions of a model as a table; the best value of each metric is marked.

import { h, icon } from "../kit/dom.js";
import { formatDate, formatNumber, formatRelative } from "../kit/format.js";
import { aliasChip, stageChip, tagChip } from "./chips.js";

const MOST_METRICS = 5;
const MOST_TAGS = 3;

/**
 * @param {import("./state.js").RegistryState} state
 * @param {import("./state.js").Open} open
 * @param {{ move: (button: HTMLElement, version: number) => void }} acts
 */
export function versionsTable(state, open, acts) {
  const metrics = open.metrics.slice(0, MOST_METRICS);
  const best = metrics.map(({ goal }, at) =>
    bestOf(
      open.versions.map((each) => each.metrics[at] ?? null),
      goal,
    ),
  );
  const hasRuns = open.versions.some((each) => each.run);
  const head = h(
    "tr",
    {},
    h("th", { scope: "col" }, h("span", { class: "nbt-reg-hidden" }, "Compare")),
    h("th", { scope: "col" }, "Version"),
    h("th", { scope: "col" }, "Aliases"),
    ...metrics.map(({ key }) => h("th", { scope: "col", class: "nbt-reg-number", title: key }, key)),
    hasRuns ? h("th", { scope: "col" }, "Run") : null,
    h("th", { scope: "col" }, "Tags"),
    h("th", { scope: "col" }, "Registered"),
  );
  const now = Date.now();
  const rows = open.versions.map((version) => {
    const number = version.version;
    const pick = h("input", {
      type: "checkbox",
      "aria-label": `Compare version ${number}`,
      on: { change: () => state.pick(number) },
    });
    const name = h(
      "button",
      {
        class: "nbt-plain nbt-reg-opener",
        type: "button",
        on: { click: () => state.toggle(number) },
      },
      icon("right", 12),
      String(number),
    );
    const move = h(
      "button",
      {
        class: "nbt-plain nbt-reg-move",
        type: "button",
        "aria-label": `Point an alias at version ${number}`,
        title: "Point an alias here, or set its stage",
      },
      icon("pin", 12),
      "Alias",
    );
    move.addEventListener("click", () => acts.move(move, number));
    return h(
      "tr",
      { data: { version: number } },
      h("td", {}, pick),
      h("td", {}, name),
      h(
        "td",
        {},
        h(
          "span",
          { class: "nbt-reg-chips" },
          ...version.aliases.map((alias) => aliasChip(alias)),
          stageChip(version.stage),
          state.readOnly ? null : move,
        ),
      ),
      ...metrics.map((_, at) => metricCell(version.metrics[at] ?? null, best[at] ?? null)),
      hasRuns ? h("td", { title: version.run }, version.run ?? "") : null,
      h("td", {}, h("span", { class: "nbt-reg-chips" }, ...tagsOf(version.tags))),
      h(
        "td",
        { title: formatDate(version.created) },
        formatRelative(version.created, now),
        version.user ? h("small", {}, ` ${version.user}`) : null,
      ),
    );
  });
  return h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows));
}

/**
 * Which version is open and which are picked; the rows stay as they are.
 * @param {Element} table
 * @param {number} open
 * @param {number[]} picked
 */
export function markVersions(table, open, picked) {
  for (const row of /** @type {NodeListOf<HTMLElement>} */ (table.querySelectorAll("[data-version]"))) {
    const number = Number(row.dataset.version);
    row.classList.toggle("nbt-reg-open", number === open);
    row.querySelector(".nbt-reg-opener")?.setAttribute("aria-expanded", String(number === open));
    const pick = /** @type {HTMLInputElement | null} */ (row.querySelector("input"));
    if (pick) pick.checked = picked.includes(number);
  }
}

/** @param {Record<string, string>} tags */
function tagsOf(tags) {
  const all = Object.entries(tags);
  const chips = all.slice(0, MOST_TAGS).map(([key, value]) => tagChip(key, value));
  return all.length > MOST_TAGS ? [...chips, h("small", {}, `+${all.length - MOST_TAGS}`)] : chips;
}

/** @param {import("./state.js").Metric | null} value @param {number | null} best */
function metricCell(value, best) {
  const isBest = value !== null && value === best;
  return h(
    "td",
    { class: `nbt-reg-number${isBest ? " nbt-reg-best" : ""}`, title: isBest ? "Best of all versions" : null },
    value === null ? "" : formatNumber(Number(value)),
  );
}

/**
 * The best of several values; null without a direction, or when all are the same.
 * @param {(import("./state.js").Metric | null)[]} values
 * @param {"min" | "max" | null} goal
 */
export function bestOf(values, goal) {
  const there = values.filter((value) => typeof value === "number");
  if (!goal || new Set(there).size < 2) return null;
  return goal === "max" ? Math.max(...there) : Math.min(...there);
}
