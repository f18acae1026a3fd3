// One outline a kind of file, on the 16 x 16 field of the other icons.

const SVG = "http://www.w3.org/2000/svg";
const SHEET = "M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3";

/** @type {Record<string, string>} */
const OUTLINES = {
  folder: "M1.5 3.5h4.6l1.4 1.6h7v7.9h-13z",
  open: "M1.5 13V3.5h4.6l1.4 1.6h5.5v2M1.5 13l2.2-5.9h11.2L12.6 13z",
  image: "M2 3h12v10H2zM2 11l3.4-3.4l2.8 2.8l2-2L14 12M10.6 5.6h.01",
  audio:
    "M6 11.8V3.6l6-1.2v8.1M6 11.8a1.7 1.5 0 1 1-3.4 0a1.7 1.5 0 0 1 3.4 0zM12 10.5a1.7 1.5 0 1 1-3.4 0a1.7 1.5 0 0 1 3.4 0z",
  video: "M2 3.5h12v9H2zM6.8 6v4l3.2-2z",
  table: "M2 3h12v10H2zM2 6.2h12M2 9.6h12M6.2 3v10",
  array:
    "M2.5 2.5h3.2v3.2H2.5zM6.4 6.4h3.2v3.2H6.4zM10.3 10.3h3.2v3.2h-3.2zM10.3 2.5h3.2v3.2h-3.2zM2.5 10.3h3.2v3.2H2.5z",
  json: "M5.5 2.5c-1.8 0-1.4 1-1.4 2.7S3.7 8 2.5 8c1.2 0 1.6 1.1 1.6 2.8s-.4 2.7 1.4 2.7M10.5 2.5c1.8 0 1.4 1 1.4 2.7S12.3 8 13.5 8c-1.2 0-1.6 1.1-1.6 2.8s.4 2.7-1.4 2.7",
  plotly: "M2 2v12h12M4.5 11l3-4l2.5 2l3.5-5",
  map: "M2 4l4-1.5l4 1.5l4-1.5v9.5l-4 1.5l-4-1.5l-4 1.5zM6 2.5v9.5M10 4v9.5",
  notebook: "M4 2h9.5v12H4zM2.5 5h3M2.5 8h3M2.5 11h3M8 5.5h3.5",
  html: "M2 3h12v10H2zM2 5.5h12M6.5 8l-1.5 1.5L6.5 11M9.5 8l1.5 1.5L9.5 11",
  markdown: "M1.5 4h13v8h-13zM4 10V6.3l1.7 2l1.7-2V10M11.3 6.2v3.6M9.8 8.4l1.5 1.5l1.5-1.5",
  pdf: `${SHEET}M5.5 12c2-1 3-4 2.6-5.5C7.7 5.5 6.9 7.5 10.5 10`,
  model: "M8 1.8l5.5 3v6.4L8 14.2l-5.5-3V4.8zM2.5 4.8L8 8l5.5-3.2M8 8v6.2",
  code: "M5.5 4.5L2 8l3.5 3.5M10.5 4.5L14 8l-3.5 3.5M9 3L7 13",
  text: `${SHEET}M5.5 7.5h5M5.5 9.7h5M5.5 11.9h3`,
  archive: "M2 2.5h12v3.5H2zM3 6v7.5h10V6M6.5 8.5h3",
  pickle: `${SHEET}M8 6.5v3.5M8 12h.01`,
  tensors: "M8 1.8l5.5 3v6.4L8 14.2l-5.5-3V4.8zM2.5 4.8L8 8l5.5-3.2M8 8v6.2",
  binary: SHEET,
};

/**
 * @param {string} kind
 * @returns {SVGElement}
 */
export function fileIcon(kind) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  const attributes = { width: 15, height: 15, viewBox: "0 0 16 16", fill: "none", stroke: "currentColor" };
  for (const [name, value] of Object.entries({ ...attributes, "stroke-width": 1.2, "aria-hidden": "true" })) {
    svg.setAttribute(name, String(value));
  }
  svg.setAttribute("class", `nbt-icon nbt-kind-${kind}`);
  svg.setAttribute("stroke-linejoin", "round");
  path.setAttribute("d", OUTLINES[kind] ?? SHEET);
  svg.append(path);
  return svg;
}
