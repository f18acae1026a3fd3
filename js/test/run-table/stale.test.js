// Rows say why their runs are stale, asked for those in sight only.

import { afterEach, expect, it, vi } from "vitest";
import { Stale, staleList } from "../../src/run-table/stale.js";
import { mount, settle } from "./mount.js";

/** @type {ReturnType<typeof mount> | null} */
let table = null;
afterEach(() => {
  vi.useRealTimers();
  table?.close();
  table?.el.remove();
  table = null;
});

const WHY = [
  { kind: "edited", text: "cell 5 edited after this run" },
  { kind: "data", text: "data file changed: <b>x</b>.csv" },
];

it("marks stale runs by name, and lists the reasons beside the table", async () => {
  /** @type {string[][]} */
  const asked = [];
  table = mount({
    count: 6,
    change(kernel) {
      kernel.answers = {
        stale: ({ runs }) => {
          asked.push(runs);
          return {
            content: {
              runs: Object.fromEntries(
                runs.map((/** @type {string} */ id, /** @type {number} */ i) => [id, i ? [] : WHY]),
              ),
            },
          };
        },
      };
    },
  });
  const { all } = table;
  const shown = () => all(".nbt-stale").filter((each) => !each.hidden);
  await vi.waitFor(() =>
    expect(shown().map((each) => each.getAttribute("aria-label"))).toEqual([
      "Stale: cell 5 edited after this run · data file changed: <b>x</b>.csv",
    ]),
  );
  expect(asked).toHaveLength(1);
  expect(asked[0]).toHaveLength(6);
  shown()[0]
    ?.closest(".nbt-row")
    ?.querySelector('[data-act="details"]')
    ?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  await settle();
  expect(table.all(".nbt-details .nbt-stale-list li").map((each) => each.textContent)).toEqual(
    WHY.map(({ text }) => text),
  );
});

it("asks again after a while, and for runs that there was no time for", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  let answers = /** @type {Record<string, any>} */ ({ a: WHY });
  const ask = vi.fn(async (/** @type {any} */ _question) => ({ content: { runs: answers }, buffers: [] }));
  const stale = new Stale(/** @type {any} */ ({ answers: true, ask }), new AbortController().signal);
  expect(stale.text("a") + stale.text("b")).toBe("");
  await vi.advanceTimersByTimeAsync(300);
  expect(stale.revision.value).toBe(1);
  expect(stale.of("a")).toEqual(WHY);
  stale.of("b");
  await vi.advanceTimersByTimeAsync(300);
  expect(ask.mock.calls.map(([question]) => /** @type {any} */ (question).runs)).toEqual([["a", "b"], ["b"]]);
  answers = { a: [], b: [] };
  await vi.advanceTimersByTimeAsync(16_000);
  expect(stale.of("a")).toEqual(WHY);
  await vi.advanceTimersByTimeAsync(300);
  expect(stale.of("a")).toEqual([]);
});

it("is quiet for a minute when nobody answers", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  const ask = vi.fn(async () => {
    throw new Error("busy");
  });
  const stale = new Stale(/** @type {any} */ ({ answers: true, ask }), new AbortController().signal);
  for (let i = 0; i < 20; i += 1) {
    stale.of(`run-${i}`);
    await vi.advanceTimersByTimeAsync(2000);
  }
  expect(ask).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(60_000);
  stale.of("run");
  await vi.advanceTimersByTimeAsync(300);
  expect(ask).toHaveBeenCalledTimes(2);
});

it("says nothing of runs that are as they were", () => {
  expect(staleList([])).toBeNull();
});
