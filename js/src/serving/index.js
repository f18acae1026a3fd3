// The page of a served model: what goes in and out, a form to try it, and calls to copy. Served by nbtrack/serving/page.py.

import { copyText } from "../kit/clipboard.js";
import { h, replace } from "../kit/dom.js";
import themeStyle from "../kit/theme.css";
import { bodyOf, fieldsOf, isPlain } from "./fields.js";
import style from "./serving.css";
import { curl, python } from "./snippets.js";
import { answerTable } from "./table.js";

/**
 * @typedef {object} Column one of a signature, as MLflow writes it
 * @property {string} [name]
 * @property {string} type
 * @property {boolean} [required]
 * @property {any} [default]
 * @property {{dtype: string, shape: number[]}} [tensor-spec]
 *
 * @typedef {object} Facts
 * @property {string} uri
 * @property {string} key
 * @property {string} version
 * @property {Column[]} inputs
 * @property {Column[]} outputs
 * @property {Column[]} params
 * @property {Record<string, any> | null} example
 */

/** Fill the page that the server sent. */
export function open() {
  const [facts, root] = ["facts", "model"].map((id) => document.getElementById(id));
  if (facts && root) showModel(JSON.parse(facts.textContent ?? ""), root);
}

/**
 * @param {Facts} facts
 * @param {HTMLElement} root
 */
export function showModel(facts, root) {
  const address = `${location.origin}/invocations`;
  const body = facts.example ?? { inputs: [] };
  const text = h("textarea", { class: "sv-body", "aria-label": "Body of the request", spellcheck: "false", rows: 14 });
  text.value = JSON.stringify(body, null, 2);
  const form = isPlain(facts.inputs) ? fieldsOf(facts.inputs, facts.params, body) : null;
  const answer = h("div", { class: "sv-answer", "aria-live": "polite" });
  const tabs = h("div", { class: "sv-tabs", role: "tablist", "aria-label": "How to write the request" });
  const panes = form ? { Form: form.root, JSON: text } : { JSON: text };
  let shown = form ? "Form" : "JSON";

  const current = () => (shown === "Form" && form ? bodyOf(form) : text.value);

  /** @param {string} name */
  const show = (name) => {
    if (name === "JSON" && shown === "Form") text.value = current();
    shown = name;
    for (const [key, pane] of Object.entries(panes)) pane.hidden = key !== name;
    for (const tab of tabs.children) tab.setAttribute("aria-selected", String(tab.textContent === name));
  };

  const predict = async () => {
    const began = performance.now();
    button.setAttribute("disabled", "");
    try {
      const reply = await fetch("/invocations", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: current(),
      });
      showReply(answer, reply.status, await reply.text(), performance.now() - began);
    } catch {
      replace(answer, h("p", { class: "sv-bad" }, "The server does not answer."));
    }
    button.removeAttribute("disabled");
  };

  const button = h("button", { class: "nbt-button sv-predict", type: "button", on: { click: predict } }, "Predict");
  if (form) {
    for (const name of Object.keys(panes)) {
      tabs.append(h("button", { role: "tab", type: "button", on: { click: () => show(name) } }, name));
    }
  }
  root.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) predict();
  });
  root.classList.add("nbt", "sv");
  replace(
    root,
    h("style", {}, themeStyle, style),
    h(
      "header",
      {},
      h("h1", {}, facts.key),
      facts.uri === facts.key ? null : h("p", { class: "sv-quiet" }, `asked for as ${facts.uri}`),
      h(
        "p",
        { class: "sv-quiet" },
        "POST ",
        h("code", {}, address),
        " · ",
        link("/openapi.json"),
        " · ",
        link("/metrics"),
      ),
    ),
    h(
      "main",
      {},
      h("section", { class: "sv-try" }, h("h2", {}, "Try it"), tabs, ...Object.values(panes), button, answer),
      h(
        "section",
        { class: "sv-about" },
        columnsTable("Inputs", facts.inputs),
        columnsTable("Params", facts.params),
        columnsTable("Outputs", facts.outputs),
        h("h2", {}, "Call it"),
        snippet("curl", () => curl(address, current())),
        snippet("Python", () => python(address, current())),
      ),
    ),
  );
  show(shown);
}

/** @param {string} path */
function link(path) {
  return h("a", { href: path }, path.slice(1));
}

/**
 * @param {string} title
 * @param {Column[]} columns
 */
function columnsTable(title, columns) {
  if (columns.length === 0)
    return title === "Params" ? null : h("p", { class: "sv-quiet" }, `${title}: not said by the model.`);
  const rows = columns.map((column) => {
    const spec = column["tensor-spec"];
    const type = spec ? `tensor ${spec.dtype} (${spec.shape.join(", ")})` : column.type;
    const note =
      "default" in column ? `default ${JSON.stringify(column.default)}` : column.required === false ? "optional" : "";
    return h(
      "tr",
      {},
      h("td", {}, h("code", {}, column.name ?? "")),
      h("td", {}, type),
      h("td", { class: "sv-quiet" }, note),
    );
  });
  return h("div", {}, h("h2", {}, title), h("table", { class: "sv-columns" }, h("tbody", {}, ...rows)));
}

/**
 * @param {string} name
 * @param {() => string} text made when it is opened: it has the values of the form
 */
function snippet(name, text) {
  const code = h("pre", {});
  const copy = h("button", { class: "nbt-button", type: "button" }, "Copy");
  copy.addEventListener("click", async () => {
    const worked = await copyText(code.textContent ?? "", copy);
    copy.textContent = worked ? "Copied" : "Select and copy by hand";
  });
  const details = h("details", {}, h("summary", {}, name), code, copy);
  details.addEventListener("toggle", () => {
    code.textContent = text();
    copy.textContent = "Copy";
  });
  return details;
}

/**
 * @param {HTMLElement} place
 * @param {number} status
 * @param {string} text
 * @param {number} ms
 */
export function showReply(place, status, text, ms) {
  let content = null;
  try {
    content = JSON.parse(text);
  } catch {
    // shown as it came
  }
  const head = h("p", { class: status === 200 ? "sv-good" : "sv-bad" }, `${status} · ${ms.toFixed(0)} ms`);
  if (status === 200 && content) {
    const raw = h("details", {}, h("summary", {}, "JSON"), h("pre", {}, JSON.stringify(content, null, 2)));
    replace(place, head, answerTable(content.predictions), raw);
  } else {
    replace(place, head, h("p", { class: "sv-problem" }, content?.message ?? text));
  }
}
