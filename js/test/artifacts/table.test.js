import { afterEach, describe, expect, it } from "vitest";
import { file, listed, look, mount, until } from "./mount.js";

const COLUMNS = [
  { name: "<b>name", type: "VARCHAR", numeric: false, nulls: 1, distinct: 3, min: "a", max: "z", bins: null },
  { name: "loss", type: "DOUBLE", numeric: true, nulls: 0, distinct: 9, min: 0.5, max: 12.25, bins: [1, 0, 4] },
];

/** @param {any} question */
function answer({ what, path, part }) {
  if (what === "artifacts") return listed([file("t.csv")]);
  const rows = [
    [part ? JSON.stringify(part) : "first", 0.5],
    [null, 12.25],
  ];
  if (part?.sort === 0) return new Error("sorting takes too long");
  if (part) return { rows, offset: part.offset };
  return look(path, "table", { columns: COLUMNS, rows, n_rows: 250, n_columns: 2, page: 100, offset: 0 });
}

async function opened() {
  const view = mount(answer, { path: "t.csv" });
  await until(() => view.all(".nbt-data").length === 1);
  const first = () => view.one(".nbt-data tbody tr").textContent ?? "";
  return { ...view, first, sort: (/** @type {number} */ index) => view.all(".nbt-data-sort")[index]?.click() };
}

afterEach(() => document.body.replaceChildren());

describe("a table", () => {
  it("has a profile over each column, and its numbers have one format", async () => {
    const { all, el } = await opened();
    expect(all(".nbt-data-name").map((each) => each.textContent)).toEqual(["<b>name", "loss"]);
    expect(el.querySelector(".nbt-data b")).toBeNull();
    expect(all(".nbt-data-range").map((each) => each.textContent)).toEqual(["3 distinct", "0.5 – 12.25"]);
    expect(all(".nbt-data-type").map((each) => each.textContent)).toEqual(["varchar1 null", "double"]);
    const cells = all(".nbt-data td.nbt-right").map((each) => each.textContent ?? "");
    expect(new Set(cells.map((text) => text.split(".")[1]?.length)).size).toBe(1);
    expect(all(".nbt-data-null").length).toBe(1);
  });

  it("is sorted up, down and back, also by clicks that come before the rows", async () => {
    const { sort, first, all } = await opened();
    sort(1);
    sort(1);
    await until(() => first().includes('"descending":true'));
    expect(all("th[aria-sort]").map((each) => each.getAttribute("aria-sort"))).toEqual(["none", "descending"]);
    sort(1);
    await until(() => first().includes('{"offset":0,"limit":100}'));
  });

  it("keeps its rows and their order when others cannot be had", async () => {
    const { sort, first, one, all } = await opened();
    sort(0);
    await until(() => one(".nbt-look-said").textContent === "sorting takes too long");
    expect(first()).toContain("first");
    expect(all("th[aria-sort]").map((each) => each.getAttribute("aria-sort"))).toEqual(["none", "none"]);
  });

  it("is read a page at a time", async () => {
    const { one, all, first } = await opened();
    const [back, on] = /** @type {HTMLButtonElement[]} */ (all(".nbt-data-foot button"));
    expect(back?.disabled).toBe(true);
    on?.click();
    await until(() => first().includes('"offset":100'));
    expect(one(".nbt-data-foot").textContent).toContain("Rows 101–102 of 250");
    expect(back?.disabled).toBe(false);
  });
});

describe("records of a JSON file", () => {
  it("are a tree when the reader asks for one", async () => {
    const view = mount(
      (/** @type {any} */ question) => {
        const { what, path, part } = question;
        if (what === "artifacts") return listed([file("t.json")]);
        if (part?.at)
          return { node: { type: "array", size: 1, from: 0, children: [{ key: 0, type: "object", size: 1 }] } };
        const facts = { columns: COLUMNS, rows: [["a", 1]], n_rows: 1, n_columns: 2, page: 100, offset: 0 };
        return { ...look(path, "table", facts), mime: "application/json" };
      },
      { path: "t.json" },
    );
    await until(() => view.all(".nbt-data").length === 1);
    const button = view.all("button").find((each) => each.textContent === "As a tree");
    button?.click();
    await until(() => view.all(".nbt-json li").length === 1);
    expect(view.all(".nbt-data").length).toBe(0);
  });
});

it("a column of values that are no numbers is a column like others", async () => {
  const odd = { ...COLUMNS[1], name: "odd", min: "nan", max: "inf", bins: null };
  const view = mount(
    (/** @type {any} */ { what, path }) =>
      what === "artifacts"
        ? listed([file("t.csv")])
        : look(path, "table", {
            columns: [odd],
            rows: [["nan"], [2.5]],
            n_rows: 2,
            n_columns: 1,
            page: 100,
            offset: 0,
          }),
    { path: "t.csv" },
  );
  await until(() => view.all(".nbt-data td.nbt-right").length === 2);
  expect(view.one(".nbt-data-range").textContent).toBe("nan – inf");
  expect(view.all(".nbt-data td.nbt-right").map((each) => each.textContent)).toEqual(["nan", "2.500"]);
  expect(view.one(".nbt-data-foot").textContent).toContain("Rows 1–2 of 2, 1 column");
});
