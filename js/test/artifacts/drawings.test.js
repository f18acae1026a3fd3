import { afterEach, describe, expect, it, vi } from "vitest";
import { file, listed, look, mount, until } from "./mount.js";

const EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>";
const STATS = { min: 0, max: 1, mean: 0.5, std: 0.1, nans: 1, infinities: 0, zeros: 2, bins: [1, 2, 3] };
const ARRAY = { shape: [2, 2], dtype: EVIL, count: 4, stats: STATS, sampled: null, first: [EVIL] };
const FLOATS = new Float32Array([0, 1, 2, Number.NaN]).buffer;
const TRACE = { type: "line", mode: "lines", name: EVIL, color: EVIL, x: ["a", EVIL], y: [1, 2] };

/** Facts of each kind with hostile text wherever a file can put text. @type {Record<string, [any, ArrayBuffer[]]>} */
const LOOKS = {
  archive: [{ entries: [{ path: EVIL, size: 1, packed: null, time: EVIL }], n_entries: null, unpacked: 5 }, []],
  array: [
    {
      members: [
        { name: EVIL, problem: EVIL },
        { name: "b", shape: [2], dtype: EVIL, size: 1 },
      ],
      member: EVIL,
      array: { ...ARRAY, picture: "heatmap", rows: 2, columns: 2 },
    },
    [FLOATS],
  ],
  binary: [{}, [FLOATS]],
  code: [{ text: EVIL, language: "js", start: 0, end: 10, can_more: false }, []],
  json: [{ text: JSON.stringify({ [EVIL]: [EVIL, { a: EVIL }] }) }, []],
  map: [
    { features: [[[EVIL, EVIL]]], n_features: 1, counts: { [EVIL]: 1 }, box: [0, 0, 1, 1] },
    [new Int32Array([0, 2, 2]).buffer, FLOATS],
  ],
  markdown: [{ text: EVIL }, []],
  model: [
    {
      facts: [[EVIL, EVIL]],
      flavors: [{ name: EVIL, facts: [[EVIL, EVIL]] }],
      signature: { inputs: [{ name: EVIL, type: EVIL }], outputs: null, params: [] },
      requirements: [EVIL],
      text: EVIL,
    },
    [],
  ],
  notebook: [
    {
      language: "python",
      cells: [
        { type: "markdown", source: EVIL },
        {
          type: "code",
          source: EVIL,
          count: 1,
          outputs: [{ text: EVIL, html: EVIL }, { error: EVIL }, { picture: EVIL, mime: EVIL }],
        },
      ],
    },
    [],
  ],
  pdf: [{ title: EVIL, pages: null }, []],
  pickle: [
    { protocol: 4, opcodes: 3, calls: 1, inner: EVIL, globals: [{ module: EVIL, name: EVIL, count: 1, risky: true }] },
    [],
  ],
  plotly: [
    {
      traces: [TRACE, { ...TRACE, type: "bar" }, { type: "heatmap", rows: 1, columns: 2, z: [1, null] }],
      n_traces: 4,
      left_out: { [EVIL]: 1 },
      title: EVIL,
      x_title: EVIL,
      y_title: EVIL,
      can_plotly: true,
    },
    [],
  ],
  tensors: [
    {
      tensors: [{ name: EVIL, dtype: EVIL, shape: [2], size: 8 }],
      n_tensors: 1,
      values: 2,
      metadata: { [EVIL]: EVIL },
    },
    [],
  ],
};

/** @param {string} kind @param {(question: any) => any} [more] */
async function opened(kind, more) {
  const [facts, buffers] = LOOKS[kind] ?? [{}, []];
  const view = mount(
    (question) => {
      if (question.what === "artifacts") return listed([file("f")]);
      if (question.part) return more?.(question);
      return [look(EVIL, kind, { ...facts, notes: [EVIL] }), buffers];
    },
    { path: "f" },
  );
  await until(() => view.one(".nbt-look-notes").textContent === EVIL);
  return view;
}

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

describe("drawings", () => {
  it.each(Object.keys(LOOKS))("of kind %s hold hostile text as text", async (kind) => {
    const { one, el } = await opened(kind);
    const body = one(".nbt-look-body");
    await until(() => body.childNodes.length > 0);
    expect(body.textContent).not.toContain("could not be drawn");
    expect(el.querySelectorAll("script, [onerror], img[src='x']").length).toBe(0);
    expect(body.innerHTML).not.toContain("undefined");
  });

  it("say so when one fails, and leave the rest in order", async () => {
    const { one } = await opened("table");
    expect(one(".nbt-look-body").textContent).toContain("could not be drawn");
    expect(one(".nbt-look-actions").textContent).toContain("Save");
  });

  it("show another array of an .npz", async () => {
    const { all, one } = await opened("array", ({ part }) => ({
      array: { ...ARRAY, dtype: `of ${part.member}` },
      view: "array",
    }));
    all(".nbt-plain")
      .find((each) => each.textContent === "b")
      ?.click();
    await until(() => one(".nbt-array").textContent?.includes("of b") === true);
  });

  it("hand a figure to plotly only when the page has it and the reader asks", async () => {
    expect((await opened("plotly")).el.textContent).not.toContain("Draw with plotly");
    const newPlot = vi.fn();
    vi.stubGlobal("Plotly", { newPlot, purge: vi.fn() });
    const { all } = await opened("plotly", () => ({ figure: '{"data": [{"y": [1]}], "layout": {"width": 9}}' }));
    expect(newPlot).not.toHaveBeenCalled();
    all(".nbt-look-button")
      .find((each) => each.textContent === "Draw with plotly")
      ?.click();
    await until(() => newPlot.mock.calls.length === 1);
    expect(newPlot.mock.calls[0]?.[1]).toEqual([{ y: [1] }]);
  });

  it("open branches of a large JSON from Python", async () => {
    LOOKS.large = [
      { node: { type: "object", size: 1, from: 0, children: [{ key: "rows", type: "array", size: 3 }] } },
      [],
    ];
    const [facts] = LOOKS.large;
    const view = mount(
      ({ what, part }) => {
        if (what === "artifacts") return listed([file("f")]);
        if (!part) return look("f", "json", facts);
        const children = part.from
          ? [{ key: 2, type: "number", value: 9 }]
          : [
              { key: 0, type: "null", value: null },
              { key: 1, type: "number", value: "1e400" },
            ];
        return { node: { type: "array", size: 3, from: part.from, children } };
      },
      { path: "f" },
    );
    await until(() => view.all(".nbt-json-twist").length === 1);
    view.one(".nbt-json-twist").click();
    await until(() => view.all(".nbt-json-value").length === 2);
    view.one(".nbt-json .nbt-plain").click();
    await until(() => view.all(".nbt-json-value").length === 3);
    expect(view.kernel.asked.at(-1)).toMatchObject({ path: "f", part: { at: ["rows"], from: 2 } });
  });
});
