import { afterEach, describe, expect, it, vi } from "vitest";
import { encodeComparison, head } from "./encode.js";
import { mount, SECTIONS, settle } from "./mount.js";

/** @type {ReturnType<typeof mount> | null} */
let view = null;

afterEach(() => {
  view?.close();
  view?.el.remove();
  view = null;
});

/** @param {Parameters<typeof mount>[0]} [options] */
async function shown(options) {
  view = mount(options);
  await settle();
  return view;
}

describe("the comparison", () => {
  it("shows what differs, the base first, and counts what is the same", async () => {
    const { heads, keys, one } = await shown();
    expect(heads()).toEqual(["#1", "#2", "#3"]);
    expect(keys()).toContain("lr");
    expect(keys()).not.toContain("model");
    expect(one(".nbt-cmp-toggle").textContent).toBe("2 identical rows hidden");
    one(".nbt-cmp-toggle").click();
    await settle();
    expect(keys()).toContain("model");
    expect(view?.model.get("hide_same")).toBe(false);
  });

  it("says how far a metric is from the base's, and which is the best", async () => {
    const { cell } = await shown();
    expect(cell("acc", 2).textContent).toContain("0.9130+0.013");
    expect(cell("acc", 2).querySelector(".nbt-cmp-change")?.classList.contains("nbt-cmp-good")).toBe(true);
    expect(cell("loss", 2).querySelector(".nbt-cmp-change")?.classList.contains("nbt-cmp-bad")).toBe(true);
    expect(cell("acc", 2).classList.contains("nbt-cmp-best")).toBe(true);
    expect(cell("loss", 1).classList.contains("nbt-cmp-best")).toBe(true);
    expect(cell("loss", 3).textContent).toBe("–");
    expect(cell("numpy", 3).title).toBe("not recorded");
  });

  it("opens the statistics of a metric", async () => {
    const { cell, keys } = await shown();
    cell("acc", 0).click();
    await settle();
    expect(keys()).toContain("max");
  });

  it("shows the sentence about all, and about the run that is looked at", async () => {
    const { all, press, kernel } = await shown();
    const [whole, one] = all(".nbt-cmp-sentence");
    expect(whole?.textContent).toBe("3 runs: lr differs.");
    press("ArrowRight");
    press("ArrowRight");
    await settle();
    expect(one?.textContent).toBe("#2 changed lr");
    press("ArrowRight");
    await settle();
    expect(one?.textContent).toBe("#3 against #1.");
    const asked = () => kernel.heard.filter(({ content }) => content?.what === "compare_sentence").length;
    expect(asked()).toBe(1);
    press("ArrowLeft");
    press("ArrowRight");
    await settle();
    expect(asked()).toBe(1);
  });

  it("makes another run the base by a click", async () => {
    const { heads, model, one, ids, cell } = await shown();
    one(".nbt-cmp-choose").click();
    await settle();
    expect(heads()).toEqual(["#2", "#1", "#3"]);
    expect(model.get("base")).toBe(ids[1]);
    expect(cell("acc", 2).textContent).toContain("−0.013");
  });

  it("moves, removes and brings back runs", async () => {
    const { heads, press, model, one, ids } = await shown();
    press("ArrowRight");
    press("ArrowRight");
    press("ArrowRight", { altKey: true });
    await settle();
    expect(heads()).toEqual(["#1", "#3", "#2"]);
    press("Delete");
    await settle();
    expect(heads()).toEqual(["#1", "#3"]);
    expect(model.get("runs")).toEqual([ids[0], ids[2]]);
    one(".nbt-cmp-corner button").click();
    await settle();
    expect(heads()).toEqual(["#1", "#3", "#2"]);
  });

  it("takes a run along by its head, also when the heads are drawn anew", async () => {
    const { heads, one, all } = await shown();
    const row = one(".nbt-cmp-head");
    const pointer = (/** @type {string} */ name, /** @type {number} */ clientX) =>
      new PointerEvent(name, { clientX, button: 0, bubbles: true });
    all(".nbt-cmp-th")[1]?.dispatchEvent(pointer("pointerdown", 400));
    one(".nbt-cmp-grid").focus();
    await settle();
    row.dispatchEvent(pointer("pointermove", 640));
    expect(one(".nbt-cmp-dragged").textContent).toContain("#2");
    row.dispatchEvent(pointer("pointerup", 640));
    await settle();
    expect(heads()).toEqual(["#1", "#3", "#2"]);
  });

  it("goes from difference to difference", async () => {
    const { one, press } = await shown();
    const active = () => one(".nbt-cmp-active").closest(".nbt-cmp-line")?.querySelector(".nbt-cmp-name")?.textContent;
    press("n");
    await settle();
    expect(active()).toBe("status");
    press("n");
    press("n");
    await settle();
    expect(active()).toBe("lr"); // not "started": no two runs start at the same moment
    press("p");
    await settle();
    expect(active()).toBe("duration");
    press("p");
    press("p");
    await settle();
    expect(active()).toBe("weights.pt");
  });

  it("filters keys and follows Python", async () => {
    const { kernel, keys, one, model } = await shown();
    const input = /** @type {HTMLInputElement} */ (one(".nbt-cmp-input"));
    input.value = "params l";
    input.dispatchEvent(new Event("input"));
    await settle();
    expect(keys()).toEqual(["lr"]);
    expect(model.get("key_filter")).toBe("params l");
    kernel.receive({ method: "update", state: { key_filter: "nothing like it" } });
    await settle();
    expect(one(".nbt-cmp-empty").textContent).toContain("No key contains “nothing like it”");
    one(".nbt-cmp-empty button").click();
    await settle();
    expect(keys()).toContain("acc");
  });

  it("names its parts for screen readers", async () => {
    const { one, cell } = await shown();
    const grid = one(".nbt-cmp-grid");
    expect(grid.getAttribute("role")).toBe("grid");
    expect(grid.getAttribute("aria-colcount")).toBe("4");
    expect(cell("lr", 2).getAttribute("role")).toBe("gridcell");
    expect(cell("lr", 0).getAttribute("role")).toBe("rowheader");
    view?.press("ArrowDown");
    await settle();
    expect(document.getElementById(grid.getAttribute("aria-activedescendant") ?? "")).not.toBe(null);
  });

  it("keeps hostile names and values as text", async () => {
    const evil = '<img src=x onerror="globalThis.broken = 1">';
    const { el } = await shown({
      runs: [head(1, { name: evil }), head(2)],
      sections: { params: [{ key: evil, values: [evil, `${evil}2`] }] },
      sentences: { "": [[evil, "strong"]] },
    });
    expect(el.querySelectorAll("img, script")).toHaveLength(0);
    expect(el.textContent).toContain(evil);
  });

  it("draws only the runs in sight when there are many", async () => {
    const runs = Array.from({ length: 200 }, (_, i) => head(i + 1));
    const metric = { key: "acc", kind: "number", stat: "last", values: runs.map((_, i) => i / 200) };
    const { all, one } = await shown({ runs, sections: { metrics: [metric] } });
    expect(one(".nbt-cmp-grid").getAttribute("aria-colcount")).toBe("201");
    expect(all(".nbt-cmp-th").length).toBeLessThan(20);
  });

  it("takes everything away when it closes", async () => {
    const { el, close, kernel } = await shown();
    close();
    kernel.receive({ method: "update", state: { hide_same: false } });
    await settle();
    expect(el.childElementCount).toBe(0);
  });
});

