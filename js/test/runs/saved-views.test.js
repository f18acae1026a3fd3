import { afterEach, expect, it } from "vitest";
import { mount, settle } from "../run-table/mount.js";

/** @type {ReturnType<typeof mount>} */
let table;

const saved = {
  best: { filter: "metrics.acc > 0.5", columns: ["name", "metrics.acc"] },
  all: { filter: "", columns: null },
};

async function open() {
  table = mount({
    state: { _view_traits: ["columns", "filter"], columns: null, filter: "" },
    change: (kernel) => {
      kernel.answers["saved-views"] = () => ({ content: { views: saved } });
    },
  });
  await settle();
  table.one('[title="Saved"]').click();
  await settle();
}

/** @param {string} text */
function name(text) {
  const input = /** @type {HTMLInputElement} */ (table.one(".nbt-view-form input"));
  input.value = text;
  return input;
}

afterEach(() => {
  table.close();
  table.el.remove();
});

it("lists the views of the store and marks the present one", async () => {
  await open();
  const names = table.all(".nbt-view-line .nbt-item").map((item) => item.textContent);
  expect(names).toEqual(["all", "best"]);
  expect(table.one('.nbt-item[aria-current="true"]').textContent).toBe("all");
});

it("opens a view", async () => {
  await open();
  table.all(".nbt-view-line .nbt-item")[1]?.click();
  await settle(120);
  expect(table.model.get("filter")).toBe("metrics.acc > 0.5");
  expect(table.model.get("columns")).toEqual(["name", "metrics.acc"]);
  expect(
    table.kernel.heard.some(({ method, state }) => method === "update" && state.filter === saved.best.filter),
  ).toBe(true);
});

it("saves the present view and forgets one", async () => {
  await open();
  table.model.set("filter", "params.lr < 1");
  name(" mine ").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
  await settle();
  const [edit] = table.edits();
  expect(edit).toMatchObject({ op: "save-view", key: "mine", value: { filter: "params.lr < 1", columns: null } });
  expect(table.all(".nbt-view-line").length).toBe(3);
  table.one('[aria-label="Forget the view best"]').click();
  await settle();
  expect(table.edits()[1]).toMatchObject({ op: "drop-view", key: "best" });
  expect(table.all(".nbt-view-line .nbt-item").map((item) => item.textContent)).toEqual(["all", "mine"]);
});

it("says what the kernel refuses", async () => {
  await open();
  table.kernel.refusal = "View name '' is not allowed";
  name("x");
  table.one(".nbt-view-form button").click();
  await settle();
  expect(table.one(".nbt-views").textContent).toContain("is not allowed");
  expect(table.all(".nbt-view-line").length).toBe(2);
});
