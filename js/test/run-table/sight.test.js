// The rows in the page follow the size of the table and whether it can be seen.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { mount, settle } from "./mount.js";

/** @type {(() => void)[]} */
let sized = [];
/** @type {((seen: { isIntersecting: boolean }[]) => void)[]} */
let sighted = [];
let size = { width: 1000, height: 0 };
/** @type {ReturnType<typeof mount> | null} */
let table = null;

/** @param {number} height */
function resize(height) {
  size = { width: height ? 1000 : 0, height };
  for (const tell of sized) tell();
}

beforeEach(() => {
  size = { width: 1000, height: 0 };
  sized = [];
  sighted = [];
  class Observer {
    observe() {}
    disconnect() {}
  }
  vi.stubGlobal(
    "ResizeObserver",
    class extends Observer {
      /** @param {() => void} tell */
      constructor(tell) {
        super();
        sized.push(tell);
      }
    },
  );
  vi.stubGlobal(
    "IntersectionObserver",
    class extends Observer {
      /** @param {(seen: { isIntersecting: boolean }[]) => void} tell */
      constructor(tell) {
        super();
        sighted.push(tell);
      }
    },
  );
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockImplementation(() => size.width);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockImplementation(() => size.height);
});

afterEach(() => {
  table?.close();
  table?.el.remove();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it("draws more rows when the table becomes higher", async () => {
  table = mount({ count: 80 });
  resize(200);
  await settle();
  const few = table.rows().length;
  resize(500);
  await settle();
  expect(table.rows().length).toBeGreaterThanOrEqual(few + Math.floor(300 / 29));
});

it("draws for a new size before it is told that it can be seen again", async () => {
  table = mount({ count: 80 });
  resize(200);
  await settle();
  for (const tell of sighted) tell([{ isIntersecting: false }]);
  resize(0);
  await settle();
  const few = table.rows().length;
  resize(500);
  await settle();
  expect(table.rows().length).toBeGreaterThan(few);
  expect(table.one(".nbt-layer").style.height).toBe("500px");
});

it("is drawn for its whole height while it is hidden", async () => {
  table = mount({ count: 80 });
  await settle();
  expect(table.one(".nbt-layer").style.height).toBe(table.one(".nbt-grid").style.height);
});
