// Registered models as a view: what anywidget, an exported page or the web interface mount.

import { h } from "../kit/dom.js";
import { Kernel } from "../kit/kernel.js";
import { listen } from "../kit/model.js";
import theme from "../kit/theme.css";
import forms from "./forms.css";
import { RegistryView } from "./panel.js";
import { RegistryState } from "./state.js";
import style from "./style.css";
import time from "./timeline.css";

/** @param {{ model: import("../kit/model.js").Model, el: HTMLElement }} context */
export function render({ model, el }) {
  const closing = new AbortController();
  const { signal: until } = closing;
  const kernel = new Kernel(model, until);
  const state = new RegistryState(model, kernel, until);
  const view = new RegistryView(state, until);
  kernel.onData = (blob) => state.take(blob);
  const begin = () => {
    const blob = model.get("_data");
    if (blob?.byteLength) state.take(blob);
  };
  begin();
  listen(model, "change:_data", begin, until);
  if (kernel.offline) void state.reload();
  else if (!state.loaded.peek()) kernel.needData();
  el.replaceChildren(h("style", {}, theme, forms, time, style), view.root);
  return () => {
    closing.abort();
    el.replaceChildren();
  };
}
