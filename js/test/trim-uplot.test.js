import source from "uplot/dist/uPlot.esm.js?raw";
import { expect, it } from "vitest";
import { trimmed } from "../trim-uplot.mjs";

it("leaves a uPlot that draws axes and a cursor, without bars, steps, splines and dates", async () => {
  const script = `data:text/javascript,${encodeURIComponent(trimmed(source))}`;
  const { default: uPlot } = await import(/* @vite-ignore */ script);
  expect(Object.keys(uPlot.paths)).toEqual(["points", "linear"]);
  expect(uPlot.fmtDate).toBeUndefined();
  expect(uPlot.rangeLog(1, 1000, 10, true)).toEqual([1, 1000]);
});

it("refuses a uPlot that it does not know", () => {
  expect(() => trimmed(source.replace("(paths.bars ", "(paths.columns "))).toThrow("paths.bars");
});
