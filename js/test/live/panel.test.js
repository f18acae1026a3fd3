import { afterEach, describe, expect, it, vi } from "vitest";
import { StaticModel } from "../../src/kit/static-model.js";
import { render } from "../../src/live/index.js";
import { FakeRun } from "./fake-run.js";

/** @type {(() => void)[]} */
const closing = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
  vi.useRealTimers();
});

/** @param {(run: FakeRun) => void} [change] @param {Record<string, any>} [state] */
function mount(change, state = {}) {
  const kernel = new FakeRun();
  change?.(kernel);
  const model = new StaticModel({ _view: "live", run_id: kernel.run.id, _data: kernel.full(), ...state }, kernel);
  const el = document.createElement("div");
  document.body.append(el);
  closing.push(render({ model, el }), () => el.remove());
  const text = () => el.querySelector(".nbt-live")?.textContent ?? "";
  /** @param {string} name */
  const button = (name) =>
    /** @type {HTMLButtonElement} */ (
      [...el.querySelectorAll("button")].find((each) => !each.hidden && each.textContent?.includes(name))
    );
  const orders = () => kernel.heard.filter(({ kind }) => kind === "order");
  return { kernel, model, el, text, button, orders };
}

const drawn = (/** @type {HTMLElement} */ el) =>
  vi.waitFor(() => {
    expect(el.querySelector("[data-points]")).not.toBeNull();
  });

describe("a run that goes on", () => {
  it("shows what runs, its params and one chart for train and validation", async () => {
    const { el, text } = mount((kernel) => {
      kernel.points = { loss: [[0, 1]], "val/loss": [[0, 2]], acc: [[0, 0.5]] };
    });
    await drawn(el);
    expect(text()).toContain("#12 bold-otter");
    expect(text()).toContain("lr0.001");
    expect([...el.querySelectorAll(".nbt-chart-title")].map((each) => each.textContent)).toEqual(["acc", "loss"]);
  });

  it("takes new points, and counts them all", async () => {
    const { el, kernel, text } = mount();
    expect(text()).toContain("No metrics yet");
    kernel.more({ loss: [[0, 1]] });
    kernel.more({
      loss: [
        [1, 0.5],
        [2, Number.NaN],
      ],
    });
    await vi.waitFor(() => expect(el.querySelector(".nbt-live")?.getAttribute("data-points")).toBe("3"));
    expect(text()).toContain("3 points");
    expect(/** @type {HTMLElement} */ (el.querySelector(".nbt-live-quiet")).hidden).toBe(true);
  });

  it("asks for everything when a message is missing, once", async () => {
    const { kernel, text } = mount();
    kernel.seq += 1;
    kernel.more({ loss: [[0, 1]] });
    kernel.more({ loss: [[1, 1]] });
    expect(kernel.heard.filter(({ kind }) => kind === "need")).toHaveLength(1);
    await vi.waitFor(() => expect(text()).toContain("2 points"));
  });

  it("says how far it is and when it will be done", () => {
    const { el, text } = mount((kernel) => {
      const { start } = kernel.run;
      kernel.run.progress = { done: 30, total: 120, first: 0, since: start, unit: "epoch" };
    });
    expect(text()).toContain("epoch 30 of 120");
    expect(text()).toMatch(/6.m.0\d.s left/);
    expect(el.querySelector("[role=progressbar]")?.getAttribute("aria-valuenow")).toBe("25");
  });
});

