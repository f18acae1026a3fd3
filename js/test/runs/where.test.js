import { expect, test } from "vitest";
import cases from "../../../tests/data/where_cases.json";
import { whereOf } from "../../src/runs/where.js";

test.each(/** @type {any[]} */ (cases))("a brush is a filter: $where", ({ filter, steps, extents, where }) => {
  expect(whereOf(filter, steps, extents)).toBe(where);
});
