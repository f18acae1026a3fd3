import { afterEach, describe, expect, it } from "vitest";
import { Kernel } from "../../src/kit/kernel.js";
import { RunStore } from "../../src/kit/run-store.js";
import { StaticModel } from "../../src/kit/static-model.js";
import { pointsOf } from "../../src/sweep/best-line.js";
import { SweepView } from "../../src/sweep/sweep.js";
import { leftText, paramText, progressText } from "../../src/sweep/texts.js";
import { FakeKernel } from "../fake-kernel.js";
import { fakeColumns, runId } from "../fake-runs.js";
import { NOW, settle } from "../parallel/mount.js";

/** @type {import("../../src/sweep/sweep.js").Standing} */
const STANDING = {
  state: "running",
  number: 5,
  total: 40,
  done: 12,
  failed: 1,
  pruned: 0,
  before: 3,
  running: 1,
  metric: "acc",
  direction: "max",
  elapsed: 4,
  eta: 61,
  best: { run: runId(2), trial: 2, value: 0.9131, params: { lr: "0.001", opt: "adam" } },
};
const closing = new AbortController();

/** @param {Partial<import("../../src/sweep/sweep.js").Standing>} standing */
function show(standing) {
  const fake = new FakeKernel(fakeColumns({ count: 12, now: NOW }));
  const model = new StaticModel({ _view: "sweep", _sweep: { ...STANDING, ...standing } }, fake);
  const store = new RunStore();
  const { signal: until } = closing;
  store.take(fake.blob());
  const view = new SweepView({ model: /** @type {any} */ (model), kernel: new Kernel(model, until), store, until });
  document.body.append(view.root);
  return { fake, model, view, text: (/** @type {string} */ of) => view.root.querySelector(of)?.textContent };
}

afterEach(() => document.body.replaceChildren());

describe("the head", () => {
  it("says how far the sweep is and which trial is the best", () => {
    const { text } = show({});
    expect(text(".nbt-sweep-progress")).toMatch(/^12 of 40 trials · 3 from before · 1 failed1\sm\s01\ss left$/);
    expect(text(".nbt-sweep-found")).toBe("★Best acc 0.9131lr 0.001opt adam");
  });

  it("pauses, and interrupts at the second press", async () => {
    const { fake, view, model } = show({});
    const button = /** @type {HTMLButtonElement} */ (view.root.querySelector(".nbt-sweep-pause"));
    button.click();
    expect(button.textContent).toBe("Interrupt now");
    button.click();
    await settle();
    expect(fake.heard.map(({ content }) => content?.do).filter(Boolean)).toEqual(["stop", "interrupt"]);
    model.set("_sweep", { ...STANDING, state: "paused" });
    await settle();
    expect(button.hidden).toBe(true);
    expect(view.root.textContent).toContain("run the cell again to go on");
  });

  it("says what is missing for a best trial", () => {
    expect(show({ state: "done", best: null }).text(".nbt-sweep-found")).toContain("Say which way acc is better");
    expect(show({ state: "done", best: null, metric: null }).text(".nbt-sweep-found")).toContain(
      "No trial has a metric",
    );
  });
});

describe("the best line", () => {
  it("goes through all axes", () => {
    expect(pointsOf([10, 20], [new Float32Array([1, 2.26]), new Float32Array([3, 4])], 1)).toEqual([
      [10, 2.3],
      [20, 4],
    ]);
  });

  it("stands where it was until the new one is here", async () => {
    const { model, view } = show({});
    view.plot.layers.isMeasured.value = true;
    await settle();
    const line = () => view.root.querySelector(".nbt-sweep-line")?.getAttribute("points");
    const before = line();
    expect(before?.split(" ").length).toBe(view.plot.state.shown.value.length);
    model.set("_sweep", { ...STANDING, best: { ...STANDING.best, run: "not here yet" } });
    await settle();
    expect(line()).toBe(before);
    model.set("_sweep", { ...STANDING, best: { ...STANDING.best, run: runId(7) } });
    await settle();
    expect(line()).not.toBe(before);
  });
});

it("texts are short", () => {
  expect(progressText({ ...STANDING, before: 0, failed: 0, pruned: 2, total: 1, done: 1 })).toBe(
    "1 of 1 trial · 2 pruned",
  );
  expect(leftText(STANDING, 60.5)).toBe("about done");
  expect(leftText({ ...STANDING, state: "done" }, 0)).toBe("");
  expect([paramText("6.3e-05"), paramText("adam"), paramText("")]).toEqual(["6.3e−5", "adam", ""]);
});
