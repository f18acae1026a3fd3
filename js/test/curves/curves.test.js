import { afterEach, describe, expect, it, vi } from "vitest";
import views, { StaticModel } from "../../src/index.js";
import { fakeColumns, runId } from "../fake-runs.js";
import { settle } from "../run-table/mount.js";
import { CurvesKernel } from "./fake-curves.js";

const NOW = Date.UTC(2026, 10, 23, 6, 30);
/** @type {(() => void)[]} */
const closing = [];

/** @param {{ count?: number, state?: Record<string, any>, change?: (kernel: CurvesKernel) => void }} [options] */
function mount({ count = 30, state = {}, change } = {}) {
  const kernel = new CurvesKernel(fakeColumns({ count, now: NOW }));
  change?.(kernel);
  const model = new StaticModel({ _view: "curves", _data: kernel.blob(), ...state }, kernel);
  const el = document.createElement("div");
  document.body.append(el);
  closing.push(views.curves.render({ model, el }));
  const texts = (/** @type {string} */ selector) =>
    [...el.querySelectorAll(selector)].map((found) => found.textContent ?? "");
  const button = (/** @type {string} */ text) =>
    /** @type {HTMLButtonElement} */ ([...el.querySelectorAll("button")].find((each) => each.textContent === text));
  return { kernel, model, el, texts, button };
}

/** @param {CurvesKernel} kernel */
function asked(kernel) {
  return kernel.questions.map(({ x, range, series }) => ({ x, range, count: series.length }));
}

afterEach(() => {
  for (const close of closing.splice(0)) close();
  document.body.replaceChildren();
});

