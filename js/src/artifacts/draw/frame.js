// HTML in a frame without rights: no scripts unless asked for, never the page's origin, nothing from the network.

import { h } from "../../kit/dom.js";
import { switchButton, toolRow } from "./parts.js";

const POLICY =
  "default-src 'none'; img-src data: blob:; media-src data: blob:; font-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval' blob:; worker-src blob:";

/**
 * @param {string} html
 * @param {{ scripts?: boolean, title: string }} options
 */
export function safeFrame(html, { scripts = false, title }) {
  const frame = h("iframe", {
    class: "nbt-frame",
    title,
    sandbox: scripts ? "allow-scripts" : "",
    referrerpolicy: "no-referrer",
    allow: "",
  });
  if (!scripts) frame.setAttribute("sandbox", "");
  frame.srcdoc = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${POLICY}"><meta name="color-scheme" content="light">${html}`;
  return frame;
}

/** @param {import("../preview.js").Look} look */
export function drawHtml({ facts }) {
  const title = `${facts.name}, shown without rights`;
  const stage = h("div", { class: "nbt-frame-stage" });
  const show = (/** @type {boolean} */ scripts) => stage.replaceChildren(safeFrame(facts.html, { scripts, title }));
  const said = h("span", {});
  const say = (/** @type {boolean} */ scripts) => {
    said.textContent = scripts
      ? "Scripts run in a closed frame: no network, no access to this notebook."
      : "Shown without scripts and without network.";
  };
  show(false);
  say(false);
  const run = switchButton("Run scripts", (isOn) => {
    show(isOn);
    say(isOn);
  });
  return [toolRow(run, said), stage];
}
