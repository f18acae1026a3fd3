import { describe, expect, it } from "vitest";
import { partsOf, wrapped } from "../parts.mjs";

/** @param {string} text @param {(id: string) => any} [use] */
const run = (text, use = () => ({})) => new Function(`return ${text}`)()(use);

describe("a module as a part", () => {
  it("gets what it imports and returns what it exports", () => {
    const text = wrapped('import{a as b,c}from"./kit-1.js";import"./other-2.js";var d=b+c;export{d as e,c};');
    /** @type {string[]} */
    const used = [];
    const use = (/** @type {string} */ id) => {
      used.push(id);
      return { a: 1, c: 2 };
    };
    expect(run(text, use)).toEqual({ e: 3, c: 2 });
    expect(used).toEqual(["kit-1", "other-2"]);
  });

  it("is read from unminified modules too, and its own text is left alone", () => {
    const text = wrapped(
      'import {\n  a as b\n} from "./kit-1.js";\n\nvar d = `import{x}from"./y.js"` + b;\nexport {\n  d as default\n};\n',
    );
    expect(run(text, () => ({ a: "!" }))).toEqual({ default: 'import{x}from"./y.js"!' });
  });
});

it("lists parts after those that they import", () => {
  const out = (/** @type {string[]} */ imports, /** @type {string} */ entryPoint = "") => ({
    imports: imports.map((path) => ({ path })),
    ...(entryPoint && { entryPoint }),
  });
  const outputs = {
    "o/run-table-A.js": out(["o/chunk-B.js", "o/chunk-C.js"], "src/run-table/index.js"),
    "o/chunk-B.js": out(["o/chunk-C.js"]),
    "o/chunk-C.js": out([]),
    "o/link-D.js": out([], "src/link.js"),
  };
  const outputFiles = Object.keys(outputs).map((path) => ({ path: `/x/${path}`, text: "export{};" }));
  const { entries, parts } = partsOf(/** @type {any} */ ({ metafile: { outputs }, outputFiles }));
  expect(entries).toEqual({ "run-table": ["chunk-C", "chunk-B", "run-table-A"] });
  expect(Object.keys(parts)).toEqual(["run-table-A", "chunk-B", "chunk-C"]);
});
