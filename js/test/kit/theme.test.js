import { expect, it } from "vitest";
import { lightness, plain } from "../../src/kit/theme.js";

it("mixed colours are written as every program reads them", () => {
  expect(plain("color(srgb 0.1 0.34 1)")).toBe("rgb(26, 87, 255)");
  expect(plain("color(srgb 1e-7 0 0 / 0.5)")).toBe("rgba(0, 0, 0, 0.5)");
  expect(plain("rgb(1, 2, 3)")).toBe("rgb(1, 2, 3)");
});

it("mixed and plain colours are as light as each other", () => {
  expect(lightness("color(srgb 1 1 1)")).toBeCloseTo(1);
  expect(lightness("rgb(0, 0, 0)")).toBe(0);
});
