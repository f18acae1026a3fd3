import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readTag } from "../../src/registry/editors.js";
import { sentence } from "../../src/registry/history.js";
import { render } from "../../src/registry/index.js";
import { typeText } from "../../src/registry/signature.js";
import { placesOf, timelineOf } from "../../src/registry/timeline.js";
import { bestOf } from "../../src/registry/versions.js";

const brief = {
  name: "fraud",
  versions: 2,
  aliases: { champion: 1 },
  tags: { team: "risk" },
  description: "**Cards** <b>x</b>",
  user: "mia",
  created: 0,
  updated: 0,
};
const version = { stage: "None", tags: {}, description: "", user: "mia", created: 0, run_id: "r", run: "small" };
/** @type {import("../../src/registry/state.js").Open} */
const open = {
  model: brief,
  gates: [{ expression: "auc >= 0.9", alias: "champion", version: null }],
  metrics: [{ key: "auc", goal: "max" }],
  versions: [
    { ...version, version: 2, aliases: [], metrics: [0.9] },
    { ...version, version: 1, aliases: ["champion"], metrics: [0.8] },
  ],
  history: [],
  holders: [{ alias: "champion", version: 1, since: 5, until: null }],
  back: {},
};

/** A kernel that keeps what it is told. */
class FakeModel {
  /** @type {Map<string, ((...args: any[]) => void)[]>} */
  heard = new Map();
  /** @type {any[]} */
  sent = [];
  /** @param {Record<string, any>} state */
  constructor(state) {
    this.state = state;
  }
  /** @param {string} name */
  get(name) {
    return this.state[name];
  }
  /** @param {string} name @param {any} value */
  set(name, value) {
    this.state[name] = value;
  }
  save_changes() {}
  /** @param {string} name @param {(...args: any[]) => void} callback */
  on(name, callback) {
    this.heard.set(name, [...(this.heard.get(name) ?? []), callback]);
  }
  off() {}
  /** @param {any} content */
  send(content) {
    this.sent.push(content);
  }
  /** @param {any} content @param {any[]} [buffers] */
  say(content, buffers = []) {
    for (const callback of this.heard.get("msg:custom") ?? []) callback(content, buffers);
  }
}

/** @param {any} value */
const blob = (value) => new DataView(new TextEncoder().encode(JSON.stringify(value)).buffer);

/** @type {FakeModel} */
let model;
/** @type {HTMLElement} */
let el;
/** @type {() => void} */
let cleanup;

beforeEach(() => {
  model = new FakeModel({
    model: "fraud",
    version: 0,
    _data: blob({ models: [brief, { ...brief, name: "price", aliases: {} }], open }),
  });
  el = document.createElement("div");
  document.body.append(el);
  cleanup = render({ model, el });
});

afterEach(() => {
  cleanup();
  el.remove();
});

/** @param {string} label */
const button = (label) =>
  /** @type {HTMLButtonElement} */ (
    [...el.querySelectorAll("button")].find((each) => (each.getAttribute("aria-label") ?? each.textContent) === label)
  );

test("versions stand newest first, the best metric is marked, and texts stay texts", () => {
  const rows = [...el.querySelectorAll(".nbt-reg-table tbody tr")];
  expect(rows.map((row) => row.querySelector("button")?.textContent)).toEqual(["2", "1"]);
  expect(rows[0]?.querySelector(".nbt-reg-best")?.textContent).toBe("0.9");
  expect(el.querySelector(".nbt-reg-description strong")?.textContent).toBe("Cards");
  expect(el.querySelector(".nbt-reg-description b")).toBeNull();
  expect(el.querySelector(".nbt-reg-gate")?.textContent).toContain("auc >= 0.9");
});

test("a tag is sent as a change, and what is wrong with it is said", async () => {
  button("Tag").click();
  const field = /** @type {HTMLInputElement} */ (el.querySelector(".nbt-reg-tag-input"));
  field.value = "tier = 1";
  field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  const { id, ...change } = model.sent.at(-1);
  expect(change).toEqual({ kind: "edit", op: "registry", name: "fraud", do: "tag", key: "tier", value: "1" });
  model.say({ kind: "answer", id, ok: false, error: "too many tags" });
  await vi.waitFor(() => expect(el.querySelector(".nbt-reg-said")?.textContent).toBe("too many tags"));
});

test("an alias is looked at before it is moved", async () => {
  button("Point an alias at version 2").click();
  const asked = model.sent.at(-1);
  expect(asked).toMatchObject({ kind: "ask", what: "model-move", name: "fraud", version: 2, alias: "champion" });
  const verdicts = [{ gate: "auc >= 0.95", holds: false, reasons: ["auc is 0.9"] }];
  const metrics = [{ key: "auc", before: 0.8, after: 0.9, better: true }];
  model.say({
    kind: "answer",
    id: asked.id,
    ok: true,
    before: 1,
    version: 2,
    alias: "champion",
    verdicts,
    metrics,
    params: [],
  });
  await vi.waitFor(() =>
    expect(el.querySelector(".nbt-reg-about")?.textContent).toContain("moves from version 1 to 2"),
  );
  expect(el.querySelector(".nbt-reg-about")?.textContent).toContain("✗ auc >= 0.95");
  button("Move").click();
  expect(model.sent.at(-1)).toMatchObject({ do: "alias", alias: "champion", version: 2, force: false, seen: 1 });
});

