import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { firstRow, isPlain } from "../../src/serving/fields.js";
import { showModel } from "../../src/serving/index.js";
import { curl, python } from "../../src/serving/snippets.js";

const facts = {
  uri: "models:/fraud@champion",
  key: "models:/fraud/3",
  version: "0.1",
  inputs: [
    { name: "amount", type: "double", required: true },
    { name: "city", type: "string", required: true },
    { name: "night", type: "boolean", required: true },
    { name: "age", type: "long", required: false },
  ],
  outputs: [{ type: "long" }],
  params: [{ name: "threshold", type: "double", default: 0.5 }],
  example: { dataframe_split: { columns: ["amount", "city", "night", "age"], data: [[12.5, "Ulm", true, 40]] } },
};

/** @type {HTMLElement} */
let root;
/** @type {any[]} */
let sent;

/** @param {number} status @param {any} content */
function answering(status, content) {
  vi.stubGlobal("fetch", async (/** @type {string} */ path, /** @type {any} */ request) => {
    sent.push([path, JSON.parse(request.body)]);
    return { status, text: async () => JSON.stringify(content) };
  });
}

beforeEach(() => {
  root = document.createElement("div");
  document.body.append(root);
  sent = [];
});

afterEach(() => {
  vi.unstubAllGlobals();
  root.remove();
});

async function predict() {
  /** @type {HTMLButtonElement} */ (root.querySelector(".sv-predict")).click();
  await vi.waitFor(() => expect(root.querySelector(".sv-answer p")).not.toBeNull());
}

test("the form is filled from the example and sends one record with params", async () => {
  answering(200, { predictions: [1] });
  showModel(facts, root);
  await predict();
  expect(sent).toEqual([
    [
      "/invocations",
      { dataframe_records: [{ amount: 12.5, city: "Ulm", night: true, age: 40 }], params: { threshold: 0.5 } },
    ],
  ]);
  expect(root.querySelector(".sv-table")?.textContent).toContain("1");
});

test("optional fields that are empty are left out; what is no number goes as it is", async () => {
  answering(400, { error_code: "BAD_REQUEST", message: "amount is no number" });
  showModel(facts, root);
  const [amount, , , age] = /** @type {HTMLInputElement[]} */ ([...root.querySelectorAll("input")]);
  for (const [input, text] of [
    [amount, "much"],
    [age, ""],
  ])
    Object.assign(/** @type {any} */ (input), { value: text });
  await predict();
  expect(sent[0][1].dataframe_records).toEqual([{ amount: "much", city: "Ulm", night: true }]);
  expect(root.querySelector(".sv-problem")?.textContent).toBe("amount is no number");
});

test("the JSON tab has what the form says, and is sent as it is written", async () => {
  answering(200, { predictions: [{ label: "a", score: 0.5 }] });
  showModel(facts, root);
  const tab = /** @type {HTMLButtonElement} */ (
    [...root.querySelectorAll('[role="tab"]')].find((each) => each.textContent === "JSON")
  );
  tab.click();
  const area = /** @type {HTMLTextAreaElement} */ (root.querySelector("textarea"));
  expect(JSON.parse(area.value).dataframe_records[0].city).toBe("Ulm");
  area.value = '{"instances": [[1]]}';
  await predict();
  expect(sent[0][1]).toEqual({ instances: [[1]] });
  expect([...root.querySelectorAll("thead th")].map((each) => each.textContent)).toEqual(["", "label", "score"]);
});

test("a server that is gone is said", async () => {
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("failed");
  });
  showModel(facts, root);
  await predict();
  expect(root.querySelector(".sv-bad")?.textContent).toBe("The server does not answer.");
});

test("tensors have no form", () => {
  const tensor = { type: "tensor", "tensor-spec": { dtype: "float64", shape: [-1, 4] } };
  expect(isPlain([tensor])).toBe(false);
  showModel({ ...facts, inputs: [tensor], example: null }, root);
  expect(root.querySelector(".sv-form")).toBeNull();
  expect(root.querySelector(".sv-columns")?.textContent).toContain("tensor float64 (-1, 4)");
});

test.each([
  [{ dataframe_records: [{ a: 1 }, { a: 2 }] }, { a: 1 }],
  [{ dataframe_split: { columns: ["a"], data: [[1]] } }, { a: 1 }],
  [{ inputs: { a: [1, 2], b: 3 } }, { a: 1, b: 3 }],
  [{ instances: [[1]] }, {}],
  [{ inputs: [1, 2] }, {}],
])("the first row of %j", (body, row) => {
  expect({ ...firstRow(body) }).toEqual(row);
});

test("texts with quotes survive shell and Python", () => {
  const body = JSON.stringify({ inputs: ['it\'s \\ "so"'] });
  expect(curl("http://x", body)).toContain(`-d '${body.replaceAll("'", "'\\''")}'`);
  expect(python("http://x", body)).toContain(`body = '{"inputs":["it\\'s \\\\\\\\ \\\\"so\\\\""]}'`);
});
