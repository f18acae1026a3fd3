import { afterEach, describe, expect, it } from "vitest";
import { runId } from "../fake-runs.js";
import { mount, settle } from "./mount.js";

/** @type {ReturnType<typeof mount> | null} */
let table = null;

afterEach(() => {
  table?.close();
  table?.el.remove();
  table = null;
});

/** @param {Parameters<typeof mount>[0]} [options] */
async function shown(options) {
  table = mount(options);
  await settle();
  return table;
}

/** @param {HTMLElement} el @param {MouseEventInit} [init] */
function click(el, init = {}) {
  el.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ...init }));
}

describe("selection", () => {
  it("by click, Ctrl and Shift", async () => {
    const { cell, model } = await shown({ count: 10 });
    click(cell(0, "duration"));
    expect(model.get("selected")).toEqual([runId(10)]);
    click(cell(3, "duration"), { ctrlKey: true });
    expect(model.get("selected")).toHaveLength(2);
    click(cell(5, "duration"), { shiftKey: true });
    expect(model.get("selected")).toHaveLength(3);
    click(cell(1, "duration"));
    expect(model.get("selected")).toHaveLength(1);
  });

  it("is not changed by a double click, which edits", async () => {
    const { cell, model, one } = await shown({ count: 10, state: { selected: [runId(2)] } });
    click(cell(0, "name"), { detail: 1 });
    click(cell(0, "name"), { detail: 2 });
    cell(0, "name").dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
    expect(model.get("selected")).toEqual([runId(2)]);
    expect(one(".nbt-editor")).toBeTruthy();
  });

  it("offers what to do with one run that was ticked, not with one that was clicked", async () => {
    const { cell, one } = await shown({ count: 10 });
    click(cell(0, "duration"));
    expect(one(".nbt-bar[role=toolbar]").hidden).toBe(true);
    click(one(".nbt-row[data-line='0'] .nbt-check"));
    click(one(".nbt-row[data-line='1'] .nbt-check"));
    expect(one(".nbt-bar[role=toolbar]").hidden).toBe(false);
  });

  it("by the boxes, all and none", async () => {
    const { all, one, model } = await shown({ count: 10 });
    click(/** @type {HTMLElement} */ (all(".nbt-row .nbt-check")[2]));
    await settle();
    expect(one(".nbt-th .nbt-check").getAttribute("aria-checked")).toBe("mixed");
    click(one(".nbt-th .nbt-check"));
    expect(model.get("selected")).toHaveLength(10);
    await settle();
    click(one(".nbt-th .nbt-check"));
    expect(model.get("selected")).toEqual([]);
  });

  it("from Python", async () => {
    const { kernel, all } = await shown({ count: 10 });
    kernel.receive({ method: "update", state: { selected: [runId(3), runId(4)] } });
    await settle();
    expect(all(".nbt-row.nbt-selected")).toHaveLength(2);
    expect(all(".nbt-row[aria-selected=true]")).toHaveLength(2);
  });
});