test("an alias that nobody looked at is looked at first", async () => {
  button("Point an alias at version 2").click();
  const field = /** @type {HTMLInputElement} */ (el.querySelector('.nbt-reg-confirm input[aria-label="Alias"]'));
  field.value = "@shadow";
  button("Move").click();
  expect(model.sent.at(-1)).toMatchObject({ kind: "ask", what: "model-move", alias: "shadow" });
  expect(model.sent.some(({ kind }) => kind === "edit")).toBe(false);
});

test("two people who describe a model do not write over one another unseen", async () => {
  button("Edit").click();
  const area = /** @type {HTMLTextAreaElement} */ (el.querySelector(".nbt-reg-writing textarea"));
  area.value = "mine";
  button("Save").click();
  const { id, ...first } = model.sent.at(-1);
  expect(first).toMatchObject({ do: "describe", value: "mine", seen: brief.description });
  model.say({ kind: "answer", id, ok: false, error: "Somebody else changed it." });
  await vi.waitFor(() =>
    expect(el.querySelector(".nbt-reg-description [role=alert]")?.textContent).toBe("Somebody else changed it."),
  );
  expect(area.isConnected).toBe(true);
  button("Save").click();
  expect(model.sent.at(-1)).not.toHaveProperty("seen");
});

test("the focus stays where it was when news come", () => {
  button("Point an alias at version 1").focus();
  model.say({ kind: "data" }, [blob({ models: [brief], open: { ...open, versions: [...open.versions] } })]);
  expect(document.activeElement?.getAttribute("aria-label")).toBe("Point an alias at version 1");
  button("2").click();
  expect(button("2").getAttribute("aria-expanded")).toBe("true");
});

test("moments are places: half their order, half the time between them", () => {
  const at = placesOf([0, 100, 0, 1]);
  expect([0, 1, 100].map(at)).toEqual([0, 0.95 * (0.25 + 0.005), 0.95]);
  expect(placesOf([7])(7)).toBe(0);
});

test("a line of time has a lane for each alias, those that point somewhere first", () => {
  const holders = [
    { alias: "shadow", version: 1, since: 0, until: 5 },
    { alias: "champion", version: 1, since: 0, until: 10 },
    { alias: "champion", version: 2, since: 10, until: null },
  ];
  const found = timelineOf({ ...open, holders });
  expect(found?.lanes.map(({ alias }) => alias)).toEqual(["champion", "shadow"]);
  expect(found?.lanes[0]?.bars.map(({ version, from, to }) => [version, from, to])).toEqual([
    [1, 0, 0.95],
    [2, 0.95, 1],
  ]);
  expect(timelineOf({ ...open, versions: open.versions.slice(1), holders: [] })).toBeNull();
});

test("news do not take the pen out of somebody's hand", () => {
  button("Edit").click();
  const area = /** @type {HTMLTextAreaElement} */ (el.querySelector(".nbt-reg-writing textarea"));
  area.value = "half a sent";
  const news = { models: [{ ...brief, versions: 3 }], open: { ...open, model: { ...brief, versions: 3 } } };
  model.say({ kind: "data" }, [blob(news)]);
  expect(area.isConnected).toBe(true);
  button("Cancel").click();
  expect(el.querySelector(".nbt-reg-writing")).toBeNull();
});

test("models are walked through with the arrow keys", () => {
  const list = /** @type {HTMLElement} */ (el.querySelector(".nbt-reg-list"));
  list.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
  expect(model.state.model).toBe("price");
  expect(model.sent.at(-1)).toMatchObject({ what: "model", name: "price" });
});

test("an empty registry says how to begin", () => {
  model.say({ kind: "data" }, [blob({ models: [], open: null })]);
  model.state.model = "";
  expect(el.querySelector(".nbt-reg-empty")?.textContent).toContain("nbtrack.register_model");
});

test.each([
  [[0.8, 0.9, null, "Infinity"], "max", 0.9],
  [[0.8, 0.9], "min", 0.8],
  [[0.8, 0.8], "max", null],
  [[0.8, 0.9], null, null],
])("the best of %j for %s is %s", (values, goal, best) => {
  expect(bestOf(values, /** @type {any} */ (goal))).toBe(best);
});

test.each([
  ["a = b = c", { key: "a", value: "b = c" }],
  [" a ", { key: "a", value: "" }],
  ["", { key: "", value: "" }],
])("%j is a tag", (text, tag) => {
  expect(readTag(text)).toEqual(tag);
});

test("history is told in sentences", () => {
  const change = {
    time: 0,
    user: "mia",
    op: "alias",
    version: 2,
    alias: "champion",
    stage: null,
    key: null,
    before: "1",
    after: "2",
    comment: "",
    detail: "",
  };
  expect(sentence(change)).toBe("@champion moved from version 1 to 2");
  expect(sentence({ ...change, before: null })).toBe("@champion set to version 2");
  expect(sentence({ ...change, op: "tag_version", key: "ok", before: null, after: "yes" })).toBe(
    "Tag ok of version 2 set to yes",
  );
  expect(sentence({ ...change, op: "unheard-of" })).toBe("unheard-of");
});

test("nested types are written out", () => {
  expect(typeText({ type: "array", items: { type: "map", values: { type: "long" } } })).toBe("array of map to long");
  expect(typeText({ type: "tensor", "tensor-spec": { dtype: "float64", shape: [-1, 2] } })).toBe("float64 (-1, 2)");
});
