import { afterEach, describe, expect, it } from "vitest";
import link from "../src/link.js";
import { render } from "../src/widget.js";

/** @param {Record<string, any>} state */
function modelOf(state) {
  /** @type {Set<any>} */
  const ears = new Set();
  /** @type {any[]} */
  const sent = [];
  return {
    sent,
    ears,
    get: (/** @type {string} */ name) => state[name],
    on: (/** @type {string} */ _, /** @type {any} */ ear) => ears.add(ear),
    off: (/** @type {string} */ _, /** @type {any} */ ear) => ears.delete(ear),
    send: (/** @type {any} */ message) => sent.push(message),
    hear: (/** @type {any} */ message, /** @type {any[]} */ buffers = []) => {
      for (const ear of [...ears]) ear(message, buffers);
    },
  };
}

/** @param {(context: any) => any} draw */
const useOf = (draw) => link({ "table-1": () => ({ render: draw }) }, { table: "table-1" });
const noParts = () => Promise.reject(new Error("nothing came"));

afterEach(() => document.body.replaceChildren());

describe("a widget", () => {
  it("draws its view, marks the place and hides the summary", async () => {
    const summary = document.createElement("div");
    summary.id = "nbt-summary";
    document.body.append(summary);
    const el = document.createElement("div");
    const model = modelOf({ _view: "table", _fallback_id: "nbt-summary", _bundle: new DataView(new ArrayBuffer(4)) });
    const use = link({ "table-0": () => ({ render: () => () => "closed" }) }, { table: "table-0" });
    const close = await render(model, el, use, noParts);
    expect(el.classList.contains("nbt-root")).toBe(true);
    expect(summary.style.display).toBe("none");
    expect(close?.()).toBe("closed");
  });

  it("that was saved with the notebook leaves its summary on view until its kernel gives a sign", async () => {
    const model = modelOf({ _view: "table", _bundle: null });
    const el = document.createElement("div");
    const use = link({ "table-2": () => ({ render: () => el.append("drawn") }) }, { table: "table-2" });
    const drawing = render(model, el, use, noParts);
    expect(model.sent).toEqual([{ kind: "need", sign: true }]);
    expect(el.textContent).toBe("");
    model.hear({ kind: "data" });
    model.hear({ kind: "sign" });
    await drawing;
    expect([el.textContent, el.className]).toEqual(["drawn", "nbt-root"]);
    expect(model.ears.size).toBe(0);
  });

  it("does not mark the place when the view is not there", async () => {
    const el = document.createElement("div");
    const drawing = render(
      modelOf({ _view: "hologram" }),
      el,
      useOf(() => {}),
      noParts,
    );
    await expect(drawing).rejects.toThrow('no view named "hologram"');
    expect(el.classList.contains("nbt-root")).toBe(false);
  });

  it("asks for a part that a reader came to need, once it is known what it is called", async () => {
    /** @type {any} */
    let load;
    const use = link(
      { "board-1": () => ({ render: (/** @type {any} */ context) => (load = context.load) }) },
      { board: "board-1" },
    );
    const model = modelOf({ _view: "board", _bundle: new DataView(new ArrayBuffer(4)) });
    const unpack = async (/** @type {string} */ bytes) =>
      link({ [bytes]: () => ({ title: bytes }) }, { compare: bytes });
    await render(model, document.createElement("div"), use, /** @type {any} */ (unpack));
    const loading = load("compare");
    expect(model.sent).toEqual([{ kind: "need", part: "compare" }]);
    model.hear({ kind: "part", name: "curves" }, ["curves-1"]);
    model.hear({ kind: "part", name: "compare" }, ["compare-1"]);
    expect(await loading).toEqual({ title: "compare-1" });
    expect(model.ears.size).toBe(0);
  });
});

describe("parts of a page", () => {
  it("are made once, when they are first used, whoever brings them", () => {
    let made = 0;
    const counting = () => {
      made += 1;
      return { made };
    };
    const first = link({ "kit-1": counting, "a-1": (use) => ({ kit: use("kit-1") }) }, { a: "a-1" });
    const second = link({ "kit-1": counting, "b-1": (use) => ({ kit: use("kit-1") }) }, { b: "b-1" });
    expect(made).toBe(0);
    expect(first("a").kit).toBe(second("b").kit);
    expect(made).toBe(1);
  });

  it("of two versions stand side by side", () => {
    const older = link({ "view-1": () => ({ version: 1 }) }, { view: "view-1" });
    const newer = link({ "view-2": () => ({ version: 2 }) }, { view: "view-2" });
    expect([older("view").version, newer("view").version]).toEqual([1, 2]);
    expect(older("hologram")).toBeUndefined();
  });
});
