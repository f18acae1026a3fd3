// `nbtrack ui`: runs, comparison and files of the store on this machine, each at an address of its own.

import { h, replace } from "../kit/dom.js";
import { same } from "../kit/model.js";
import { StaticModel } from "../kit/static-model.js";
import { readPlace, writePlace } from "./address.js";
import { Stage } from "./stage.js";
import { HttpTransport } from "./transport.js";

const TYPING = 900; // ms: changes closer together are one step back

/**
 * @typedef {import("./stage.js").Views} Views
 * @typedef {{ name: string, title: string, views: string[] }} Tab
 */

/** @param {Views} views @returns {Tab[]} */
function tabsOf(views) {
  const runs = views.board ? ["board"] : ["run-table", "parallel", "curves"];
  const tabs = [
    { name: "runs", title: "Runs", views: runs },
    { name: "compare", title: "Compare", views: ["compare"] },
    { name: "artifacts", title: "Files", views: ["artifacts"] },
  ];
  return tabs
    .map((tab) => ({ ...tab, views: tab.views.filter((name) => views[name]) }))
    .filter((tab) => tab.views.length);
}

export class Interface {
  /** Tab -> its views, once somebody looked at it. @type {Map<string, HTMLElement>} */
  #shown = new Map();
  /** Values that the views of a tab had before anybody changed them. @type {Map<string, Record<string, any>>} */
  #untouched = new Map();
  #changed = 0;
  #restoring = false;

  /**
   * @param {{ title: string, store: string }} page
   * @param {HTMLElement} root
   * @param {Views} views
   * @param {import("../kit/static-model.js").Transport} transport
   */
  constructor(page, root, views, transport) {
    this.tabs = tabsOf(views);
    this.transport = fanned(transport);
    this.stage = new Stage(views, (group, state) => this.#model(group, state));
    this.root = root;
    this.nav = h("nav", { class: "nbt-ui-tabs", "aria-label": "Pages" });
    this.place = h("div", {});
    replace(
      root,
      h("header", { class: "nbt-ui-head" }, h("strong", { title: page.store }, page.title), this.nav),
      this.place,
    );
    addEventListener("popstate", () => this.#restore());
    addEventListener("hashchange", () => this.#restore());
    this.#restore();
  }

  /** @param {string} group @param {Record<string, any>} state */
  #model(group, state) {
    const model = new StaticModel(state, this.transport());
    const set = model.set.bind(model);
    model.set = (name, value) => {
      set(name, value);
      if (!name.startsWith("_")) this.#note(group);
    };
    return model;
  }

  /** Show what the address says. */
  #restore() {
    const { page, state } = readPlace(location.hash);
    const tab = this.tabs.find(({ name }) => name === page) ?? this.tabs[0];
    if (!tab) return;
    this.#restoring = true;
    this.#show(tab, state);
    const model = this.stage.modelOf({ view: "", group: tab.name, state: {} });
    const before = this.#untouched.get(tab.name) ?? {};
    for (const name of new Set([...Object.keys(model.state), ...Object.keys(state)])) {
      if (name.startsWith("_")) continue;
      const value = name in state ? state[name] : before[name];
      if (!same(model.get(name), value)) model.set(name, value);
    }
    this.#restoring = false;
  }

  /** @param {Tab} tab @param {Record<string, any>} state */
  #show(tab, state) {
    const links = this.tabs.map(({ name, title }) =>
      h("a", { href: `#${name}`, "aria-current": name === tab.name ? "page" : null }, title),
    );
    replace(this.nav, links);
    document.title = `${tab.title} · nbtrack`;
    if (!this.#shown.has(tab.name)) {
      const views = tab.views.map((view) => ({ view, group: tab.name, state }));
      for (const placed of views) this.stage.modelOf(placed);
      this.#shown.set(
        tab.name,
        h(
          "div",
          {},
          views.map((placed) => this.stage.mount(placed)),
        ),
      );
    }
    const shown = /** @type {HTMLElement} */ (this.#shown.get(tab.name));
    if (shown.parentNode !== this.place) this.place.append(shown);
    for (const [name, el] of this.#shown) el.hidden = name !== tab.name;
  }

  /** Something in a view changed: so does the address. @param {string} group */
  #note(group) {
    if (this.#restoring) return;
    const model = this.stage.models.get(group);
    if (!model) return;
    const state = Object.fromEntries(Object.entries(model.state).filter(([name]) => !name.startsWith("_")));
    const address = writePlace({ page: group, state });
    if (address === location.hash) return;
    const now = performance.now();
    const step = now - this.#changed > TYPING ? "pushState" : "replaceState";
    this.#changed = now;
    history[step](null, "", address);
  }
}

/**
 * One stream for several models: what comes in goes to each of them, and each hears only answers to its own questions.
 * @param {import("../kit/static-model.js").Transport} transport
 */
function fanned(transport) {
  /** @type {((message: any, buffers?: any[]) => void)[]} */
  const receivers = [];
  transport.open((message, buffers) => {
    for (const receive of receivers) receive(message, buffers);
  });
  return () => ({
    send: (/** @type {any} */ message) => transport.send(message),
    open: (/** @type {(message: any, buffers?: any[]) => void} */ receive) => receivers.push(receive),
  });
}

/**
 * @param {any} page
 * @param {HTMLElement} root
 * @param {Views} views
 */
export function openInterface(page, root, views) {
  return new Interface(page, root, views, new HttpTransport());
}
