// PDF: title and pages, and the viewer of the browser where it has one.

import { h } from "../../kit/dom.js";
import { bytesOf } from "../bytes.js";
import { factList } from "./parts.js";

/** @param {import("../preview.js").Look} look */
export function drawPdf(look) {
  const { facts, buffers } = look;
  const about = factList([
    ["Title", facts.title],
    ["Pages", facts.pages ?? "not said"],
  ]);
  if (!buffers.length) return about;
  if (globalThis.navigator?.pdfViewerEnabled === false) {
    return [about, h("p", { class: "nbt-look-empty" }, "This browser shows no PDF in a page; save it to open it.")];
  }
  const address = look.url(new Blob([bytesOf(buffers[0])], { type: "application/pdf" }));
  const viewer = h(
    "object",
    { class: "nbt-frame", type: "application/pdf", "aria-label": facts.name },
    "This browser shows no PDF in a page; save it to open it.",
  );
  viewer.data = address;
  return [about, h("div", { class: "nbt-frame-stage" }, viewer)];
}