describe("keys", () => {
  it("move an active cell that the grid points to", async () => {
    const { one, press } = await shown({ count: 30 });
    const grid = one(".nbt-grid");
    grid.focus();
    await settle();
    for (const key of ["ArrowDown", "ArrowDown", "ArrowRight"]) expect(press(key).defaultPrevented).toBe(true);
    await settle();
    const active = one(".nbt-row .nbt-active");
    expect(grid.getAttribute("aria-activedescendant")).toBe(active.id);
    expect(active.closest(".nbt-row")?.getAttribute("data-line")).toBe("2");
    expect(active.dataset.field).toBe("status");
    press("Home");
    press("End", { ctrlKey: true });
    await settle();
    expect(grid.getAttribute("aria-activedescendant")).not.toBe(null);
  });

  it("select with Space and Shift, all with Ctrl A, none with Escape", async () => {
    const { press, model, one } = await shown({ count: 8 });
    one(".nbt-grid").focus();
    press(" ");
    expect(model.get("selected")).toHaveLength(1);
    press("ArrowDown", { shiftKey: true });
    press("ArrowDown", { shiftKey: true });
    expect(model.get("selected")).toHaveLength(3);
    press("a", { ctrlKey: true });
    expect(model.get("selected")).toHaveLength(8);
    press("Escape");
    expect(model.get("selected")).toEqual([]);
  });

  it("sort from the heading", async () => {
    const { press, model, one } = await shown({ count: 8 });
    one(".nbt-grid").focus();
    press("ArrowUp");
    press("Enter");
    expect(model.get("order_by")).toEqual(["name ASC"]);
  });

  it("open and close details", async () => {
    const { press, one } = await shown({ count: 8 });
    one(".nbt-grid").focus();
    press("Enter", { ctrlKey: true });
    expect(one(".nbt-details").hidden).toBe(false);
    expect(one(".nbt-details").textContent).toContain("Metrics");
    press("Escape");
    expect(one(".nbt-details").hidden).toBe(true);
  });

  it("reach the filter with / and the list of keys with ?", async () => {
    const { press, one } = await shown({ count: 8 });
    one(".nbt-grid").focus();
    press("/");
    expect(document.activeElement).toBe(one(".nbt-filter-input"));
    one(".nbt-grid").focus();
    press("?");
    expect(one(".nbt-help").textContent).toContain("select all on view");
  });

  it("move columns", async () => {
    const { press, model, one } = await shown({ count: 8 });
    one(".nbt-grid").focus();
    press("ArrowUp");
    press("ArrowRight");
    press("ArrowRight", { altKey: true });
    expect(model.get("columns").slice(0, 4)).toEqual(["number", "name", "start_time", "status"]);
  });
});

describe("edits", () => {
  it("rename in place, at once, and take it back", async () => {
    const { cell, el, edits, all, kernel } = await shown({ count: 8 });
    const before = cell(0, "name").textContent;
    cell(0, "name").dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
    const input = /** @type {HTMLInputElement} */ (el.querySelector(".nbt-editor"));
    expect(input.value).toBe(before);
    input.value = "a better name";
    kernel.delay = 50;
    input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    await settle(20);
    expect(cell(0, "name").textContent).toBe("a better name");
    await settle(80);
    expect(edits()).toEqual([expect.objectContaining({ op: "rename", runs: [runId(8)], value: "a better name" })]);
    const undo = all(".nbt-bar button").find((button) => button.textContent === "Undo");
    undo?.click();
    await settle(120);
    expect(cell(0, "name").textContent).toBe(before);
    expect(edits()[1]).toMatchObject({ op: "rename", value: before });
  });

  it("leave things as they were on Escape", async () => {
    const { cell, el, edits } = await shown({ count: 8 });
    cell(0, "name").dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
    const input = /** @type {HTMLInputElement} */ (el.querySelector(".nbt-editor"));
    input.value = "no";
    input.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    expect(el.querySelector(".nbt-editor")).toBe(null);
    expect(edits()).toEqual([]);
  });

  it("come back with the kernel's words when it refuses", async () => {
    const { cell, press, one, kernel } = await shown({
      count: 8,
      change: (kernel) => {
        kernel.refusal = "the store is read-only";
      },
    });
    expect(kernel.refusal).not.toBe(null);
    one(".nbt-grid").focus();
    press("Delete");
    await settle();
    expect(one(".nbt-bar.nbt-bad").textContent).toContain("not saved. the store is read-only");
    expect(cell(0, "number").textContent).toBe("8");
  });

  it("move to the trash, show it, restore", async () => {
    const { one, press, edits, kernel, rows, all, model } = await shown({
      count: 8,
      state: { selected: [runId(8), runId(7)] },
    });
    one(".nbt-grid").focus();
    press("Delete");
    await settle();
    expect(edits()[0]).toMatchObject({ op: "delete", runs: [runId(8), runId(7)] });
    expect(rows()).toHaveLength(6);
    expect(model.get("selected")).toEqual([]);
    kernel.receive({ method: "update", state: { show_deleted: true } });
    await settle();
    expect(rows()).toHaveLength(8);
    expect(all(".nbt-row.nbt-deleted")).toHaveLength(2);
    press("z", { ctrlKey: true });
    await settle();
    expect(edits()[1]).toMatchObject({ op: "restore", runs: [runId(8), runId(7)] });
    expect(all(".nbt-row.nbt-deleted")).toHaveLength(0);
  });

  it("tag all selected runs, undoing gives each its own tag back", async () => {
    const { one, all, edits, el } = await shown({
      count: 8,
      state: { selected: [runId(8), runId(7), runId(6)], columns: ["name", "tags"] },
      change: (kernel) => {
        const { values } = kernel.column("tags.team");
        values.fill(null);
        values[7] = "speech";
      },
    });
    all(".nbt-bar button")
      .find((button) => button.textContent === "Tag")
      ?.click();
    const input = /** @type {HTMLInputElement} */ (el.querySelector(".nbt-tag-editor input"));
    input.value = "team: vision";
    input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    await settle();
    expect(edits()[0]).toMatchObject({ op: "tag", key: "team", value: "vision", runs: [runId(8), runId(7), runId(6)] });
    expect(one(".nbt-row[data-line='1'] .nbt-tags").textContent).toContain("vision");
    all(".nbt-bar button")
      .find((button) => button.textContent === "Undo")
      ?.click();
    await settle();
    expect(edits().slice(1)).toEqual([
      expect.objectContaining({ op: "tag", key: "team", value: "speech", runs: [runId(8)] }),
      expect.objectContaining({ op: "untag", key: "team", runs: [runId(7), runId(6)] }),
    ]);
  });

  it("set the direction of a metric", async () => {
    const { one, all, edits } = await shown({ count: 8 });
    one(".nbt-th[data-field='metrics.throughput'] .nbt-menu-button").click();
    all("[role=menuitemcheckbox]")
      .find((item) => item.textContent?.includes("Lower"))
      ?.click();
    await settle();
    expect(edits()[0]).toMatchObject({ op: "goal", key: "throughput", value: "min", runs: [] });
    expect(one(".nbt-th[data-field='metrics.throughput'] .nbt-goal").getAttribute("aria-label")).toBe(
      "lower is better",
    );
  });

  it("change the note", async () => {
    const { el, edits, cell } = await shown({ count: 8, state: { columns: ["name", "note"] } });
    cell(0, "note").dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
    const area = /** @type {HTMLTextAreaElement} */ (el.querySelector("textarea"));
    area.value = "remember this";
    area.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
    await settle();
    expect(edits()[0]).toMatchObject({ op: "note", value: "remember this" });
    expect(cell(0, "note").textContent).toBe("remember this");
  });
});

