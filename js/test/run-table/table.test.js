import { afterEach, describe, expect, it, vi } from "vitest";
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

describe("the table", () => {
  it("draws the newest runs first, and only those in sight", async () => {
    const { rows, one, el } = await shown({ count: 500 });
    expect(one(".nbt-grid").getAttribute("role")).toBe("grid");
    expect(rows().length).toBeGreaterThan(8);
    expect(rows().length).toBeLessThan(60);
    expect(one(".nbt-row[data-line='0'] [data-field=number]").textContent).toBe("500");
    expect(el.querySelector(".nbt-matches")?.textContent).toMatch(/^\d+ runs$/);
  });

  it("keeps hostile names, values and tags as text", async () => {
    const evil = '<img src=x onerror="globalThis.broken = 1">';
    const { el, cell } = await shown({
      change: (kernel) => {
        for (const id of ["name", "params.model", "tags.team", "status", "user_id"])
          kernel.column(id).values.fill(evil);
        kernel.column(`params.${evil}`).values.fill("x");
        kernel.column(`metrics.${evil}.last`, "f64").values.fill(1);
      },
    });
    expect(cell(0, "name").textContent).toContain(evil);
    expect(el.querySelectorAll("img, script")).toHaveLength(0);
  });

  it("asks for data when none came with the page", async () => {
    const { kernel, rows } = await shown({ empty: true, count: 5 });
    expect(kernel.heard[0]).toEqual({ method: "custom", content: { kind: "need", bundle: false, data: true } });
    expect(rows()).toHaveLength(5);
  });

  it("numbers rows and columns for screen readers", async () => {
    const { one, cell } = await shown({ count: 20 });
    expect(one(".nbt-grid").getAttribute("aria-rowcount")).toBe(String(table?.rows().length ? 20 - 1 + 2 : 0));
    expect(one(".nbt-row[data-line='3']").getAttribute("aria-rowindex")).toBe("6");
    expect(cell(0, "name").getAttribute("role")).toBe("rowheader");
    expect(one(".nbt-grid").getAttribute("aria-multiselectable")).toBe("true");
  });

  it("hides constant params and says what they are", async () => {
    const { el, all, one } = await shown();
    expect(all("[data-field='params.batch_size']")).toHaveLength(0);
    expect(one(".nbt-same-line").textContent).toContain("batch_size 32");
    expect(one(".nbt-same-line").textContent).toContain("show the 3 constant columns");
    const before = Number(one(".nbt-grid").getAttribute("aria-colcount"));
    /** @type {HTMLElement} */ (el.querySelector(".nbt-same-note button")).click();
    await settle();
    expect(one(".nbt-grid").getAttribute("aria-colcount")).toBe(String(before + 3));
    expect(el.querySelector(".nbt-same-note")).toBe(null);
  });

  it("takes everything away when the view closes", async () => {
    const { el, close, kernel, model } = await shown();
    close();
    expect(el.childElementCount).toBe(0);
    model.set("filter", "metrics.acc > 0.5");
    kernel.sendPatch([0]);
    await settle();
    expect(el.childElementCount).toBe(0);
  });

  it("can stand twice on a page", async () => {
    const first = await shown();
    const second = mount();
    await settle();
    second.press("ArrowDown");
    await settle();
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(first.model.get("selected")).toEqual(undefined);
    second.close();
    second.el.remove();
  });
});

describe("order", () => {
  it("sorts by the better end first, then the other, then no longer", async () => {
    const { one, model } = await shown();
    const head = () => one(".nbt-th[data-field='metrics.loss']");
    head().click();
    expect(model.get("order_by")).toEqual(["metrics.loss ASC"]);
    await settle();
    expect(head().getAttribute("aria-sort")).toBe("ascending");
    head().click();
    expect(model.get("order_by")).toEqual(["metrics.loss DESC"]);
    await settle();
    head().click();
    expect(model.get("order_by")).toEqual([]);
  });

  it("adds columns with Shift and numbers them", async () => {
    const { one, model } = await shown();
    one(".nbt-th[data-field='metrics.acc']").click();
    await settle();
    one(".nbt-th[data-field='name']").dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: true }));
    await settle();
    expect(model.get("order_by")).toEqual(["metrics.acc DESC", "name ASC"]);
    expect(one(".nbt-th[data-field='name'] sup").textContent).toBe("2");
  });

  it("follows Python", async () => {
    const { names, kernel, model } = await shown({
      count: 12,
      change: (kernel) =>
        kernel.column("name").values.forEach((_, i, all) => {
          all[i] = `n${String(i).padStart(2, "0")}`;
        }),
    });
    kernel.receive({ method: "update", state: { order_by: ["name ASC"] } });
    await settle();
    expect(names().slice(0, 3)).toEqual(["n00", "n01", "n02"]);
    expect(model.get("order_by")).toEqual(["name ASC"]);
  });

  it("goes on sorting by a metric when it shows another statistic", async () => {
    const { one, model } = await shown({ state: { order_by: ["metrics.acc.last DESC"] } });
    one(".nbt-th[data-field='metrics.acc'] .nbt-menu-button").click();
    const item = /** @type {HTMLElement} */ (
      table?.all("[role=menuitemcheckbox]").find((each) => each.textContent === "max")
    );
    item.click();
    expect(model.get("statistics")).toEqual({ acc: "max" });
    expect(model.get("order_by")).toEqual(["metrics.acc.max DESC"]);
    await settle();
    expect(one(".nbt-th[data-field='metrics.acc'] .nbt-stat").textContent).toBe("max");
    expect(one(".nbt-th[data-field='metrics.acc'] .nbt-goal").getAttribute("aria-label")).toBe("higher is better");
  });
});

