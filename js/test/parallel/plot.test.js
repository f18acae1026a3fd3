import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { steadyAxes } from "../../src/parallel/axes.js";
import { runSearch } from "../../src/parallel/cell.js";
import { csvText, svgText } from "../../src/parallel/export.js";
import { contentOf } from "../../src/parallel/tooltip.js";
import { runId } from "../fake-runs.js";
import { mount, settle } from "./mount.js";

/** @type {ReturnType<typeof mount> | null} */
let shown = null;

afterEach(() => {
  shown?.close();
  shown = null;
});

/** @param {Parameters<typeof mount>[0]} [options] */
function show(options) {
  shown = mount(options);
  return shown;
}

/** @param {HTMLElement} root @param {string} text */
function button(root, text) {
  const found = [...root.querySelectorAll("button")].find((each) => each.textContent?.trim().startsWith(text));
  if (!found) throw new Error(`no button ${text}`);
  return found;
}

describe("axes", () => {
  it("are what differs between runs, results last", () => {
    const { titles } = show();
    expect(titles()).toEqual(["lr", "model", "optimizer", "seed", "weight_decay", "throughput", "loss", "acc"]);
  });

  it("end with the metric asked for, which colours the lines", () => {
    const { plot, titles } = show({ state: { parallel_metric: "val_acc" } });
    expect(titles().at(-1)).toBe("val_acc");
    expect(plot.state.colourAxis.value?.id).toBe("metrics.val_acc");
  });

  it("leave out names that tell every run apart, and metrics that stay where they are", async () => {
    const { fake, model, titles } = show({ state: { axes: ["params.seed"] } });
    const size = fake.column("params.seed").values.length;
    fake.column("params.seed").values = Array.from({ length: size }, (_, i) => `sha${i}`);
    fake.column("metrics.throughput.last").values.fill(3);
    fake.sendPatch([...Array(size).keys()]);
    await settle();
    model.set("axes", null);
    expect(titles()).toEqual(["lr", "model", "optimizer", "weight_decay", "val_acc", "loss", "acc"]);
  });

  it("change with the metric that the view is about", () => {
    const { model, titles } = show();
    model.set("parallel_metric", "val_acc");
    expect(titles()).toEqual(["lr", "model", "optimizer", "seed", "weight_decay", "val_acc"]);
    model.set("parallel_metric", "loss");
    expect(titles().at(-1)).toBe("loss");
  });

  it("stay in their places when a new run brings a column", async () => {
    const { fake, titles } = show({ state: { parallel_metric: "acc" } });
    const before = titles();
    fake.column("params.dropout").values[3] = "0.5";
    fake.sendPatch([3]);
    await settle();
    expect(titles().filter((title) => title !== "dropout")).toEqual(before);
    expect(titles()).toContain("dropout");
  });

  it("that come later take no place from those on view", () => {
    const catalog = /** @type {any} */ ({ has: () => true });
    const before = [
      "params.a",
      "params.b",
      "params.c",
      "params.d",
      "params.e",
      "params.f",
      "metrics.loss",
      "metrics.acc",
    ];
    const now = ["params.new", "params.newer", ...before];
    const axes = steadyAxes(before, now, catalog);
    expect(axes.filter((id) => !before.includes(id))).toEqual(["params.new"]);
    expect(axes.slice(-3)).toEqual(["params.new", "metrics.loss", "metrics.acc"]);
    expect(steadyAxes([...before, "metrics.x"], now, catalog)).toEqual([...before, "metrics.x"]);
  });

  it("move, invert and hide by keys", () => {
    const { model, press, titles } = show({ state: { axes: ["params.lr", "params.model", "metrics.loss"] } });
    press("params.lr", "ArrowRight", { shiftKey: true });
    expect(titles()).toEqual(["model", "lr", "loss"]);
    press("params.lr", "i");
    expect(model.get("inverted_axes")).toEqual(["params.lr"]);
    press("params.model", "Delete");
    expect(model.get("axes")).toEqual(["params.lr", "metrics.loss"]);
  });

  it("are inverted by a click on the title, and take another scale", () => {
    const { model, one, plot } = show({ state: { axes: ["params.lr", "metrics.loss"] } });
    one('[data-axis="params.lr"] .nbt-par-title').click();
    expect(plot.state.shown.value[0]?.inverted).toBe(true);
    const axis = /** @type {import("../../src/parallel/axes.js").Axis} */ (plot.state.shown.value[0]);
    expect(axis.kind).toBe("log");
    plot.state.setKind(axis, "rank");
    expect(model.get("axis_kinds")).toEqual({ "params.lr": "rank" });
    plot.state.setKind(axis, "log");
    expect(model.get("axis_kinds")).toEqual({});
  });

  it("of a metric show another value of it, and its brush goes", () => {
    const { model, plot } = show({ state: { axes: ["metrics.loss"], extents: { "metrics.loss": [[0, 1]] } } });
    const axis = /** @type {import("../../src/parallel/axes.js").Axis} */ (plot.state.shown.value[0]);
    plot.state.setStatistic(axis, "best");
    expect(plot.state.shown.value[0]?.source).toBe("metrics.loss.min");
    expect(model.get("statistics")).toEqual({ loss: "best" });
    expect(model.get("extents")).toEqual({});
  });

  it("are found in the picker", async () => {
    const { model, one, plot } = show({ state: { axes: ["params.lr"] } });
    button(plot.root, "Axes").click();
    const search = /** @type {HTMLInputElement} */ (one(".nbt-par-search"));
    search.value = "dura";
    search.dispatchEvent(new Event("input"));
    const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (plot.root.querySelectorAll(".nbt-par-list input"));
    expect(boxes).toHaveLength(1);
    boxes[0]?.click();
    expect(model.get("axes")).toEqual(["params.lr", "duration"]);
  });
});

