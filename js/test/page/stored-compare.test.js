import { describe, expect, it } from "vitest";
import { CompareData } from "../../src/compare/data.js";
import { Answers } from "../../src/page/answers.js";
import { packComparison } from "../../src/page/compare-blob.js";
import { FakeKernel } from "../fake-kernel.js";
import { fakeColumns } from "../fake-runs.js";

const NOW = Date.UTC(2026, 10, 23);

/** @param {any} answer */
function read(answer) {
  const data = new CompareData();
  data.take(answer.buffers[0]);
  return data;
}

/** @param {CompareData} data @param {string} section */
const keys = (data, section) => data.sections.get(section)?.map(({ key, stat }) => (stat ? `${key}.${stat}` : key));

/** @param {string[]} runs @param {any[]} lines */
const pool = (runs, lines) => {
  const heads = runs.map((run_id) => ({ run_id, number: null, name: run_id, status: "FINISHED" }));
  return packComparison({ runs: heads, base: "", sentences: {}, version: 0 }, lines);
};

function page() {
  const kernel = new FakeKernel(fakeColumns({ count: 6, now: NOW }));
  const ids = /** @type {string[]} */ (kernel.column("run_id").values);
  /** @type {Uint8Array} */
  let table = new Uint8Array();
  kernel.open((/** @type {any} */ message, /** @type {any[]} */ buffers = []) => {
    if (message.content?.kind === "data") table = new Uint8Array(buffers[0].buffer ?? buffers[0]);
  });
  kernel.sendFull();
  const file = { section: "artifacts", key: "a.csv", kind: "file", mime: "text/csv" };
  const stored = [
    {
      question: { what: "compare", pool: 0 },
      content: {},
      buffers: [
        pool(ids.slice(0, 3), [
          { section: "environment", key: "numpy", kind: "package", values: ["1.0", "2.0", undefined] },
          { ...file, values: ["aa", null, "cc"], sizes: [10, null, 12] },
        ]),
      ],
    },
    {
      question: { what: "compare", pool: 3 },
      content: {},
      buffers: [pool(ids.slice(3), [{ ...file, values: ["dd", "ee", "ff"], sizes: [13, 14, 15] }])],
    },
  ];
  return { answers: new Answers(stored, table), ids, kernel };
}

describe("comparisons of an exported page", () => {
  it("are made of the table of runs and what was stored, for any runs", () => {
    const { answers, ids, kernel } = page();
    const runs = [/** @type {string} */ (ids[4]), /** @type {string} */ (ids[0])];
    const data = read(answers.answer({ what: "compare", runs, base: "" }));
    expect([...data.heads.keys()]).toEqual(runs);
    expect(data.base).toBe(runs[0]);
    const param = kernel.columns.find(({ id }) => id.startsWith("params."));
    const row = data.sections.get("params")?.find(({ key }) => `params.${key}` === param?.id);
    expect(runs.map((run) => row?.value(run))).toEqual(
      [param?.values[4], param?.values[0]].map((each) => each ?? null),
    );
    expect(keys(data, "metrics")?.some((key) => key.endsWith(".last"))).toBe(true);
    const [file] = data.sections.get("artifacts") ?? [];
    expect(runs.map((run) => file?.value(run))).toEqual(["ee", "aa"]);
    expect(runs.map((run) => file?.size(run))).toEqual([14, 10]);
  });

  it("tell what nobody recorded from what is not there, and leave out rows that none of the runs has", () => {
    const { answers, ids } = page();
    const runs = ids.slice(0, 3);
    const data = read(answers.answer({ what: "compare", runs, base: ids[1] }));
    const [numpy] = data.sections.get("environment") ?? [];
    expect(runs.map((run) => numpy?.value(run))).toEqual(["1.0", "2.0", undefined]);
    expect(data.base).toBe(ids[1]);
    const others = read(answers.answer({ what: "compare", runs: ids.slice(3), base: "" }));
    expect(others.sections.has("environment")).toBe(false);
  });

  it("say in a sentence what changed", () => {
    const { answers, ids } = page();
    const data = read(answers.answer({ what: "compare", runs: ids.slice(0, 2), base: "" }));
    const text = (/** @type {any} */ parts) => parts.map((/** @type {string[]} */ [words]) => words).join("");
    const told = text(data.sentences[""]);
    expect(told).toMatch(/^\S+ .*(changed|added|has the params of).*\.$/);
    const asked = answers.answer({ what: "compare_sentence", run: ids[1], base: ids[0] });
    expect(text(asked?.content.parts)).toBe(told);
    const all = read(answers.answer({ what: "compare", runs: ids, base: "" }));
    expect(text(all.sentences[""])).toMatch(/^6 runs: .*(differ|same)/);
  });

  it("are none of runs that the page does not have", () => {
    const { answers } = page();
    expect(answers.answer({ what: "compare", runs: ["nobody"], base: "" })).toBeUndefined();
  });
});