describe("curves", () => {
  it("draw the newest runs, and all when asked", async () => {
    const { kernel, texts, button, model } = mount({ state: { metrics: ["loss"] } });
    await vi.waitFor(() => expect(kernel.questions.length).toBe(1));
    const total = texts(".nbt-curve-count")[0]?.match(/^20 of (\d+) runs drawn/)?.[1];
    expect(asked(kernel)[0]).toMatchObject({ x: "step", range: null });
    expect(kernel.questions[0].series.length).toBeLessThanOrEqual(20);
    button("draw all").click();
    await settle();
    expect(texts(".nbt-curve-count")[0]).toMatch(`${total} runs`);
    expect(model.get("max_drawn")).toBe(Number(total));
  });

  it("draw the selected runs when there are some", async () => {
    const { texts, model } = mount({ state: { metrics: ["loss"], selected: [runId(3), runId(4)] } });
    expect(texts(".nbt-curve-count")[0]).toMatch(/^2 selected runs/);
    expect(texts(".nbt-curve-line").map((text) => text.split(" ")[0])).toEqual(["#4", "#3"]);
    model.set("selected", []);
    expect(texts(".nbt-curve-line").length).toBe(20);
  });

  it("have one question for all metrics and runs", async () => {
    const { kernel, texts } = mount({ state: { metrics: ["loss", "acc"] } });
    await vi.waitFor(() => expect(kernel.questions.length).toBe(1));
    await settle(100);
    expect(kernel.questions.length).toBe(1);
    const keys = new Set(kernel.questions[0].series.map((/** @type {string[]} */ [, key]) => key));
    expect([...keys].sort()).toEqual(["acc", "loss"]);
    expect(texts(".nbt-chart-title")).toEqual(["loss", "acc"]);
  });

  it("ask for more detail where the reader zooms, and only there", async () => {
    const { kernel, model, button } = mount({ state: { metrics: ["loss"] } });
    await vi.waitFor(() => expect(kernel.questions.length).toBe(1));
    await settle(60);
    model.set("x_range", [100, 200]);
    await vi.waitFor(() => expect(kernel.questions.length).toBe(2));
    expect(asked(kernel)[1]).toEqual({ x: "step", range: [100, 200], count: kernel.questions[0].series.length });
    const out = /** @type {HTMLButtonElement} */ (document.querySelector('[title^="Show all of x"]'));
    out.click();
    expect(model.get("x_range")).toBeNull();
    await settle(400);
    expect(kernel.questions.length).toBe(2);
    expect(button("Zoom out").hidden).toBe(true);
  });

  it("do not ask for detail where every point is there already", async () => {
    const change = (/** @type {CurvesKernel} */ kernel) => {
      kernel.history = () => [
        { x: 0, y: 1 },
        { x: 1, y: 2 },
      ];
    };
    const { kernel, model } = mount({ state: { metrics: ["loss"] }, change });
    await vi.waitFor(() => expect(kernel.questions.length).toBe(1));
    await settle(60);
    model.set("x_range", [0.2, 0.4]);
    await settle(400);
    expect(kernel.questions.length).toBe(1);
  });

  it("ask again for the run that has more points, and for no other", async () => {
    const { kernel } = mount({ state: { metrics: ["loss"] } });
    await vi.waitFor(() => expect(kernel.questions.length).toBe(1));
    await settle(60);
    const row = kernel.count - 1;
    kernel.column("metrics.loss.count", "f64").values[row] = 9999;
    kernel.sendPatch([row]);
    await vi.waitFor(() => expect(kernel.questions.length).toBe(2), 3000);
    expect(kernel.questions[1].series).toEqual([[runId(row + 1), "loss"]]);
  });

  it("say why there is nothing, and do not ask without end", async () => {
    const change = (/** @type {CurvesKernel} */ kernel) => {
      kernel.refusal = "The store is held by somebody else.";
    };
    const { kernel, texts } = mount({ state: { metrics: ["loss"] }, change });
    await vi.waitFor(() => expect(texts(".nbt-quiet-line")[0]).toContain("held by somebody"));
    await settle(500);
    expect(kernel.questions.length).toBe(1);
  });

  it("split into a chart for each value of a column", () => {
    const { texts } = mount({ state: { metrics: ["loss"], facet_by: "params.optimizer" } });
    expect(texts(".nbt-chart-title")).toEqual([
      "loss · optimizer = adam",
      "loss · optimizer = adamw",
      "loss · optimizer = sgd",
    ]);
  });

  it("are one line for runs that share the chosen columns", () => {
    const { texts } = mount({ state: { metrics: ["loss"], aggregate_by: ["params.optimizer"] } });
    const lines = texts(".nbt-curve-line");
    expect(lines.length).toBe(3);
    expect(lines.every((line) => /^optimizer = \w+ \(\d+\)$/.test(line))).toBe(true);
  });

  it("are switched off and left alone in the legend", async () => {
    const { el } = mount({ state: { metrics: ["loss"] } });
    const lines = () => /** @type {HTMLElement[]} */ ([...el.querySelectorAll(".nbt-curve-line")]);
    const on = () => lines().filter((line) => line.getAttribute("aria-pressed") === "true").length;
    lines()[0]?.click();
    expect(on()).toBe(19);
    lines()[1]?.dispatchEvent(new MouseEvent("click", { altKey: true, bubbles: true }));
    expect(on()).toBe(1);
    lines()[1]?.dispatchEvent(new MouseEvent("click", { altKey: true, bubbles: true }));
    expect(on()).toBe(20);
  });

  it("say what dashes mean, and paint many numbers as a ramp", () => {
    const { el, model, texts } = mount({ state: { metrics: ["loss"], dash_by: "params.optimizer" } });
    expect(texts(".nbt-curve-key")).toEqual(["optimizer:", "adam", "adamw", "sgd"]);
    const dashes = [...el.querySelectorAll(".nbt-curve-key path")].map((line) => line.getAttribute("stroke-dasharray"));
    expect(new Set(dashes).size).toBe(3);
    model.set("dash_by", null);
    model.set("colour_by", "metrics.loss");
    expect(texts(".nbt-curve-key")).toEqual(["loss:", expect.stringMatching(/^\d.*\d$/)]);
    expect(el.querySelectorAll(".nbt-curve-ramp").length).toBe(1);
    model.set("colour_by", "params.optimizer");
    expect(texts(".nbt-curve-key")).toEqual(["optimizer:", "adam", "adamw", "sgd"]);
    expect(el.querySelector(".nbt-curve-ramp")).toBeNull();
  });

  it("keep the line under the pointer and the focus, whatever comes in", () => {
    const { el, kernel } = mount({ state: { metrics: ["loss"] } });
    const lines = () => /** @type {HTMLElement[]} */ ([...el.querySelectorAll(".nbt-curve-line")]);
    expect(lines().filter((line) => line.tabIndex === 0).length).toBe(1);
    const [first] = lines();
    kernel.column("metrics.loss.count", "f64").values[kernel.count - 1] = 9999;
    kernel.sendPatch([kernel.count - 1]);
    expect(lines()[0]).toBe(first);
    first?.focus();
    first?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    expect(document.activeElement).toBe(lines()[1]);
    lines()[1]?.click();
    expect(lines()[1]?.getAttribute("aria-pressed")).toBe("false");
    expect(document.activeElement).toBe(lines()[1]);
  });

  it("show all of a long legend on request", () => {
    const { el } = mount({ state: { metrics: ["loss"] } });
    const legend = /** @type {HTMLElement} */ (el.querySelector(".nbt-curve-legend"));
    const more = /** @type {HTMLButtonElement} */ (el.querySelector(".nbt-curve-more"));
    expect(more.hidden).toBe(true);
    Object.defineProperty(legend, "scrollHeight", { get: () => 200 });
    /** @type {HTMLElement} */ (legend.querySelector("button")).click();
    expect([more.hidden, more.textContent]).toEqual([false, "All 20 lines"]);
    more.click();
    expect([more.textContent, more.getAttribute("aria-expanded")]).toEqual(["Fewer lines", "true"]);
    expect(legend.classList.contains("nbt-open")).toBe(true);
  });

  it("show names as they are, never as HTML", () => {
    const change = (/** @type {CurvesKernel} */ kernel) => {
      kernel.column("name").values[kernel.count - 1] = "<img src=x onerror=alert(1)>";
    };
    const { el, texts } = mount({ state: { metrics: ["loss"] }, change });
    expect(texts(".nbt-curve-line")[0]).toContain("<img");
    expect(el.querySelector("img")).toBeNull();
  });

  it("tell a reader without a mouse or eyes what a chart holds", async () => {
    const { el, kernel } = mount({ state: { metrics: ["loss"] } });
    await vi.waitFor(() => expect(kernel.questions.length).toBe(1));
    const field = () => el.querySelector(".nbt-chart-field");
    await vi.waitFor(() => expect(field()?.getAttribute("aria-label")).toMatch(/^loss: \d+ lines, values/));
    expect(field()?.getAttribute("tabindex")).toBe("0");
  });
});