describe("brushes", () => {
  it("are extents, a filter, and words", async () => {
    const { model, one, plot } = show({
      state: { extents: { "params.model": ["resnet18"], "metrics.acc": [[0.5, null]] } },
    });
    expect(plot.view.matched.value.length).toBeLessThan(plot.view.base.value.length);
    expect(one(".nbt-par-where").textContent).toBe("params.model IN ('resnet18') AND metrics.acc >= 0.5");
    expect(one(".nbt-par-plot").getAttribute("aria-label")).toMatch(
      /\d+ of 39 runs; brushed model resnet18 and acc ≥ 0.5;/,
    );
    one(".nbt-par-chip button").click();
    expect(model.get("extents")).toEqual({ "metrics.acc": [[0.5, null]] });
  });

  it("typed at an axis", () => {
    const { model, one, press } = show({ state: { axes: ["params.lr"] } });
    press("params.lr", "Enter");
    const input = /** @type {HTMLInputElement} */ (one(".nbt-par-range"));
    input.value = "0.001..0.01";
    const enter = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
    input.dispatchEvent(enter);
    expect(model.get("extents")).toEqual({ "params.lr": [[0.001, 0.01]] });
    // the title has the focus now: the same key must not click it
    expect(enter.defaultPrevented).toBe(true);
  });

  it("on a metric named with .last or .best are on its axis", () => {
    const { plot } = show({ state: { axes: ["metrics.loss"], extents: { "metrics.loss.last": [[0, 1]] } } });
    expect(plot.state.brushes.value[0]).toEqual([[0, 1]]);
    plot.view.statistics.value = { loss: "best" };
    plot.view.extents.value = { "metrics.loss.best": [[0, 2]] };
    expect(plot.state.brushes.value[0]).toEqual([[0, 2]]);
  });

  it("all go with Escape", () => {
    const { model, press } = show({ state: { extents: { "params.lr": [[0, 1]], "params.model": ["vit-small"] } } });
    press("params.lr", "Escape");
    expect(model.get("extents")).toEqual({});
  });

  it("are kept, excluded and restored as steps", () => {
    const { model, one, plot } = show({ state: { extents: { "params.model": ["resnet18"] } } });
    const brushed = plot.view.matched.value.length;
    button(plot.root, "Exclude").click();
    expect(plot.view.base.value).toHaveLength(39 - brushed);
    expect(one(".nbt-par-chip").textContent).toBe("excludedmodel resnet18");
    expect(button(plot.root, "Keep").disabled).toBe(true);
    button(plot.root, "Restore").click();
    expect(model.get("steps")).toEqual([]);
  });

  it("of a column without an axis can still be taken back", () => {
    const { one } = show({ state: { axes: ["params.lr"], extents: { "params.model": ["vit-small"] } } });
    expect(one(".nbt-par-chip").textContent).toContain("no axis");
  });
});

