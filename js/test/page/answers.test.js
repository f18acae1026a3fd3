import { describe, expect, it } from "vitest";
import { Answers, canonical, storedAnswers } from "../../src/page/answers.js";

/** @param {number[]} values */
const doubles = (values) => new Uint8Array(Float64Array.from(values).buffer);

/** @param {any} answer */
const read = (answer) => answer.buffers.map((/** @type {ArrayBuffer} */ buffer) => [...new Float64Array(buffer)]);

describe("stored answers", () => {
  it("are found whatever the order of the question's fields, and whether nothing is said as null or not at all", () => {
    const question = { what: "importance", metric: "acc", where: "", experiments: ["1"] };
    const answers = new Answers([{ question, content: { shares: [] }, buffers: [] }]);
    const asked = { experiments: ["1"], where: "", metric: "acc", what: "importance", statistic: null };
    expect(answers.answer(asked)?.content).toEqual({ ok: true, shares: [] });
    expect(answers.answer({ ...asked, metric: "loss" })).toBeUndefined();
    expect(canonical({ b: [1, { d: 1, c: 2 }], a: undefined })).toBe('{"b":[1,{"c":2,"d":1}]}');
  });

  it("share out the buffers of a parcel", () => {
    const buffers = [1, 2, 3].map((n) => Uint8Array.of(n));
    const entries = [
      { question: { what: "a" }, content: {}, buffers: 2 },
      { question: { what: "b" }, content: {}, buffers: 0 },
      { question: { what: "c" }, content: {}, buffers: 1 },
    ];
    const stored = storedAnswers({ content: { entries }, buffers });
    expect(stored.map((each) => each.buffers.length)).toEqual([2, 0, 1]);
    expect(stored[2]?.buffers[0]).toEqual(Uint8Array.of(3));
  });
});

describe("stored curves", () => {
  const whole = {
    question: { what: "curves", x: "step" },
    content: {
      x: "step",
      series: [
        ["a", "acc"],
        ["b", "acc"],
      ],
      starts: [0, 2, 5],
      thinned: [false, false],
    },
    buffers: [
      doubles([0, 1, 0, 1, 2]),
      doubles([5, 6, 7, Number.NaN, 9]),
      doubles([]),
      doubles([]),
      doubles([]),
      doubles([3, 1, 0, 0]),
    ],
  };
  const thin = {
    question: { what: "curves", x: "step" },
    content: { x: "step", series: [["c", "acc"]], starts: [0, 2], thinned: [true] },
    buffers: [
      doubles([0, 10]),
      doubles([1, 2]),
      doubles([0, 1]),
      doubles([2, 3]),
      doubles([10, 10]),
      doubles([1, 0, 2, 0]),
    ],
  };
  const answers = new Answers([whole, thin]);

  it("are put together in the order of the question", () => {
    const answer = answers.answer({
      what: "curves",
      series: [
        ["b", "acc"],
        ["a", "acc"],
      ],
      x: "step",
      range: null,
      buckets: 7,
    });
    const [x, y, low, , , odd] = read(answer);
    expect(answer?.content).toMatchObject({ starts: [0, 3, 5], thinned: [false, false] });
    expect(x).toEqual([0, 1, 2, 0, 1]);
    expect(y).toEqual([7, Number.NaN, 9, 5, 6]);
    expect(low).toEqual([]);
    expect(odd).toEqual([1, 1, 0, 0]);
  });

  it("give whole series a band of their own values beside thinned ones", () => {
    const [, , low, high, count, odd] = read(
      answers.answer({
        what: "curves",
        series: [
          ["a", "acc"],
          ["c", "acc"],
        ],
        x: "step",
      }),
    );
    expect(low).toEqual([5, 6, 0, 1]);
    expect(high).toEqual([5, 6, 2, 3]);
    expect(count).toEqual([1, 1, 10, 10]);
    expect(odd).toEqual([3, 0, 2, 0]);
  });

  it("leave a gap for a series that is not there, and do not answer for an axis that is not", () => {
    const answer = answers.answer({
      what: "curves",
      series: [
        ["gone", "acc"],
        ["a", "acc"],
      ],
      x: "step",
    });
    expect(answer?.content.starts).toEqual([0, 0, 2]);
    expect(answers.answer({ what: "curves", series: [["a", "acc"]], x: "time" })).toBeUndefined();
  });
});
