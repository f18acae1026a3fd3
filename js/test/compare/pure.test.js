import { describe, expect, it } from "vitest";
import { csv, markdown } from "../../src/compare/copy.js";
import { CompareData } from "../../src/compare/data.js";
import { fileKind } from "../../src/compare/files.js";
import { differencePixels, stepAt } from "../../src/compare/image-pixels.js";
import { diffJson } from "../../src/compare/json-diff.js";
import { linesOf, nextDifference } from "../../src/compare/lines.js";
import { alignCells, cellsOf, piecesOf } from "../../src/compare/notebook-diff.js";
import { diffTexts, folded } from "../../src/compare/text-diff.js";
import { changeOf, extremes, formatOf, isSame, rounded, say, sizeText } from "../../src/compare/values.js";
import { columnsInSight, rowsInSight, scrollToShow, shapeOf } from "../../src/compare/window.js";
import { formatNumber } from "../../src/kit/format.js";
import { encodeComparison, head } from "./encode.js";
import { SECTIONS } from "./mount.js";

const RUNS = [head(1), head(2), head(3)];
const IDS = RUNS.map(({ run_id }) => run_id);

/** @param {Record<string, import("./encode.js").RowSpec[]>} [sections] */
function data(sections = SECTIONS) {
  const found = new CompareData();
  found.take(encodeComparison({ runs: RUNS, sections }));
  return found;
}

/** @param {string} section @param {string} key */
function row(section, key, from = data()) {
  const found = from.sections.get(section)?.find((each) => each.key === key);
  if (!found) throw new Error(`no row ${section} ${key}`);
  return found;
}

const wanted = {
  runs: IDS,
  sections: null,
  hideSame: true,
  filter: "",
  closed: new Set(["none"]),
  opened: new Set(["none"]),
};

