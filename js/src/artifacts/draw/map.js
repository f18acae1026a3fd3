// GeoJSON as a map without a ground: degrees as they are, the width of a degree as in the middle of the picture.

import { h, icon } from "../../kit/dom.js";
import { plural } from "../../kit/format.js";
import { floatsOf, intsOf } from "../bytes.js";
import { svg } from "../chart.js";
import { toolRow } from "./parts.js";

const MAX_ELEMENTS = 2000;
const KINDS = ["point", "line", "area"];

/** @typedef {{ west: number, north: number, width: number, height: number }} Window */

/** @param {import("../preview.js").Look} look */
export function drawMap(look) {
  const { facts, buffers } = look;
  const counts = Object.entries(facts.counts).map(([kind, count]) => plural(/** @type {number} */ (count), kind));
  if (!facts.box) return h("p", { class: "nbt-look-empty" }, "There is nothing to draw in it.");
  const [west, south, east, north] = facts.box;
  const words = `${plural(facts.n_features, "feature")}: ${counts.join(", ")}. ${degrees(west, south)} to ${degrees(east, north)}`;
  const squeeze = Math.max(0.05, Math.cos((((south + north) / 2) * Math.PI) / 180));
  const view = new MapView(windowOf(facts.box, squeeze), words);
  const paths = mapPaths(intsOf(buffers[0]), floatsOf(buffers[1]), squeeze);
  view.el.append(...paths.map((path) => shape(path, facts.features)));
  const button = (/** @type {string} */ text, /** @type {string} */ label, /** @type {() => void} */ act) =>
    h(
      "button",
      { class: "nbt-button nbt-look-button", type: "button", "aria-label": label, on: { click: act } },
      text === "fit" ? icon("restore") : text,
    );
  return [
    toolRow(
      button("+", "Nearer", () => view.zoom(0.6)),
      button("−", "Farther", () => view.zoom(1 / 0.6)),
      button("fit", "All of it", () => view.reset()),
      words,
    ),
    h("div", { class: "nbt-map-stage" }, view.el),
  ];
}

/** @param {number} x @param {number} y */
function degrees(x, y) {
  return `${Math.abs(y).toFixed(2)}° ${y < 0 ? "S" : "N"} ${Math.abs(x).toFixed(2)}° ${x < 0 ? "W" : "E"}`;
}

/** @param {number[]} box @param {number} squeeze @returns {Window} */
export function windowOf([west = 0, south = 0, east = 0, north = 0], squeeze) {
  const width = Math.max((east - west) * squeeze, 1e-6);
  const height = Math.max(north - south, 1e-6);
  const edge = Math.max(width, height) * 0.06;
  return { west: west * squeeze - edge, north: -north - edge, width: width + 2 * edge, height: height + 2 * edge };
}

/**
 * The `d` of each feature and kind; all of a kind in one when there are too many to point at.
 * @param {Int32Array} parts feature, kind and length of each chain
 * @param {Float32Array} points
 * @param {number} squeeze
 * @returns {{ feature: number, kind: number, d: string }[]}
 */
export function mapPaths(parts, points, squeeze) {
  const isMany = parts.length / 3 > MAX_ELEMENTS;
  /** @type {Map<string, { feature: number, kind: number, d: string[] }>} */
  const found = new Map();
  let at = 0;
  for (let part = 0; part < parts.length; part += 3) {
    const [feature = 0, kind = 0, length = 0] = parts.subarray(part, part + 3);
    const key = isMany ? `${kind}` : `${feature}/${kind}`;
    const path = found.get(key) ?? { feature: isMany ? -1 : feature, kind, d: [] };
    found.set(key, path);
    path.d.push(chain(points.subarray(at * 2, (at + length) * 2), kind, squeeze));
    at += length;
  }
  const order = [2, 1, 0]; // points over lines over areas
  return [...found.values()]
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
    .map((path) => ({ ...path, d: path.d.join("") }));
}

/** @param {Float32Array} xy @param {number} kind @param {number} squeeze */
function chain(xy, kind, squeeze) {
  let d = "";
  for (let index = 0; index < xy.length; index += 2) {
    const place = `${Number(((xy[index] ?? 0) * squeeze).toFixed(6))},${Number((-(xy[index + 1] ?? 0)).toFixed(6))}`;
    d += kind === 0 ? `M${place}h0` : `${index ? "L" : "M"}${place}`;
  }
  return kind === 2 ? `${d}Z` : d;
}

/** @param {{ feature: number, kind: number, d: string }} path @param {[string, string][][]} features */
function shape({ feature, kind, d }, features) {
  const el = svg("path", { class: `nbt-map-${KINDS[kind] ?? "line"}`, d });
  const said = (features[feature] ?? []).map(([name, value]) => `${name}: ${value}`).join("\n");
  if (said) el.append(svg("title", {}, said));
  return el;
}

class MapView {
  /** @param {Window} whole @param {string} label */
  constructor(whole, label) {
    this.whole = whole;
    this.now = whole;
    this.el = svg("svg", { class: "nbt-map", role: "img", "aria-label": label, tabindex: 0 });
    /** @type {{ x: number, y: number } | null} */
    let drag = null;
    this.el.addEventListener("pointerdown", (event) => {
      drag = { x: event.clientX, y: event.clientY };
      this.el.setPointerCapture?.(event.pointerId);
    });
    this.el.addEventListener("pointermove", (event) => {
      if (!drag) return;
      this.#pan(drag.x - event.clientX, drag.y - event.clientY);
      drag = { x: event.clientX, y: event.clientY };
    });
    this.el.addEventListener("pointerup", () => {
      drag = null;
    });
    this.el.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? 0.8 : 1.25);
    });
    this.el.addEventListener("keydown", (event) => this.#press(event));
    this.#show();
  }

  /** @param {number} by smaller than 1 is nearer */
  zoom(by) {
    const { west, north, width, height } = this.now;
    this.now = {
      west: west + (width * (1 - by)) / 2,
      north: north + (height * (1 - by)) / 2,
      width: width * by,
      height: height * by,
    };
    this.#show();
  }

  reset() {
    this.now = this.whole;
    this.#show();
  }

  /** @param {number} x pixels @param {number} y */
  #pan(x, y) {
    const scale = Math.max(this.now.width / (this.el.clientWidth || 1), this.now.height / (this.el.clientHeight || 1));
    this.now = { ...this.now, west: this.now.west + x * scale, north: this.now.north + y * scale };
    this.#show();
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    /** @type {Record<string, () => void>} */
    const keys = {
      "+": () => this.zoom(0.8),
      "-": () => this.zoom(1.25),
      0: () => this.reset(),
      ArrowLeft: () => this.#pan(-40, 0),
      ArrowRight: () => this.#pan(40, 0),
      ArrowUp: () => this.#pan(0, -40),
      ArrowDown: () => this.#pan(0, 40),
    };
    const act = keys[event.key];
    if (!act) return;
    act();
    event.preventDefault();
    event.stopPropagation();
  }

  #show() {
    const { west, north, width, height } = this.now;
    this.el.setAttribute("viewBox", `${west} ${north} ${width} ${height}`);
  }
}