describe("best values", () => {
  it("are marked by the stated direction", async () => {
    const { all } = await shown({ count: 15, state: { columns: ["name", "metrics.acc", "metrics.loss"] } });
    const marked = all(".nbt-best");
    expect(marked.length).toBeGreaterThanOrEqual(2);
    expect(marked[0]?.title).toContain("best on view");
  });
});

describe("filter", () => {
  it("filters and counts", async () => {
    const { kernel, rows, one } = await shown();
    kernel.receive({ method: "update", state: { filter: "status = 'RUNNING'" } });
    await settle();
    expect(rows()).toHaveLength(2);
    expect(one(".nbt-matches").textContent).toMatch(/^2 of \d+ runs$/);
    expect(/** @type {HTMLInputElement} */ (one(".nbt-filter-input")).value).toBe("status = 'RUNNING'");
  });

  it("takes what is typed after a moment", async () => {
    const { one, model } = await shown();
    const input = /** @type {HTMLInputElement} */ (one(".nbt-filter-input"));
    input.focus();
    input.value = "params.lr = '0.1'";
    input.dispatchEvent(new Event("input"));
    expect(model.get("filter")).toBe(undefined);
    await settle(220);
    expect(model.get("filter")).toBe("params.lr = '0.1'");
  });

  it("keeps the last filter that could be read and shows the place of the mistake", async () => {
    const { kernel, rows, one } = await shown({ state: { filter: "status = 'RUNNING'" } });
    kernel.receive({ method: "update", state: { filter: "status == = 'FAILED'" } });
    await settle();
    expect(rows()).toHaveLength(2);
    expect(one(".nbt-filter-error").hidden).toBe(false);
    expect(one(".nbt-filter-error mark").textContent).toBe("=");
    expect(one(".nbt-filter-input").getAttribute("aria-invalid")).toBe("true");
  });

  it("offers the runs of that name when it is a single word", async () => {
    const { one, model } = await shown({ state: { filter: "run-1" } });
    one(".nbt-filter-error button").click();
    await settle();
    expect(model.get("filter")).toBe("name LIKE '%run-1%'");
    expect(one(".nbt-filter-error").hidden).toBe(true);
  });

  it("says when nothing matches, with a way back", async () => {
    const { one, model, rows } = await shown({ state: { filter: "metrics.acc > 5" } });
    expect(one(".nbt-empty").textContent).toContain("No run matches");
    one(".nbt-empty button").click();
    await settle();
    expect(model.get("filter")).toBe("");
    expect(rows().length).toBeGreaterThan(5);
  });
});

describe("empty states", () => {
  it("shows the two lines that record a run", async () => {
    const { one } = await shown({ count: 0 });
    expect(one(".nbt-empty pre").textContent).toContain("nbtrack.start_run(");
  });

  it("tells that the data is a snapshot", async () => {
    const { one } = await shown({
      change: (kernel) => {
        kernel.snapshot = Date.UTC(2026, 10, 23);
      },
    });
    expect(one(".nbt-banner").textContent).toMatch(
      /^A snapshot as of 2026-11-2\d .*Another program holds runs\.duckdb/,
    );
  });

  it("tells that the kernel is gone", async () => {
    const { one, kernel } = await shown();
    expect(one(".nbt-banner").hidden).toBe(true);
    kernel.receive({ method: "close" });
    expect(one(".nbt-banner").textContent).toContain("The kernel is gone");
    kernel.sendPatch([0]);
    expect(one(".nbt-banner").hidden).toBe(true);
  });
});