it("one chart fills the view, and the others come back", () => {
  const { el, button, texts } = mount({ state: { metrics: ["loss", "acc"] } });
  expect(button("All charts").hidden).toBe(true);
  /** @type {HTMLElement[]} */ ([...el.querySelectorAll(".nbt-chart-button")])[1]?.click();
  button("Only this chart, large").click();
  expect(texts(".nbt-chart-title")).toEqual(["acc"]);
  button("All charts").click();
  expect(texts(".nbt-chart-title")).toEqual(["loss", "acc"]);
});

describe("metrics", () => {
  it("are found by their name and chosen", () => {
    const { el, button, model, texts } = mount({ state: { metrics: ["loss"] } });
    button("Metrics").click();
    const search = /** @type {HTMLInputElement} */ (el.querySelector(".nbt-metric-search"));
    search.value = "acc";
    search.dispatchEvent(new Event("input"));
    expect(texts(".nbt-metric-list label").every((text) => text.includes("acc"))).toBe(true);
    const tick = /** @type {HTMLInputElement} */ (el.querySelector(".nbt-metric-list input"));
    tick.click();
    expect(model.get("metrics")).toEqual(["loss", "acc"]);
    expect(texts(".nbt-chart-title")).toEqual(["loss", "acc"]);
  });

  it("that were switched off all together leave a word instead of charts", () => {
    const { texts } = mount({ state: { metrics: [] } });
    expect(texts(".nbt-quiet-line")[0]).toBe("No metric is chosen.");
  });
});