describe("columns", () => {
  it("are found, shown and hidden in the picker", async () => {
    const { all, el, model } = await shown({ count: 8 });
    all(".nbt-buttons .nbt-button")
      .find((button) => button.textContent === "Columns")
      ?.click();
    const search = /** @type {HTMLInputElement} */ (el.querySelector(".nbt-pick-search"));
    search.value = "epo";
    search.dispatchEvent(new Event("input"));
    const boxes = /** @type {HTMLInputElement[]} */ ([...el.querySelectorAll(".nbt-pick-list input")]);
    expect(boxes).toHaveLength(1);
    const [box] = boxes;
    if (!box) throw new Error("no box");
    box.checked = true;
    box.dispatchEvent(new Event("change"));
    expect(model.get("columns")).toContain("params.epochs");
  });

  it("can be pinned to the left, runs to the top", async () => {
    const { all, one, model } = await shown({ count: 8 });
    one(".nbt-th[data-field='metrics.acc'] .nbt-menu-button").click();
    all("[role=menuitem]")
      .find((item) => item.textContent === "Pin to the left")
      ?.click();
    expect(model.get("pinned")).toEqual(["metrics.acc"]);
    await settle();
    expect(one(".nbt-heads .nbt-fixed [data-field='metrics.acc']")).toBeTruthy();
    click(one(".nbt-row[data-line='4'] [data-act=star]"));
    expect(model.get("pinned_runs")).toEqual([runId(4)]);
    await settle();
    expect(one(".nbt-frozen .nbt-row [data-field=number]").textContent).toBe("4");
  });
});
