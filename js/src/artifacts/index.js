// Files of a run as a view: what anywidget, an exported page or the web interface mount.

import { h } from "../kit/dom.js";
import { Kernel } from "../kit/kernel.js";
import theme from "../kit/theme.css";
import { Preview } from "./preview.js";
import style, { previewStyle } from "./style/index.js";
import { ArtifactsView } from "./view.js";

/** @param {{ model: import("../kit/model.js").Model, el: HTMLElement }} context */
export function render({ model, el }) {
  const closing = new AbortController();
  const { signal: until } = closing;
  const kernel = new Kernel(model, until);
  const view = new ArtifactsView(model, kernel, until);
  // the answer to this is empty; it makes Python watch for files that come
  if (!kernel.offline) kernel.needData();
  el.replaceChildren(h("style", {}, theme, style), view.root);
  return () => {
    closing.abort();
    el.replaceChildren();
  };
}

export { Preview, previewStyle };