describe("rows", () => {
  it("tell texts, numbers, missing and unrecorded values apart", () => {
    expect(IDS.map((id) => row("params", "lr").value(id))).toEqual(["0.1", "0.01", "0.1"]);
    expect(IDS.map((id) => row("metrics", "loss").value(id))).toEqual([0.2, 0.3, null]);
    expect(IDS.map((id) => row("environment", "numpy").value(id))).toEqual(["1.26", "2.0", undefined]);
    expect(IDS.map((id) => row("source", "source/cell.py").value(id))).toEqual(["aa", "bb", null]);
    expect(row("source", "source/cell.py").size(IDS[1] ?? "")).toBe(12);
    expect(row("params", "lr").value("unknown")).toBe(null);
  });

  it("are read from a blob that starts anywhere", () => {
    const blob = new Uint8Array(encodeComparison({ runs: RUNS, sections: SECTIONS }));
    const shifted = new Uint8Array(blob.length + 3);
    shifted.set(blob, 3);
    const found = new CompareData();
    found.take(new DataView(shifted.buffer, 3));
    expect(row("metrics", "acc", found).value(IDS[1] ?? "")).toBe(0.913);
    expect(() => new CompareData().take(new ArrayBuffer(2))).toThrow("too short");
  });

  it("agree as far as anybody knows, NaN with NaN", () => {
    const made = data({
      params: [
        { key: "unknown", values: ["1", undefined, "1"] },
        { key: "missing", values: ["1", null, "1"] },
        { key: "nan", kind: "number", values: [Number.NaN, Number.NaN, Number.NaN] },
      ],
    });
    expect(["unknown", "missing", "nan"].map((key) => isSame(row("params", key, made), IDS))).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe("values", () => {
  it("say a change with its sign and share, judged by the goal", () => {
    const acc = row("metrics", "acc");
    expect(changeOf(acc, 0.913, 0.9)).toEqual({ change: "+0.013", share: "(+1.4\u202f%)", tone: "good" });
    expect(changeOf(acc, 0.9, 0)).toEqual({ change: "+0.9", share: "", tone: "good" });
    expect(changeOf(row("metrics", "loss"), 0.3, 0.2)).toMatchObject({ change: "+0.1", tone: "bad" });
    expect(changeOf(acc, 0.9, 0.9)).toEqual({});
    expect(changeOf(acc, Number.NaN, 0.9)).toEqual({});
  });

  it("give the digits that tell values apart", () => {
    const made = data({ metrics: [{ key: "m", kind: "number", values: [1000.00001, 1000.00002, 1000.00001] }] });
    const format = formatOf(row("metrics", "m", made), IDS);
    expect(format(0.5)).toBe("0.5");
    expect(say(row("params", "lr"), IDS[1] ?? "", IDS[0] ?? "", String)).toMatchObject({ text: "0.01", differs: true });
  });

  it("round long params that stay apart, and leave other texts alone", () => {
    const values = ["0.00039819277415331144", "3.0824e-05", "0.015252580852743674"];
    const made = data({
      params: [
        { key: "lr", values },
        { key: "near", values: ["0.1234567890123", "0.1234567890124", "1"] },
        { key: "id", values: ["20261123153431", "1.26.4.1.0.0.0", "0.5"] },
      ],
    });
    const brief = (/** @type {string} */ key) => [...rounded(row("params", key, made), IDS).values()];
    expect(brief("lr")).toEqual([0.00039819, 3.0824e-5, 0.015253].map(formatNumber));
    expect(brief("near")).toEqual([]);
    expect(brief("id")).toEqual([]);
  });

  it("have no change of a duration that nobody can see", () => {
    const made = data({ overview: [{ key: "duration", kind: "duration", values: [0.0001, 0.0002, 1] }] });
    expect(changeOf(row("overview", "duration", made), 0.0002, 0.0001)).toEqual({});
    expect(changeOf(row("overview", "duration", made), 1, 0.0001)).toMatchObject({ tone: "neutral" });
  });

  it("find the extremes by the goal, and none where all agree", () => {
    const { best, worst } = extremes(row("metrics", "acc"), IDS);
    expect([[...best], [...worst]]).toEqual([[IDS[1]], [IDS[2]]]);
    expect([...extremes(row("metrics", "loss"), IDS).best]).toEqual([IDS[0]]);
    expect(extremes(row("params", "lr"), IDS).best.size).toBe(0);
  });

  it("write sizes as people do", () => {
    expect([0, 999, 1500, 2.5e7, 3e9].map(sizeText)).toEqual([
      "0\u202fB",
      "999\u202fB",
      "1.5\u202fkB",
      "25\u202fMB",
      "3.0\u202fGB",
    ]);
  });
});

describe("lines", () => {
  it("hide what is the same and say how much that is", () => {
    const { lines, hidden, differ } = linesOf(data().sections, wanted);
    expect(hidden).toBe(2);
    expect(differ).toBe(lines.filter((line) => line.type === "row" && line.differs).length);
    const one = linesOf(data().sections, { ...wanted, runs: IDS.slice(0, 1) });
    expect(one.lines.some((line) => line.type === "row" && line.row.key === "model")).toBe(true);
  });

  it("show chosen sections, closed ones by their head only", () => {
    const { lines } = linesOf(data().sections, {
      ...wanted,
      sections: ["params", "tags"],
      closed: new Set(["params"]),
    });
    expect(lines).toMatchObject([{ type: "section", id: "params", open: false, differ: 2, same: 1 }]);
  });

  it("lead from difference to difference", () => {
    const { lines } = linesOf(data().sections, wanted);
    const first = nextDifference(lines, -1, 1);
    expect(first).toBe(1);
    expect(nextDifference(lines, lines.length - 1, 1)).toBe(null);
    expect(nextDifference(lines, 1, -1)).toBe(null);
  });

  it("are copied as Markdown and CSV, spreadsheets being told no formula", () => {
    const made = data({ params: [{ key: "a|b", values: ["=1+1", 'x"y', null] }] });
    const view = {
      lines: linesOf(made.sections, wanted).lines,
      runs: IDS,
      label: (/** @type {string} */ run) => `#${Number(run)}`,
    };
    expect(csv(view)).toBe('section,key,#1,#2,#3\r\nparams,a|b,\'=1+1,"x""y",\r\n');
    expect(markdown(view).split("\n")[3]).toBe('| a\\|b | =1+1 | x"y | – |');
  });
});

describe("the window", () => {
  it("fills the width, freezes the base where there is room and draws what is in sight", () => {
    const wide = shapeOf(1400, 2);
    expect(wide.total).toBeLessThanOrEqual(1400);
    expect(wide.total).toBeGreaterThan(1390);
    expect(shapeOf(1400, 100).frozen).toBe(1);
    expect(shapeOf(300, 5).frozen).toBe(0);
    expect(rowsInSight(28_000, 560, 5000)).toEqual({ first: 992, last: 1027 });
    const many = shapeOf(1000, 300);
    const { first, last } = columnsInSight(20_000, 1000, 300, many);
    expect(first).toBeGreaterThan(100);
    expect(last - first).toBeLessThan(12);
  });

  it("scrolls a cell into sight, and not when it is there", () => {
    const shape = shapeOf(1000, 50);
    const box = { top: 0, left: 0, width: 1000, height: 500 };
    expect(scrollToShow({ line: 3, column: 2 }, box, shape)).toEqual({ top: 0, left: 0 });
    expect(scrollToShow({ line: 100, column: 1 }, box, shape).top).toBeGreaterThan(2000);
    expect(scrollToShow({ line: 0, column: 40 }, box, shape).left).toBeGreaterThan(3000);
  });
});

describe("texts", () => {
  it("pair changed lines and mark the words", () => {
    const { lines, added, removed } = diffTexts("a\nlr = 0.1\nc\n", "a\nlr = 0.2\nc\nd");
    expect([added, removed]).toEqual([2, 1]);
    expect(lines.map(({ kind }) => kind)).toEqual(["same", "changed", "same", "added"]);
    expect(lines[1]?.after).toEqual({
      number: 2,
      words: [
        ["lr = ", false],
        ["0.2", true],
      ],
    });
  });

  it("do not differ by line ends alone", () => {
    expect(diffTexts("a\r\nb", "a\nb\n")).toMatchObject({ added: 0, removed: 0 });
    expect(diffTexts("", "")).toMatchObject({ lines: [] });
    expect(diffTexts("", "x\ny")).toMatchObject({ added: 2, removed: 0 });
  });

  it("leave out equal lines far from a change until they are opened", () => {
    const text = Array.from({ length: 40 }, (_, i) => `line ${i}`);
    const { lines } = diffTexts(text.join("\n"), text.with(20, "changed here").join("\n"));
    expect(folded(lines, 3, new Set())).toEqual([
      { from: 0, count: 17 },
      17,
      18,
      19,
      20,
      21,
      22,
      23,
      { from: 24, count: 16 },
    ]);
    expect(folded(lines, 3, new Set([0]))).toHaveLength(40 - 16 + 1);
  });
});

describe("JSON", () => {
  it("differs by path", () => {
    const found = diffJson(
      { a: { b: 1, "x y": 2 }, l: [1, 2], same: {} },
      { a: { b: 2 }, l: [1, 2, 3], same: {}, n: null },
    );
    expect(found.changes).toEqual([
      { path: "a.b", kind: "changed", before: 1, after: 2 },
      { path: 'a["x y"]', kind: "removed", before: 2 },
      { path: "l[2]", kind: "added", after: 3 },
      { path: "n", kind: "added", after: null },
    ]);
    expect(found.same).toBe(3);
    expect(diffJson([], {}).changes).toHaveLength(1);
    expect(diffJson({ constructor: 1 }, {}).changes).toHaveLength(1);
  });
});

describe("notebooks", () => {
  /** @param {[id: string, source: string, output?: string][]} cells */
  const notebook = (cells) => ({
    cells: cells.map(([id, source, output]) => ({
      id,
      cell_type: "code",
      source: [source],
      outputs: output ? [{ output_type: "stream", name: "stdout", text: [output] }] : [],
    })),
  });

  it("are aligned by source, then by id, then by likeness", () => {
    const before = cellsOf(
      notebook([
        ["a", "x = 1", "1\n"],
        ["b", "y = 2"],
        ["c", "fit(x)\nplot()\nsave()"],
        ["d", "end"],
      ]),
    );
    const after = cellsOf(
      notebook([
        ["n", "new = 0"],
        ["a", "x = 1", "2\n"],
        ["b", "y = 3"],
        ["z", "fit(x)\nplot()\nload()"],
        ["d", "end"],
      ]),
    );
    const pairs = alignCells(before, after);
    expect(pairs.map(({ kind }) => kind)).toEqual(["added", "outputs", "source", "source", "same"]);
    expect(pairs[3]).toMatchObject({ before: { id: "c" }, after: { id: "z" } });
  });

  it("of other formats, or none, do no harm", () => {
    expect(cellsOf({ worksheets: [{ cells: [{ cell_type: "code", input: "x" }] }] })).toMatchObject([{ source: "x" }]);
    expect(cellsOf(null)).toEqual([]);
    expect(alignCells([], [])).toEqual([]);
  });

  it("have outputs as texts and pictures", () => {
    const pieces = piecesOf([
      { output_type: "stream", text: "a\n" },
      { output_type: "execute_result", data: { "text/plain": ["b"] } },
      { output_type: "display_data", data: { "image/png": "AAAA", "text/plain": "<Figure>" } },
      { output_type: "error", traceback: ["\u001b[31mValueError\u001b[0m"], ename: "ValueError", evalue: "" },
    ]);
    expect(pieces.map(({ kind, text }) => [kind, text])).toEqual([
      ["text", "a\nb"],
      ["image", "AAAA"],
      ["text", "ValueError"],
    ]);
  });

  it("of two hundred cells are aligned whatever changed", () => {
    const cells = (/** @type {number} */ seed) =>
      cellsOf(notebook(Array.from({ length: 200 }, (_, i) => [`c${i}`, `x = ${i * seed}\n${"work()\n".repeat(20)}`])));
    const pairs = alignCells(cells(1), cells(7));
    expect(pairs).toHaveLength(200);
    expect(pairs.filter(({ kind }) => kind === "source")).toHaveLength(199);
  });
});

describe("pictures", () => {
  it("differ pixel by pixel", () => {
    const a = new Uint8ClampedArray([10, 10, 10, 255, 5, 5, 5, 255]);
    const b = new Uint8ClampedArray([10, 30, 10, 255, 5, 5, 5, 255]);
    const out = new Uint8ClampedArray(8);
    expect(differencePixels(a, b, out, 4)).toEqual({ share: 0.5, most: 20 });
    expect([...out]).toEqual([0, 80, 0, 255, 0, 0, 0, 255]);
    expect(differencePixels(a, a, a, 4)).toEqual({ share: 0, most: 0 });
  });

  it("of a series come at the step, or the last before it", () => {
    expect([0, 4, 5, 99].map((step) => stepAt([0, 5, 10], step))).toEqual([0, 0, 5, 10]);
    expect(stepAt([7], 3)).toBe(7);
    expect(stepAt([], 3)).toBe(null);
  });

  it("and other files are known by their type", () => {
    expect(
      [
        "image/png",
        "text/csv",
        "application/json",
        "text/x-python",
        "application/x-ipynb+json",
        "image/svg+xml",
        "application/x-npy",
      ].map(fileKind),
    ).toEqual(["image", "table", "json", "text", "notebook", "image", "other"]);
  });
});