describe("what goes out", () => {
  it("CSV of the runs on view", () => {
    const { plot } = show({
      state: { axes: ["params.lr", "start_time", "metrics.loss"], filter: "params.model = 'vit-small'" },
    });
    const [head, first, ...rest] = csvText(plot).trim().split("\r\n");
    expect(head).toBe("run_id,name,status,params.lr,start_time,metrics.loss");
    expect(first?.split(",")[4]).toMatch(/^2026-11-2\dT/);
    expect(rest).toHaveLength(plot.view.matched.value.length - 1);
  });

  it("SVG with a line for each run, whatever was logged", () => {
    const change = (/** @type {import("../fake-kernel.js").FakeKernel} */ kernel) => {
      kernel.column("params.model").values[0] = "<b>&\u0001";
    };
    const { plot } = show({ change });
    const picture = new DOMParser().parseFromString(svgText(plot), "image/svg+xml");
    expect(picture.querySelector("parsererror")).toBeNull();
    const lines = [...picture.querySelectorAll("g polyline")].filter(
      (line) => line.getAttribute("points")?.split(" ").length === 8,
    );
    expect(lines).toHaveLength(39);
  });

  it("SQL comes from Python, code for a cell from here", async () => {
    const { plot } = show({ state: { extents: { "params.lr": [[0.01, 0.1]] } } });
    const copied = vi.spyOn(plot, "copy").mockResolvedValue();
    button(plot.root, "Copy SQL").click();
    await settle();
    expect(copied).toHaveBeenLastCalledWith("SELECT -- params.lr BETWEEN 0.01 AND 0.1", "SQL copied");
    button(plot.root, "Copy as code").click();
    await settle();
    // the experiments of the page need not be the one in use
    const search = 'nbtrack.search_runs("params.lr BETWEEN 0.01 AND 0.1", experiment_names=["cifar"])';
    expect(copied.mock.lastCall?.[0]).toContain(search);
  });

  it("SQL without a kernel names the runs on view", () => {
    const { plot } = show({ offline: true, state: { filter: "number\n< 3" } });
    const copied = vi.spyOn(plot, "copy").mockResolvedValue();
    button(plot.root, "Copy SQL").click();
    const ids = [runId(1), runId(2)].map((id) => `'${id}'`).join(", ");
    const sql = `-- number < 3\nSELECT r.*\nFROM runs r\nWHERE r.run_id IN (${ids})\nORDER BY r.start_time DESC NULLS LAST, r.run_id`;
    expect(copied).toHaveBeenLastCalledWith(sql, "SQL copied");
  });

  it("code asks for all runs on view, the trash too", () => {
    const { plot } = show({ count: 1200, state: { show_deleted: true, filter: `name LIKE '%"%' or number > 0` } });
    expect(runSearch(plot.view)).toBe(
      `df = nbtrack.search_runs("name LIKE '%\\"%' or number > 0", experiment_names=["cifar"], max_results=100_000, run_view_type=nbtrack.ViewType.ALL)\ndf`,
    );
  });
});

describe("runs", () => {
  it("under the pointer say their name and what differs", () => {
    const { plot } = show();
    const text = contentOf(plot.state, 4)
      .map((each) => each.textContent)
      .join(" ");
    expect(text).toContain("#5");
    expect(text).toContain("lr");
    expect(text).not.toContain("batch_size");
  });

  it("selected elsewhere and pinned here stand out", () => {
    const { plot } = show({ state: { selected: [runId(2)], pinned_runs: [runId(3)] } });
    expect(plot.layers.strongRuns().map(({ row }) => row)).toEqual([1, 2]);
  });
});

describe("importance", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("stands above the axes, weak shares marked", async () => {
    const { fake, one, plot } = show({ state: { parallel_metric: "acc" } });
    // its place is kept until it is known, so that nothing jumps
    expect(one(".nbt-par-why").textContent).toBe("What moves acc: being worked out…");
    expect(one(".nbt-par-strip").hidden).toBe(false);
    await vi.advanceTimersByTimeAsync(1000);
    expect(one(".nbt-par-why").textContent).toContain("What moves acc: random forest over 39 runs");
    expect(plot.root.querySelectorAll(".nbt-par-share")).toHaveLength(2);
    expect(plot.root.querySelectorAll(".nbt-par-weak")).toHaveLength(1);
    const asked = fake.heard.map(({ content }) => content).filter((content) => content?.what === "importance");
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ metric: "acc", statistic: "last", where: "", experiments: ["1"] });
  });

  it("is not asked for with fewer than ten runs", async () => {
    const { fake } = show({ count: 9 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(fake.heard.some(({ content }) => content?.what === "importance")).toBe(false);
  });

  it("gives its place back when there is no answer", async () => {
    const { one } = show({
      change: (fake) => {
        fake.send = (message) => {
          const content = { kind: "answer", id: message.content.id, ok: false, message: "no" };
          queueMicrotask(() => fake.receive({ method: "custom", content }, []));
        };
      },
    });
    expect(one(".nbt-par-strip").hidden).toBe(false);
    await vi.advanceTimersByTimeAsync(1000);
    expect(one(".nbt-par-strip").hidden).toBe(true);
  });

  it("is left out of a page that nobody answers", async () => {
    const { one } = show({ offline: true });
    expect(one(".nbt-par-strip").hidden).toBe(true);
    await vi.advanceTimersByTimeAsync(1000);
    expect(one(".nbt-par-strip").hidden).toBe(true);
  });
});
