// An exported page in happy-dom: what Python writes, read and shown without a kernel.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { load } from "../../src/index.js";
import { openExport } from "../../src/page/export.js";
import { openParcel } from "../../src/page/parcel.js";
import { encodeTable } from "../encode-table.js";
import { fakeColumns } from "../fake-runs.js";
import { packParcel } from "./pack.js";

const NOW = Date.UTC(2026, 10, 23);

/** @param {string} id @param {Uint8Array | ArrayBuffer} data @param {boolean} [isAnswers] */
async function block(id, data, isAnswers = false) {
  const el = document.createElement("div");
  el.id = id;
  if (isAnswers) el.dataset.nbtAnswers = "";
  const zipped = new Response(
    new Blob([/** @type {any} */ (data)]).stream().pipeThrough(new CompressionStream("gzip")),
  );
  el.textContent = btoa(String.fromCharCode(...new Uint8Array(await zipped.arrayBuffer())));
  document.body.append(el);
}

/** @type {HTMLElement} */
let root;

beforeEach(() => {
  document.body.replaceChildren();
  root = document.createElement("main");
  document.body.append(root);
});

afterEach(() => document.body.replaceChildren());

async function settle(ms = 60) {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** @param {any[]} placed */
async function open(placed) {
  const columns = fakeColumns({ count: 30, now: NOW });
  await block("nbt-runs", encodeTable({ version: 1, mode: "full", rows: 30, columns, goals: {} }));
  const stage = await openExport({ views: placed }, root, load);
  await settle();
  return stage;
}

describe("an exported page", () => {
  it("shows its runs, with the state that it was given", async () => {
    const placed = { view: "run-table", group: "runs", state: { filter: "number <= 5", order_by: ["number ASC"] } };
    const stage = await open([placed]);
    const rows = root.querySelectorAll(".nbt-row[data-line]");
    expect(rows.length).toBe(5);
    expect(stage.models.get("runs")?.offline).toBe(true);
  });

  it("links the views of runs: what one filters, the other leaves out", async () => {
    const table = { view: "run-table", title: "Runs", group: "runs", state: {} };
    const stage = await open([table, { ...table, title: "Again" }]);
    expect([...root.querySelectorAll("h2")].map((each) => each.textContent)).toEqual(["Runs", "Again"]);
    stage.models.get("runs")?.set("filter", "number <= 3");
    await settle();
    const counts = [...root.querySelectorAll("section")].map(
      (each) => each.querySelectorAll(".nbt-row[data-line]").length,
    );
    expect(counts).toEqual([3, 3]);
  });

  it("offers nothing that only a program could do", async () => {
    const stage = await open([{ view: "run-table", group: "runs", state: {} }]);
    stage.models.get("runs")?.set("selected", [String(fakeColumns({ count: 30, now: NOW })[0]?.values[0])]);
    await settle();
    const offered = [...root.querySelectorAll("button")].filter((each) => !each.closest("[hidden]"));
    const said = offered.map((each) => each.textContent?.trim());
    expect(said).toContain("Copy");
    expect(said).not.toContain("Trash");
    expect(said).not.toContain("Tag");
  });

  it("says so where a view is missing", async () => {
    await open([{ view: "hologram", group: "x", state: {} }]);
    expect(root.textContent).toContain('without the view "hologram"');
  });

  it("draws small curves from what was stored", async () => {
    const columns = fakeColumns({ count: 30, now: NOW });
    const ids = /** @type {string[]} */ (columns.find(({ id }) => id === "run_id")?.values);
    const matrix = new Float32Array(30 * 40).map((_, i) => i);
    const question = { what: "sparks", key: "acc", points: 40, runs: ids };
    const content = { entries: [{ question, content: {}, buffers: 1 }] };
    await block("nbt-answers-0", packParcel(content, [new Uint8Array(matrix.buffer)]), true);
    const stage = await open([{ view: "run-table", group: "runs", state: {} }]);
    const answer = /** @type {any} */ (stage.models.get("runs")).answer({
      what: "sparks",
      runs: [ids[2], "gone"],
      key: "acc",
      points: 40,
    });
    const values = new Float32Array(answer.buffers[0]);
    expect([values[0], values[39]]).toEqual([80, 119]);
    expect(values[40]).toBeNaN();
    expect(
      /** @type {any} */ (stage.models.get("runs")).answer({ what: "sparks", runs: ids, key: "nothing" }),
    ).toBeUndefined();
  });
});

describe("a parcel", () => {
  it("gives buffers that start at multiples of eight, wherever it lies", () => {
    const packed = packParcel({ a: "ü" }, [Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(9)]);
    const moved = new Uint8Array(packed.length + 3);
    moved.set(packed, 3);
    const { content, buffers } = openParcel(moved.subarray(3));
    expect(content).toEqual({ a: "ü" });
    expect(buffers.map((each) => [...each])).toEqual([[1, 2, 3], [], [9]]);
    expect(buffers.every((each) => each.byteOffset % 8 === 0)).toBe(true);
  });
});