describe("live", () => {
  it("shows new runs and values, and asks for all when a patch is missing", async () => {
    const { kernel, cell, names } = await shown({ count: 10 });
    kernel.column("metrics.acc.last", "f64").values[9] = 0.12345;
    kernel.sendPatch([9]);
    await settle();
    expect(cell(0, "metrics.acc").textContent).toBe("0.1235");
    kernel.start(Date.UTC(2026, 10, 24));
    await settle();
    expect(names()[0]).toBe("live-11");
    kernel.version += 1;
    kernel.column("name").values[10] = "renamed elsewhere";
    kernel.sendPatch([10]);
    // the feed rests for a while after each merge, longer on a busy machine
    await vi.waitFor(() => expect(names()[0]).toBe("renamed elsewhere"), 3000);
    expect(kernel.heard.map(({ content }) => content)).toContainEqual({ kind: "need", bundle: false, data: true });
  });

  it("keeps the active run when runs come in above it", async () => {
    const { kernel, press, one } = await shown({ count: 10 });
    one(".nbt-grid").focus();
    press("ArrowDown");
    await settle();
    const before = one(".nbt-row:has(.nbt-active) [data-field=number]").textContent;
    kernel.start(Date.UTC(2026, 10, 24));
    await settle();
    expect(one(".nbt-row:has(.nbt-active) [data-field=number]").textContent).toBe(before);
  });

  it("rests while nobody can see it, then catches up", async () => {
    const { kernel, names } = await shown({ count: 10 });
    const hidden = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    kernel.start(Date.UTC(2026, 10, 24));
    kernel.start(Date.UTC(2026, 10, 25));
    await settle();
    expect(names()[0]).not.toBe("live-12");
    hidden.mockRestore();
    document.dispatchEvent(new Event("visibilitychange"));
    await settle();
    expect(names().slice(0, 2)).toEqual(["live-12", "live-11"]);
  });

  it("asks for curves of the runs in sight once", async () => {
    const { kernel } = await shown({ count: 12 });
    await settle(250);
    const asked = kernel.heard.map(({ content }) => content).filter((content) => content?.kind === "ask");
    expect(asked.length).toBeGreaterThan(0);
    expect(asked[0]).toMatchObject({ what: "sparks", points: 40 });
    expect(asked[0].runs.length).toBeGreaterThan(5);
    await settle(250);
    expect(kernel.heard.filter(({ content }) => content?.kind === "ask")).toHaveLength(asked.length);
  });
});

describe("curves", () => {
  it("get their room when a run begins to log more than one point", async () => {
    const { kernel, one } = await shown({
      count: 12,
      change: (kernel) => kernel.column("metrics.acc.count").values.fill(1),
    });
    const head = () => Number.parseFloat(one(".nbt-th[data-field='metrics.acc']").style.width);
    const before = head();
    kernel.column("metrics.acc.count").values[3] = 20;
    kernel.sendPatch([3]);
    await settle(400);
    expect(head()).toBeGreaterThan(before);
  });
});

describe("groups", () => {
  it("say a status as runs do", async () => {
    const { all } = await shown({ state: { group_by: "status" } });
    const labels = all(".nbt-group .nbt-name .nbt-label").map(({ textContent }) => textContent);
    expect(labels).toContain("finished");
    expect(labels).not.toContain("FINISHED");
  });

  it("show count, mean and deviation, and open to their members", async () => {
    const { all, one, rows } = await shown({ state: { group_by: "params.model" } });
    expect(all(".nbt-row.nbt-group").length).toBeGreaterThan(2);
    const first = one(".nbt-row[data-line='0']");
    expect(Number(first.querySelector(".nbt-count")?.textContent)).toBeGreaterThan(0);
    const mean = /** @type {HTMLElement} */ (first.querySelector("[data-field='metrics.acc']"));
    expect(mean.textContent).toMatch(/^0\.\d{4} ± 0\.\d{4}$/);
    expect(mean.title).toMatch(/mean of \d+ · min .* · max /);
    const before = rows().length;
    /** @type {HTMLElement} */ (first.querySelector("[data-act=twist]")).click();
    await settle();
    expect(rows().length).toBeGreaterThan(before);
    expect(one(".nbt-row[data-line='0'] [data-act=twist]").getAttribute("aria-expanded")).toBe("true");
  });

  it("select all their members at once", async () => {
    const { one, model } = await shown({ state: { group_by: "params.model" } });
    const count = Number(one(".nbt-row[data-line='0'] .nbt-count").textContent);
    one(".nbt-row[data-line='0'] .nbt-check").click();
    expect(model.get("selected")).toHaveLength(count);
    await settle();
    expect(one(".nbt-row[data-line='0'] .nbt-check").getAttribute("aria-checked")).toBe("true");
  });
});
