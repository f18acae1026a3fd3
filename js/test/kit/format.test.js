import { describe, expect, it } from "vitest";
import {
  formatCount,
  formatDate,
  formatDuration,
  formatNumber,
  formatRelative,
  numberFormat,
  plural,
} from "../../src/kit/format.js";

/** Narrow and non-breaking spaces read as plain ones. @param {string} text */
const plain = (text) => text.replace(/[\u202f\u00a0]/g, " ");

describe("numberFormat", () => {
  it.each([
    [0, 1, [0.5, 0.91234, 0], ["0.5000", "0.9123", "0.0000"]],
    [0.097, 1.273, [0.097, 1.273], ["0.0970", "1.2730"]],
    [0, 4321.5, [4321.54, 12], ["4322", "12"]],
    [-50, 50, [-12.345, 3], ["−12.35", "3.00"]],
    [0, 1, [0.00002], ["2e−5"]],
    [1e9, 2e12, [1.5e12], ["1.5e12"]],
  ])("gives a column between %f and %f one number of decimals", (min, max, values, texts) => {
    const format = numberFormat(min, max, false);
    expect(values.map(format)).toEqual(texts);
  });

  it("groups the digits of whole numbers from five digits on", () => {
    const format = numberFormat(1, 123456, true);
    expect(plain(format(1234))).toBe("1234");
    expect(plain(format(123456))).toBe("123 456");
  });

  it("names what is no ordinary number", () => {
    const format = numberFormat(0, 1, false);
    expect([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(format)).toEqual(["NaN", "∞", "−∞"]);
  });

  it("works for a column without finite values", () => {
    expect(numberFormat(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true)(Number.NaN)).toBe("NaN");
  });
});

describe("formatNumber", () => {
  it.each([
    [0, "0"],
    [0.1, "0.1"],
    [0.123456789, "0.12346"],
    [1234.5678, "1234.6"],
    [1e-7, "1e−7"],
    [-3, "−3"],
    [2.5e11, "2.5e11"],
  ])("%f reads %s", (value, text) => expect(formatNumber(value)).toBe(text));
});

describe("formatDuration", () => {
  it.each([
    [0.004, "4 ms"],
    [0.42, "0.4 s"],
    [41.9, "41 s"],
    [123, "2 m 03 s"],
    [3840, "1 h 04 m"],
    [266_400, "3 d 02 h"],
    [Number.NaN, ""],
  ])("%f seconds read %s", (seconds, text) => expect(plain(formatDuration(seconds))).toBe(text));
});

describe("formatRelative", () => {
  const now = Date.UTC(2026, 10, 23, 12);
  it.each([
    [3, "just now"],
    [42, "42 s ago"],
    [120, "2 min ago"],
    [3 * 3600, "3 h ago"],
    [2 * 86_400, "2 d ago"],
    [40 * 86_400, "14 Oct"],
    [400 * 86_400, "19 Oct 2025"],
  ])("%i seconds ago reads %s", (ago, text) => expect(plain(formatRelative(now - ago * 1000, now))).toBe(text));

  it("gives the date of what lies ahead", () => {
    expect(formatRelative(now + 3_600_000, now)).toMatch(/^2026-11-23 \d\d:00:00$/);
  });
});

it("formatDate is empty for no date", () => expect(formatDate(Number.NaN)).toBe(""));

it("counts with commas and the right noun", () => {
  expect(formatCount(1234567)).toBe("1,234,567");
  expect(plural(1, "run")).toBe("1 run");
  expect(plural(2000, "run")).toBe("2,000 runs");
});
