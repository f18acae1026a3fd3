import { expect, test } from "vitest";
import cases from "../../../tests/data/goal_cases.json";
import { guessGoal } from "../../src/runs/catalog.js";

test.each(Object.entries(cases))("names that mean %s", (goal, keys) => {
  for (const key of keys) expect([key, guessGoal(key)]).toEqual([key, goal === "none" ? null : goal]);
});
