// Bytes as a hex view: offset, sixteen bytes, and what of them is text.

import { h } from "../../kit/dom.js";
import { bytesOf } from "../bytes.js";

const WIDTH = 16;

/** @param {import("../preview.js").Look} look */
export function drawBinary({ buffers }) {
  return h("pre", { class: "nbt-hex", "aria-label": "Bytes" }, hexLines(bytesOf(buffers[0])).join("\n"));
}

/** @param {Uint8Array} bytes */
export function hexLines(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += WIDTH) {
    const row = [...bytes.subarray(at, at + WIDTH)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0"));
    const left = hex.slice(0, 8).join(" ").padEnd(23);
    const right = hex.slice(8).join(" ").padEnd(23);
    const text = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
    lines.push(`${at.toString(16).padStart(6, "0")}  ${left}  ${right}  ${text}`);
  }
  return lines;
}
