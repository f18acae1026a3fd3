// A model over time: when versions came, and which of them each alias pointed at.

import { h } from "../kit/dom.js";
import { formatDate } from "../kit/format.js";
import { knownClass } from "./chips.js";

/**
 * @typedef {import("./state.js").Open} Open
 * @typedef {{ version: number, from: number, to: number, title: string }} Bar places between 0 and 1
 * @typedef {{ version: number, at: number, title: string, isPointedAt: boolean }} Dot
 */

const OPEN_END = 0.95; // where the last moment stands; what holds still goes on to the right edge
const FIRST = ["champion", "challenger"];
const MOST_LANES = 4;
const FEWEST = 2;
const NUMBERED = 24; // versions whose numbers have room

/**
 * Where moments stand: half of the way tells their order, half the time between them, so that ten versions of one
 * afternoon can be told apart although the next one came a month later.
 * @param {number[]} moments
 * @returns {(moment: number) => number}
 */
export function placesOf(moments) {
  const order = [...new Set(moments)].sort((a, b) => a - b);
  const [first = 0] = order;
  const span = (order.at(-1) ?? 0) - first;
  const at = new Map(
    order.map((moment, i) => [
      moment,
      span ? OPEN_END * (i / (order.length - 1) / 2 + (moment - first) / span / 2) : 0,
    ]),
  );
  return (moment) => at.get(moment) ?? 0;
}

/**
 * @param {Open} open
 * @returns {{ dots: Dot[], lanes: { alias: string, bars: Bar[] }[], more: number, from: number, to: number } | null} null: there is nothing to see over time
 */
export function timelineOf({ model, versions, holders }) {
  if (versions.length < FEWEST && !holders.length) return null;
  const moments = [
    ...versions.map(({ created }) => created),
    ...holders.flatMap(({ since, until }) => (until === null ? [since] : [since, until])),
  ];
  const at = placesOf(moments);
  const dots = versions.map(({ version, created, aliases, user }) => ({
    version,
    at: at(created),
    isPointedAt: aliases.length > 0,
    title: `Version ${version}, ${formatDate(created)}${user ? `, ${user}` : ""}`,
  }));
  const rank = (/** @type {string} */ alias) => {
    const known = FIRST.indexOf(alias);
    return (alias in model.aliases ? 0 : 10) + (known < 0 ? FIRST.length : known);
  };
  const aliases = [...new Set(holders.map(({ alias }) => alias))].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const lanes = aliases.slice(0, MOST_LANES).map((alias) => ({
    alias,
    bars: holders
      .filter((each) => each.alias === alias)
      .map(({ version, since, until }) => ({
        version,
        from: at(since),
        to: until === null ? 1 : at(until),
        title: `@${alias}: version ${version}, ${formatDate(since)} ${until === null ? "until now" : `to ${formatDate(until)}`}`,
      })),
  }));
  const more = Math.max(0, aliases.length - MOST_LANES);
  return { dots, lanes, more, from: Math.min(...moments), to: Math.max(...moments) };
}

/**
 * @param {Open} open
 * @param {(version: number) => void} show
 */
export function timeline(open, show) {
  const found = timelineOf(open);
  if (!found) return null;
  const { dots, lanes, more, from, to } = found;
  const isCrowded = dots.length > NUMBERED;
  const dot = (/** @type {Dot} */ { version, at, title, isPointedAt }) =>
    h(
      "i",
      {
        class: `nbt-reg-dot${isPointedAt ? " nbt-reg-pointed" : ""}`,
        style: { left: `${100 * at}%` },
        title,
        on: { click: () => show(version) },
      },
      isCrowded && !isPointedAt ? null : String(version),
    );
  const bar = (/** @type {string} */ alias, /** @type {Bar} */ each) =>
    h(
      "i",
      {
        class: `nbt-reg-bar${knownClass(alias)}`,
        style: { left: `${100 * each.from}%`, width: `${100 * (each.to - each.from)}%` },
        title: each.title,
        on: { click: () => show(each.version) },
      },
      String(each.version),
    );
  const now = Object.entries(open.model.aliases).map(([alias, version]) => `@${alias} at version ${version}`);
  return h(
    "div",
    {
      class: `nbt-reg-timeline${isCrowded ? " nbt-reg-crowded" : ""}`,
      role: "img",
      "aria-label": [`${dots.length} versions over time`, ...now].join(", "),
    },
    lane("versions", dots.map(dot)),
    ...lanes.map(({ alias, bars }) =>
      lane(
        `@${alias}`,
        bars.map((each) => bar(alias, each)),
      ),
    ),
    h(
      "small",
      {},
      h("span", {}, more ? `+${more} aliases` : ""),
      h("span", {}, h("span", {}, formatDate(from).slice(0, 16)), h("span", {}, formatDate(to).slice(0, 16))),
    ),
  );
}

/** @param {string} name @param {Node[]} content */
function lane(name, content) {
  return h(
    "div",
    { class: "nbt-reg-lane" },
    h("span", { title: name }, name),
    h("div", { class: "nbt-reg-track" }, content),
  );
}
