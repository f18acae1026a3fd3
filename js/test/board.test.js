import { afterEach, expect, it } from "vitest";
import views, { load, StaticModel } from "../src/index.js";
import { encodeComparison, head } from "./compare/encode.js";
import { FakeKernel } from "./fake-kernel.js";
import { fakeColumns, runId } from "./fake-runs.js";
import { settle } from "./run-table/mount.js";

/** @type {{ model: StaticModel, el: HTMLElement, close: () => void }} */
let board;

/** @param {Record<string, any>} [state] */
async function mount(state = {}, count = 30, answers = {}) {
  const kernel = new FakeKernel(fakeColumns({ count, now: Date.UTC(2026, 10, 23) }));
  kernel.answers = answers;
  const model = new StaticModel({ _view: "board", _data: kernel.blob(), ...state }, kernel);
  const el = document.createElement("div");
  document.body.append(el);
  board = { model, el, close: views.board.render({ model, el, load }) };
  await settle();
}

/** @param {string} selector */
const all = (selector) => /** @type {HTMLElement[]} */ ([...board.el.querySelectorAll(selector)]);
const heads = () => all(".nbt-pane-head").map((head) => head.getAttribute("aria-expanded"));

afterEach(() => {
  board.close();
  board.el.remove();
});

it("opens the panes that have something to show", async () => {
  await mount();
  expect(heads()).toEqual(["true", "true", "false"]);
  expect(all('[data-view="parallel"]').length).toBe(1);
  expect(all('[data-view="curves"]').length).toBe(1);
});

it("shows the table alone when there is nothing to compare", async () => {
  await mount({}, 1);
  expect(heads()[0]).toBe("false");
  expect(all('[data-view="parallel"]').length).toBe(0);
});

it("closes and opens panes, and tells Python", async () => {
  await mount({ panes: ["parallel"] });
  expect(heads()).toEqual(["true", "false", "false"]);
  all(".nbt-pane-head")[1]?.click();
  await settle(120);
  expect(board.model.get("panes")).toEqual(["parallel", "curves"]);
  all(".nbt-pane-head")[0]?.click();
  await settle(120);
  expect(board.model.get("panes")).toEqual(["curves"]);
  expect(/** @type {HTMLElement} */ (all(".nbt-pane-body")[0]).hidden).toBe(true);
});

it("has one brush for the table and the lines", async () => {
  await mount();
  const before = Number(board.el.querySelector(".nbt-matches b")?.textContent);
  board.model.set("extents", { "metrics.acc": [[0.9, null]] });
  await settle();
  const after = Number(board.el.querySelector(".nbt-matches b")?.textContent);
  expect(after).toBeGreaterThan(0);
  expect(after).toBeLessThan(before);
});

it("compares the selected runs", async () => {
  /** @type {any[]} */
  const asked = [];
  const compare = (/** @type {any} */ question) => {
    asked.push(question.runs);
    const runs = question.runs.map((/** @type {string} */ run_id, /** @type {number} */ i) => head(i + 1, { run_id }));
    const blob = encodeComparison({ runs, sections: { params: [{ key: "lr", values: ["0.1", "0.2"] }] } });
    return { buffers: [blob] };
  };
  await mount({}, 30, { compare });
  const runs = [runId(3), runId(5)];
  board.model.set("selected", runs);
  await settle();
  const button = all(".nbt-bar button").find(({ textContent }) => textContent === "Compare");
  button?.click();
  await settle(400);
  expect(board.model.get("panes")).toContain("compare");
  expect(asked).toEqual([runs]);
  const view = all('[data-view="compare"]')[0];
  expect(view?.hidden).toBe(false);
  expect(view?.textContent).toContain("lr");
  expect(view?.textContent).toContain("0.2");
  board.model.set("selected", []);
  await settle(400);
  expect(all(".nbt-pane-hint")[0]?.textContent).toContain("Select two or more runs");
});