describe("live", () => {
  it("takes the sections that changed and leaves the others", async () => {
    const { kernel, cell } = await shown();
    const runs = [head(1), head(2), head(3)];
    const metrics = [{ key: "acc", kind: "number", stat: "last", goal: "max", values: [0.9, 0.95, 0.4] }];
    kernel.sendData({ runs, sections: { metrics }, version: 7, since: 1, mode: "patch" }); // those between were lost
    await settle();
    expect(cell("acc", 2).textContent).toContain("0.9500");
    expect(cell("lr", 2).textContent).toBe("0.01");
  });

  it("shows a run that was added from Python once its rows have come", async () => {
    const { kernel, heads } = await shown({ runs: [head(1), head(2)] });
    const runs = [head(1), head(2), head(3)];
    view?.model.set(
      "runs",
      runs.map((run) => run.run_id),
    );
    await settle();
    expect(heads()).toEqual(["#1", "#2"]);
    kernel.sendData({ runs, sections: SECTIONS, version: 2 });
    await settle();
    expect(heads()).toEqual(["#1", "#2", "#3"]);
  });

  it("keeps heads and rows that are as before: no click is lost on them", async () => {
    const { kernel, cell, one } = await shown();
    const before = [cell("lr", 1), cell("acc", 1), one(".nbt-cmp-th")];
    const metrics = SECTIONS.metrics?.map((row) => (row.stat === "last" ? { ...row, values: [0.9, 0.914, 0.4] } : row));
    const runs = [head(1), head(2), head(3, { status: "FAILED" })];
    kernel.sendData({ runs, sections: { metrics }, version: 2, since: 1, mode: "patch" });
    await settle();
    expect(cell("acc", 2).textContent).toContain("0.9140");
    expect([cell("lr", 1), cell("acc", 1), one(".nbt-cmp-th")].map((each, i) => each === before[i])).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("asks for all when it lacks the whole that a patch belongs to", async () => {
    const { kernel, cell } = await shown();
    kernel.sendData({ runs: [head(1)], sections: {}, version: 9, since: 8, mode: "patch" });
    await settle();
    expect(kernel.heard.at(-1)?.content).toMatchObject({ kind: "need", data: true });
    expect(cell("lr", 2).textContent).toBe("0.01");
  });

  it("asks for the comparison when none came with the page", async () => {
    const { kernel } = await shown({ empty: true });
    expect(kernel.heard[0]?.content).toEqual({ kind: "need", bundle: false, data: true });
    kernel.sendData({ runs: [head(1), head(2), head(3)], sections: SECTIONS });
    await settle();
    expect(view?.keys()).toContain("lr");
  });
});

describe("what is below the table", () => {
  it("compares code line by line, and words within a line", async () => {
    const { cell, all, one, kernel } = await shown();
    cell("source/cell.py", 2).click();
    await vi.waitFor(() => expect(all(".nbt-cmp-two")).toHaveLength(3));
    expect(one(".nbt-cmp-removed mark").textContent).toBe("0.1");
    expect(all(".nbt-cmp-added").at(-1)?.textContent).toContain("more()");
    const asked = kernel.heard.filter(({ content }) => content?.what === "compare_file").length;
    all(".nbt-cmp-pane-tools button")
      .find((each) => each.textContent === "Unified")
      ?.click();
    await vi.waitFor(() => expect(all(".nbt-cmp-unified .nbt-cmp-half")).toHaveLength(4));
    expect(all(".nbt-cmp-two")).toHaveLength(0);
    expect(kernel.heard.filter(({ content }) => content?.what === "compare_file")).toHaveLength(asked);
  });

  it("compares JSON path by path, and as text when asked", async () => {
    const { cell, all, one } = await shown();
    cell("config.json", 2).click();
    await vi.waitFor(() => expect(one(".nbt-cmp-paths tbody").textContent).toBe("a.b12"));
    all(".nbt-cmp-pane-tools button")
      .find((each) => each.textContent === "As text")
      ?.click();
    await vi.waitFor(() => expect(all(".nbt-cmp-two").length).toBe(1));
  });

  it("shows long texts, and other files by size and digest", async () => {
    const { cell, one, press } = await shown();
    cell("prompt", 2).click();
    await vi.waitFor(() => expect(one(".nbt-cmp-code").textContent).toContain("two"));
    cell("weights.pt", 2).click();
    await vi.waitFor(() => expect(one(".nbt-cmp-pane-body").textContent).toMatch(/#15\.0.MBf1#26\.0.MBf2/));
    press("Escape");
    await settle();
    expect(one(".nbt-cmp-pane").hidden).toBe(true);
  });

  it("says why a file cannot be shown", async () => {
    const { cell, one } = await shown({
      sections: {
        artifacts: [{ key: "gone.txt", kind: "file", mime: "text/plain", values: ["x", "y", null], sizes: [1, 2, 3] }],
      },
    });
    cell("gone.txt", 2).click();
    await vi.waitFor(() => expect(one(".nbt-cmp-pane-body").textContent).toContain("is not in this store"));
  });
});

describe("a page without a kernel", () => {
  it("shows what was stored and says quietly what is not", async () => {
    const { cell, one } = await shown({ offline: true });
    cell("source/cell.py", 2).click();
    await vi.waitFor(() => expect(one(".nbt-cmp-pane-body").textContent).toContain("This page does not hold the file"));
    expect(one(".nbt-cmp-pane-body").querySelector("[role=alert]")).toBe(null);
  });

  it("finds the comparison among its stored answers", async () => {
    const blob = encodeComparison({ runs: [head(1), head(2), head(3)], sections: SECTIONS });
    view = mount({ offline: true, empty: true, state: { answers: 1 } });
    view.close();
    Object.assign(view.model, {
      answer: (/** @type {any} */ question) =>
        question.what === "compare" ? { content: {}, buffers: [blob] } : undefined,
    });
    const { render } = await import("../../src/compare/index.js");
    view.close = render({ model: view.model, el: view.el });
    await vi.waitFor(() => expect(view?.keys()).toContain("lr"));
  });
});
