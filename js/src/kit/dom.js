// Elements from code. Text always goes through text nodes: nothing logged by a user is ever parsed as HTML.

/** @typedef {string | number | Node | null | undefined | false} Child */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element: `on` holds listeners, `style` and `data` are objects, `true` sets an empty attribute, null leaves one out.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [props]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, props = {}, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) el.addEventListener(event, /** @type {any} */ (listener));
    } else if (name === "style") {
      for (const [key, text] of Object.entries(value)) el.style.setProperty(key, String(text));
    } else if (name === "data") {
      Object.assign(el.dataset, value);
    } else if (name === "value") {
      /** @type {HTMLInputElement} */ (/** @type {unknown} */ (el)).value = value;
    } else {
      el.setAttribute(name, value === true ? "" : String(value));
    }
  }
  append(el, children);
  return el;
}

/**
 * @param {Element} el
 * @param {(Child | Child[])[]} children
 */
export function append(el, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    el.append(typeof child === "object" ? child : String(child));
  }
}

/**
 * Put other children in the place of all present ones.
 * @param {Element} el
 * @param {...(Child | Child[])} children
 */
export function replace(el, ...children) {
  el.replaceChildren();
  append(el, children);
}

/**
 * Set the text only when it differs: the DOM stays untouched for cells that did not change.
 * @param {Element} el
 * @param {string} text
 */
export function setText(el, text) {
  const only = el.firstChild;
  if (only && only.nodeType === 3 && only === el.lastChild) {
    if (/** @type {Text} */ (only).data !== text) /** @type {Text} */ (only).data = text;
  } else if (text || only) {
    el.textContent = text;
  }
}

/**
 * @param {Element} el
 * @param {string} name
 * @param {string | number | null} value null removes the attribute
 */
export function setAttribute(el, name, value) {
  if (value === null) {
    if (el.hasAttribute(name)) el.removeAttribute(name);
  } else if (el.getAttribute(name) !== String(value)) {
    el.setAttribute(name, String(value));
  }
}

/** Outlines on a 16 x 16 field, drawn with the colour of the text. */
const ICONS = {
  search: "M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 0 1 0-9zM10.4 10.4L14 14",
  close: "M4 4l8 8M12 4l-8 8",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  group: "M2.5 3.5h11M5 8h8.5M5 12.5h8.5M2.5 3.5v9",
  down: "M4.5 6.5L8 10l3.5-3.5",
  left: "M9.5 4.5L6 8l3.5 3.5",
  right: "M6.5 4.5L10 8l-3.5 3.5",
  descending: "M3.5 5.5h9L8 11.5z",
  ascending: "M3.5 10.5h9L8 4.5z",
  // a mark at the top or at the foot of a scale: which end is better; no arrows, those mean the order
  high: "M4.5 13.5h7M8 13.5V7M8 2.5a2.2 2.2 0 1 1 0 4.4a2.2 2.2 0 0 1 0-4.4z",
  low: "M4.5 2.5h7M8 2.5V9M8 9.1a2.2 2.2 0 1 1 0 4.4a2.2 2.2 0 0 1 0-4.4z",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  star: "M8 2.2l1.75 3.6l3.95.55l-2.87 2.77l.7 3.93L8 11.2l-3.53 1.85l.7-3.93L2.3 6.35l3.95-.55z",
  trash: "M3 4.5h10M6.2 4.5V3h3.6v1.5M4.2 4.5l.6 8.5h6.4l.6-8.5",
  tag: "M2.5 3v4.6l6 6l5-5l-6-6h-4.5zM5.2 5.6h.01",
  copy: "M5.5 5.5h8v8h-8zM3 10.5h-.5v-8h8v.5",
  pin: "M6 2.5h4l-.6 4l2.1 2.5h-7l2.1-2.5zM8 9v4.5",
  check: "M3.5 8.5l3 3l6-7",
  undo: "M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M6 3.5l-3 3l3 3",
  restore: "M3.2 8a4.8 4.8 0 1 0 1.5-3.5M3 3v2.8h2.8",
  pen: "M3 13l.6-2.8l7.4-7.4l2.2 2.2l-7.4 7.4zM9.4 4.4l2.2 2.2",
  note: "M3 3.5h10v6.5l-3.5 3.5h-6.5zM5.5 6.5h5M5.5 9h2.5",
  stale: "M8 2.6L14 13.3H2zM8 6.6v3M8 11.4h.01",
  open: "M9.5 2.5h4v4M13.5 2.5L8.5 7.5M11.5 9.5v4h-9v-9h4",
};

const FILLED = new Set(["ascending", "descending", "high", "low"]);

/**
 * @param {keyof typeof ICONS} name
 * @param {number} [size]
 * @returns {SVGElement}
 */
export function icon(name, size = 14) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  const attributes = {
    class: "nbt-icon",
    width: size,
    height: size,
    viewBox: "0 0 16 16",
    fill: FILLED.has(name) ? "currentColor" : "none",
    stroke: "currentColor",
    "stroke-width": name === "more" ? 2 : 1.3,
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    "aria-hidden": "true",
    focusable: "false",
  };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, String(value));
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/**
 * The element that has the focus, also inside a shadow root (marimo).
 * @param {Node} inside
 * @returns {Element | null}
 */
export function focused(inside) {
  const root = inside.getRootNode();
  return root instanceof ShadowRoot || root instanceof Document ? root.activeElement : document.activeElement;
}
