// A story in happy-dom: steps that Python wrote as HTML, gone through with keys.

import { afterEach, beforeEach, expect, it } from "vitest";
import { fitted } from "../../src/page/fit.js";
import { PageModel, Stage } from "../../src/page/stage.js";
import { Story } from "../../src/page/story.js";
import { listenSteps } from "../../src/page/story-keys.js";

/** @type {any[]} */
let models;
/** @type {Story} */
let story;

beforeEach(() => {
  models = [];
  location.hash = "";
  const root = document.createElement("main");
  const titles = ["Hello", "Lines", "Brushed", "Pair"];
  for (const [i, title] of titles.entries()) {
    const section = document.createElement("section");
    section.className = "nbt-step";
    const words = Object.assign(document.createElement("div"), { className: "nbt-step-text" });
    words.append(Object.assign(document.createElement("h2"), { textContent: title }));
    if (i === 1) words.append(Object.assign(document.createElement("p"), { textContent: "text" }));
    const notes = Object.assign(document.createElement("aside"), { className: "nbt-step-notes" });
    if (i === 0) notes.append(Object.assign(document.createElement("p"), { textContent: "breathe" }));
    section.append(words, notes);
    root.append(section);
  }
  document.body.replaceChildren(root);
  const view = { render: (/** @type {any} */ { model }) => models.push(model) };
  const stage = new Stage(
    () => view,
    (_, state) => new PageModel(state, () => undefined),
  );
  const lines = (/** @type {any} */ state) => ({ views: [{ view: "parallel", group: "runs", state }] });
  const steps = [
    { views: [] },
    lines({ filter: "a" }),
    lines({ extents: { x: [[1, 2]] }, selected: ["r"] }),
    { views: [{ view: "compare", group: "compare-3", state: { runs: ["r"] } }] },
  ];
  story = new Story({ title: "T", steps }, root, stage, () => ({ min: 0, max: 10 }));
  listenSteps(story);
  story.follow();
});

afterEach(() => document.body.replaceChildren());

/** @param {string} key @param {any} [more] */
const press = (key, more = {}) =>
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...more }));
const now = () => document.querySelector(".nbt-now h2")?.textContent;

it("begins at the step of its address and goes on with keys", () => {
  expect([now(), location.hash]).toEqual(["Hello", "#1"]);
  press("ArrowRight");
  press(" ");
  expect([now(), location.hash]).toEqual(["Brushed", "#3"]);
  press(" ", { shiftKey: true });
  expect(now()).toBe("Lines");
  press("End");
  press("ArrowRight");
  expect(now()).toBe("Pair");
  press("Home");
  press("PageUp");
  expect(now()).toBe("Hello");
  press("ArrowRight", { ctrlKey: true });
  expect(now()).toBe("Hello");
  expect(document.querySelector("[role=status]")?.textContent).toBe("Step 1 of 4: Hello");
});

it("mounts a view once and moves it from state to state", async () => {
  press("ArrowRight");
  press("ArrowRight");
  expect(models.length).toBe(1);
  const [model] = models;
  expect([model.get("filter"), model.get("selected")]).toEqual([undefined, ["r"]]);
  await expect.poll(() => JSON.stringify(model.get("extents")), { timeout: 5000 }).toBe('{"x":[[1,2]]}');
  press("ArrowLeft");
  expect(model.get("filter")).toBe("a");
  await expect.poll(() => JSON.stringify(model.get("extents")), { timeout: 5000 }).toBe("{}");
  press("End");
  expect(models.length).toBe(2);
  expect([...document.querySelectorAll(".nbt-page-view")].map((el) => /** @type {HTMLElement} */ (el).hidden)).toEqual([
    true,
    false,
  ]);
});

it("leaves keys to what has the focus", () => {
  const input = document.createElement("input");
  story.view.append(input);
  input.dispatchEvent(new KeyboardEvent("keydown", { key: " ", bubbles: true }));
  expect(now()).toBe("Hello");
});

it("shows the speaker's notes and what comes next", () => {
  press("s");
  expect(story.notes.hidden).toBe(false);
  expect(story.notes.textContent).toBe("breatheNext: Lines");
  press("End");
  expect(story.notes.textContent).toBe("No notes for this step.This is the last step.");
});

it("gives one view, or two beside one another, the height of its place", () => {
  const placed = (/** @type {string} */ view, state = {}) => ({ view, group: "runs", state });
  expect(fitted([placed("run-table")], 600)).toEqual({ height: 516 });
  expect(fitted([placed("run-table", { height: 300 })], 600)).toEqual({});
  expect(fitted([placed("run-table"), placed("parallel")], 600)).toEqual({ height: 516, parallel_height: 355 });
  expect(fitted([placed("run-table"), placed("parallel"), placed("curves")], 600)).toEqual({});
  expect(fitted([placed("curves")], 600)).toEqual({ curves_height: 385 });
  expect(fitted([placed("curves", { metrics: ["a", "b", "c"] })], 700)).toEqual({ curves_height: 242 });
  expect(fitted([placed("hologram")], 600)).toEqual({});
});