describe("buttons", () => {
  it("stops, then offers to interrupt", async () => {
    const { kernel, text, button, orders } = mount();
    button("Stop").click();
    await vi.waitFor(() => expect(text()).toContain("Stops at the training's next"));
    button("Interrupt now").click();
    expect(orders().map((order) => order.do)).toEqual(["stop", "interrupt"]);
    kernel.run = { ...kernel.run, status: "FINISHED", stopped: "1200", duration: 3 };
    kernel.more();
    expect(text()).toContain("stopped at step 1,200");
    expect(button("Interrupt now")).toBeUndefined();
    expect(text()).not.toContain("Stops at the training");
  });

  it("says what else there is when the training calls nothing", async () => {
    vi.useFakeTimers();
    const { kernel, text, button } = mount();
    button("Stop").click();
    await vi.advanceTimersByTimeAsync(6000);
    expect(text()).toContain("“Interrupt now” ends the cell");
    kernel.run = { ...kernel.run, status: "FINISHED", stopped: "3" };
    kernel.more();
    expect(text()).not.toContain("Interrupt now");
  });

  it("says that the kernel is deaf when no answer comes", () => {
    vi.useFakeTimers();
    const { text, button } = mount((kernel) => {
      kernel.isDeaf = true;
    });
    button("Stop").click();
    vi.advanceTimersByTime(2000);
    expect(text()).toContain("■ stops the cell");
  });

  it("shows a checkpoint button only when the run listens to it", () => {
    const { kernel, button } = mount();
    expect(button("Checkpoint")).toBeUndefined();
    kernel.run = { ...kernel.run, checkpoint: true };
    kernel.more();
    expect(button("Checkpoint")).toBeDefined();
  });

  it("says what became of a checkpoint", () => {
    const { kernel, text } = mount((kernel) => {
      kernel.run.events = [{ t: 1, step: 1, kind: "checkpoint", text: "checkpoint failed: long ago" }];
    });
    expect(text()).not.toContain("failed");
    kernel.run = {
      ...kernel.run,
      events: [...kernel.run.events, { t: 2, step: 2, kind: "checkpoint", text: "checkpoint" }],
    };
    kernel.more();
    expect(text()).toContain("Checkpoint made.");
    const failed = { t: 3, step: 3, kind: "checkpoint", text: "checkpoint failed: OSError: disk full" };
    kernel.run = { ...kernel.run, events: [...kernel.run.events, failed] };
    kernel.more();
    expect(text()).toContain("disk full");
  });

  it("shows a dozen charts, and all when asked", async () => {
    const { el, button } = mount((kernel) => {
      kernel.points = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`metric ${i}`, [[0, 1]]]));
    });
    await drawn(el);
    expect(el.querySelectorAll(".nbt-chart").length).toBe(12);
    button("Show all 30 charts").click();
    expect(el.querySelectorAll(".nbt-chart").length).toBe(30);
    expect(button("Show all")).toBeUndefined();
  });

  it("draws over time, and Python hears of it", async () => {
    const { el, model, button } = mount((kernel) => {
      kernel.points = { loss: [[0, 1]] };
    });
    await drawn(el);
    const over = /** @type {HTMLSelectElement} */ (el.querySelector("[aria-label='x axis']"));
    over.selectedIndex = 2;
    over.dispatchEvent(new Event("change"));
    button("log y").click();
    await vi.waitFor(() => expect([model.get("x"), model.get("log_y")]).toEqual(["time", true]));
    expect(button("log y").getAttribute("aria-pressed")).toBe("true");
  });

  it("shows the run's note", () => {
    const { el } = mount((kernel) => {
      kernel.run.note = "first\n\n<b>second</b>";
    });
    expect(el.querySelector(".nbt-live-note")?.textContent).toBe("first\n\n<b>second</b>");
  });

  it("keeps a note, typed and ended with Enter", async () => {
    const { el, button, orders, text } = mount();
    button("Note").click();
    const input = /** @type {HTMLInputElement} */ (el.querySelector("[aria-label=Note]"));
    input.value = " looks good ";
    input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    expect(orders()[0]).toMatchObject({ do: "note", value: "looks good" });
    await vi.waitFor(() => expect(text()).toContain("Note kept"));
  });

  it("says of each order what became of it, also when two are answered at once", async () => {
    const { el, kernel, button, text } = mount((kernel) => {
      kernel.run = { ...kernel.run, checkpoint: true };
    });
    button("Checkpoint").click();
    button("Note").click();
    const input = /** @type {HTMLInputElement} */ (el.querySelector("[aria-label=Note]"));
    input.value = "a plateau";
    input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    await vi.waitFor(() => expect(text()).toContain("Checkpoint asked for. Note kept."));
    kernel.run = { ...kernel.run, events: [{ t: 1, step: 1, kind: "checkpoint", text: "checkpoint" }] };
    kernel.more();
    expect(text()).toContain("Note kept. Checkpoint made.");
    expect(text()).not.toContain("asked for");
  });

  it("turns a knob, and back when the kernel refuses", async () => {
    const knob = { name: "lr", value: 0.001, min: 1e-5, max: 0.1, log: true, whole: false, choices: null };
    const { el, kernel, orders, text } = mount((kernel) => {
      kernel.run.knobs = [knob];
    });
    const slider = /** @type {HTMLInputElement} */ (el.querySelector("[aria-label='Knob lr']"));
    expect(slider.value).toBe("500");
    slider.value = "750";
    slider.dispatchEvent(new Event("input"));
    slider.dispatchEvent(new Event("change"));
    expect(orders()[0]).toMatchObject({ do: "knob", key: "lr", value: 0.01 });
    kernel.refusal = "Knob 'lr' cannot be 0.1";
    slider.value = "1000";
    slider.dispatchEvent(new Event("change"));
    await vi.waitFor(() => expect(text()).toContain("cannot be 0.1"));
    expect(slider.value).toBe("500");
  });
});

describe("a run that has ended", () => {
  it("says that its kernel died, and what is kept", async () => {
    const { el, text } = mount((kernel) => {
      kernel.points = { loss: Array.from({ length: 1204 }, (_, i) => [i, 1 / (i + 1)]) };
      Object.assign(kernel.run, { status: "KILLED", died: true, end: kernel.run.start, duration: 12 });
    });
    await drawn(el);
    expect(text()).toMatch(/Kernel died \d\d:\d\d, run marked killed, 1,204 points kept/);
    expect(/** @type {HTMLElement} */ (el.querySelector(".nbt-live-stop")).hidden).toBe(true);
  });

  it("is folded to a line when Python says so", () => {
    const { el, model } = mount(undefined, { folded: true });
    const body = /** @type {HTMLElement} */ (el.querySelector(".nbt-live-body"));
    expect(body.hidden).toBe(true);
    /** @type {HTMLButtonElement} */ (el.querySelector(".nbt-live-fold")).click();
    expect(body.hidden).toBe(false);
    expect(model.get("folded")).toBe(false);
  });

  it("shows text as text", () => {
    const { el } = mount((kernel) => {
      kernel.run.name = '<img src=x onerror="1">';
      kernel.run.params = { "<b>": "<i>" };
    });
    expect(el.querySelector("img, .nbt-live b")).toBeNull();
  });
});
