// `nbtrack ui` in happy-dom: pages, addresses, and who hears what over the one stream.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Channel } from "../../src/page/channel.js";
import { Interface } from "../../src/page/ui.js";
import { FakeKernel } from "../fake-kernel.js";
import { fakeColumns } from "../fake-runs.js";

const NOW = Date.UTC(2026, 10, 23);

/** A view that only notes what it is given. @returns {any} */
function noting() {
  /** @type {any[]} */
  const models = [];
  return { models, render: (/** @type {any} */ { model }) => models.push(model) };
}

async function settle(ms = 40) {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** @type {FakeKernel} */
let kernel;
/** @type {Record<string, any>} */
let views;
/** @type {HTMLElement} */
let root;

beforeEach(() => {
  location.hash = "";
  kernel = new FakeKernel(fakeColumns({ count: 6, now: NOW }));
  views = { board: noting(), compare: noting(), artifacts: noting(), live: noting(), registry: noting() };
  root = document.createElement("main");
  document.body.replaceChildren(root);
});

afterEach(() => document.body.replaceChildren());

/** @param {string} [hash] */
async function open(hash = "") {
  location.hash = hash;
  const own = views; // pages of earlier tests hear of new addresses, too
  const load = (/** @type {string} */ name) => own[name];
  const ui = new Interface({ title: "runs.duckdb", store: "/x/runs.duckdb" }, root, load, /** @type {any} */ (kernel));
  kernel.sendFull();
  await settle();
  return ui;
}

const tabs = () => [...root.querySelectorAll("nav a")].map((a) => [a.textContent, a.getAttribute("aria-current")]);
/** @param {string} name */
const byName = (name) => kernel.column("run_id").values[kernel.column("name").values.indexOf(name)];

describe("nbtrack ui", () => {
  it("opens the runs, and the state that its address says", async () => {
    await open('#runs?filter=a > 1&columns=["name"]');
    expect(tabs()).toEqual([
      ["Runs", "page"],
      ["Compare", null],
      ["Files", null],
      ["Live", null],
      ["Models", null],
    ]);
    expect(views.board.models[0].get("filter")).toBe("a > 1");
    expect(views.board.models[0].get("columns")).toEqual(["name"]);
  });

  it("writes what a reader sets into the address, and takes it back from there", async () => {
    await open();
    const [model] = views.board.models;
    model.set("filter", "x = 1");
    expect(location.hash).toContain("filter=x");
    location.hash = "#runs";
    dispatchEvent(new Event("hashchange"));
    expect(model.get("filter") ?? "").toBe("");
  });

  it("compares what is selected, else the two newest runs", async () => {
    await open();
    const ids = /** @type {string[]} */ (kernel.column("run_id").values);
    views.board.models[0].set("selected", [ids[4], ids[1]]);
    location.hash = "#compare";
    dispatchEvent(new Event("hashchange"));
    expect(views.compare.models[0].get("runs")).toEqual([ids[4], ids[1]]);
    views.board.models[0].set("selected", []);
    location.hash = "#compare?sections=[]";
    dispatchEvent(new Event("hashchange"));
    expect(views.compare.models[0].get("runs").length).toBe(2);
  });

  it("follows the run that goes on", async () => {
    const status = kernel.column("status");
    const going = /** @type {string} */ (kernel.column("run_id").values[3]);
    status.values.fill("FINISHED");
    status.values[3] = "RUNNING";
    await open("#live");
    expect(views.live.models[0].get("run_id")).toBe(going);
    expect(root.querySelector("nav .nbt-ui-running")).not.toBeNull();
    expect([...root.querySelectorAll("option")].filter((each) => each.textContent?.includes("running")).length).toBe(1);
  });

  it("says what an empty store has to show, and shows it as soon as there is something", async () => {
    const empty = new FakeKernel(fakeColumns({ count: 0, now: NOW }));
    const full = kernel;
    kernel = empty;
    await open("#artifacts");
    expect(root.textContent).toContain("No runs yet");
    expect(views.artifacts.models).toEqual([]);
    empty.columns = full.columns;
    empty.sendFull();
    await settle();
    expect(root.textContent).not.toContain("No runs yet");
    expect(views.artifacts.models[0].get("run_id")).toBeTruthy();
  });

  it("lists the runs whose files can be looked into", async () => {
    await open("#artifacts");
    const picker = /** @type {HTMLSelectElement} */ (root.querySelector("select"));
    expect(picker.hidden).toBe(false);
    expect(picker.options.length).toBe(6);
    const wanted = /** @type {string} */ (byName(String(kernel.column("name").values[2])));
    picker.value = wanted;
    picker.dispatchEvent(new Event("change"));
    expect(views.artifacts.models[0].get("run_id")).toBe(wanted);
    expect(location.hash).toContain(wanted);
  });

  it("shows models without any runs, and in the address which one is open", async () => {
    kernel = new FakeKernel(fakeColumns({ count: 0, now: NOW }));
    await open("#models?model=fraud&version=3");
    const [model] = views.registry.models;
    expect([model.get("model"), model.get("version")]).toEqual(["fraud", 3]);
    expect(root.textContent).not.toContain("No runs yet");
    model.set("version", 4);
    expect(location.hash).toBe("#models?model=fraud&version=4");
  });

  it("leads from a run to the models that were registered from it", async () => {
    const versions = [{ name: "a & b", version: 3, aliases: ["champion"] }];
    kernel.answers["run-models"] = () => ({ content: { versions } });
    await open("#artifacts");
    const link = root.querySelector(".nbt-ui-models a");
    expect(link?.getAttribute("href")).toBe("#models?model=a+%26+b&version=3");
    expect(link?.parentElement?.textContent).toBe("Registered as a & b 3 @champion");
    location.hash = "#runs";
    dispatchEvent(new Event("hashchange"));
    expect(/** @type {HTMLElement} */ (root.querySelector(".nbt-ui-models")).hidden).toBe(true);
  });
});

describe("one stream for several models", () => {
  /** @param {string} [page] @param {Record<string, any>} [state] */
  function wired(page = "compare", state = { runs: ["a", "b"], base: "a" }) {
    /** @type {any[]} */
    const sent = [];
    const link = {
      receive: (/** @type {any} */ _message, /** @type {any[]} */ _buffers = []) => {},
      open: (/** @type {any} */ receive) => Object.assign(link, { receive }),
      send: (/** @type {any} */ message) => sent.push(message.content),
    };
    /** @type {string[]} */
    const refused = [];
    const channel = new Channel(link, { runs: () => {}, refused: (why) => refused.push(why) });
    /** @type {any[]} */
    const heard = [];
    const line = channel.line(page, () => state);
    line.open((message, buffers) => heard.push([message.content?.kind ?? message.method, buffers]));
    return { link, sent, heard, line, refused, state };
  }

  it("asks for a comparison where a widget's Python would send one, and tells why there is none", () => {
    const { link, sent, heard, line, refused } = wired();
    line.send({ method: "custom", content: { kind: "need", data: true } });
    line.send({ method: "update", state: { hide_same: true } });
    line.send({ method: "update", state: { base: "b" } });
    expect(sent.map(({ what, runs, base }) => [what, runs, base])).toEqual(Array(2).fill(["compare", ["a", "b"], "a"]));
    link.receive({ method: "custom", content: { kind: "answer", id: sent[0].id, ok: true } }, ["blob"]);
    link.receive({ method: "custom", content: { kind: "answer", id: sent[1].id, ok: false, error: "no" } }, []);
    expect(heard).toEqual([["data", ["blob"]]]);
    expect(refused).toEqual(["no"]);
  });

  it("gives tables of runs only to views of runs", () => {
    const { link, heard } = wired();
    link.receive({ method: "custom", content: { kind: "data" } }, ["table"]);
    expect(heard).toEqual([]);
  });

  it("gives models to who asked for them, also when the other end is back", () => {
    const { link, sent, heard, line } = wired("models", {});
    line.send({ method: "custom", content: { kind: "need", bundle: false, data: true } });
    line.send({ method: "update", state: { version: 2 } });
    line.send({ method: "custom", content: { kind: "edit", op: "registry", do: "tag" } });
    expect(sent).toEqual([
      { kind: "need", models: true },
      { kind: "edit", op: "registry", do: "tag" },
    ]);
    link.receive({ method: "custom", content: { kind: "data", models: true } }, ["models"]);
    link.receive({ method: "custom", content: { kind: "data" } }, ["table"]);
    expect(heard).toEqual([["data", ["models"]]]);
    link.receive({ method: "close" });
    link.receive({ method: "custom", content: { kind: "data" } }, ["table"]);
    expect(sent.at(-1)).toEqual({ kind: "need", models: true });
  });

  it("names the run in all that a view of one run says, and gives it the news of that run alone", () => {
    const { link, sent, heard, line, state } = wired("live", { run_id: "r1" });
    line.send({ method: "custom", content: { kind: "need", data: true } });
    line.send({ method: "custom", content: { kind: "order", order: "o1", do: "stop", id: 7 } });
    state.run_id = "r2";
    line.send({ method: "update", state: { run_id: "r2" } });
    expect(sent).toEqual([
      { kind: "need", run: "r1" },
      { kind: "order", order: "o1", do: "stop", id: 7, run: "r1" },
      { kind: "need", run: "r2" },
    ]);
    link.receive({ method: "custom", content: { kind: "data", run: "r1" } }, ["old"]);
    link.receive({ method: "custom", content: { kind: "data", run: "r2" } }, ["new"]);
    link.receive({ method: "custom", content: { kind: "data" } }, ["table"]);
    expect(heard).toEqual([["data", ["new"]]]);
  });

  it("tells every view when the other end is back, and follows the run again", () => {
    const of = wired("artifacts", { run_id: "r1" });
    of.link.receive({ method: "close" });
    of.link.receive({ method: "custom", content: { kind: "data" } }, ["table"]);
    expect(of.heard.map(([kind]) => kind)).toEqual(["close", "back"]);
    const late = wired();
    late.link.receive({ method: "close" });
    late.line.send({ method: "custom", content: { kind: "need", data: true } });
    expect(late.heard.map(([kind]) => kind)).toEqual(["close", "close"]);
    const live = wired("live", { run_id: "r1" });
    live.link.receive({ method: "close" });
    live.link.receive({ method: "custom", content: { kind: "data" } }, ["table"]);
    live.link.receive({ method: "custom", content: { kind: "data" } }, ["table"]);
    expect(live.sent).toEqual([{ kind: "need", run: "r1" }]);
  });
});
