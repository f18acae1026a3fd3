// Which drawing suits a kind of preview.

import { drawArray } from "./array.js";
import { drawBinary } from "./binary.js";
import { drawCode } from "./code.js";
import { drawHtml } from "./frame.js";
import { drawImage } from "./image.js";
import { drawJson } from "./json.js";
import { drawArchive, drawModel, drawPickle, drawTensors } from "./lists.js";
import { drawMap } from "./map.js";
import { drawMarkdown } from "./markdown.js";
import { drawMedia } from "./media.js";
import { drawNotebook } from "./notebook.js";
import { drawPdf } from "./pdf.js";
import { drawPlotly } from "./plotly.js";
import { drawTable } from "./table.js";

/** @typedef {(look: import("../preview.js").Look) => (Node | string)[] | Node} Drawing */

/** @type {Record<string, Drawing>} */
const DRAWINGS = {
  archive: drawArchive,
  array: drawArray,
  audio: drawMedia,
  binary: drawBinary,
  code: drawCode,
  empty: () => [],
  html: drawHtml,
  image: drawImage,
  json: drawJson,
  map: drawMap,
  markdown: drawMarkdown,
  model: drawModel,
  notebook: drawNotebook,
  pdf: drawPdf,
  pickle: drawPickle,
  plotly: drawPlotly,
  table: drawTable,
  tensors: drawTensors,
  text: drawCode,
  video: drawMedia,
};

/** @param {string} kind @returns {Drawing} */
export function drawing(kind) {
  return Object.hasOwn(DRAWINGS, kind) ? /** @type {Drawing} */ (DRAWINGS[kind]) : drawBinary;
}
