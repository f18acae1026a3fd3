import { expect, it } from "vitest";
import { who } from "../../src/page/who.js";

it("shows nobody where nobody is asked for", () => {
  expect(who(undefined)).toBe(null);
});

it("says who one is, and signs out", async () => {
  /** @type {any[]} */
  const asked = [];
  /** @type {string[]} */
  const left = [];
  let answers = false;
  const fetch = /** @type {any} */ (
    async (/** @type {any[]} */ ...what) => {
      asked.push(what);
      if (!answers) throw new TypeError("no answer");
    }
  );
  const shown = who("ada@<b>example.org", { fetch, leave: (address) => left.push(address) });
  expect(shown?.querySelector(".nbt-ui-user")?.textContent).toBe("ada@<b>example.org");
  const button = /** @type {HTMLButtonElement} */ (shown?.querySelector("button"));
  button.click();
  await new Promise((done) => setTimeout(done));
  expect(shown?.textContent).toContain("does not answer");
  expect([button.disabled, left.length]).toEqual([false, 0]);
  answers = true;
  button.click();
  await new Promise((done) => setTimeout(done));
  expect(asked[1]).toEqual(["./sign-out", { method: "POST", redirect: "manual" }]);
  expect(left).toEqual(["./sign-in?out"]);
});
