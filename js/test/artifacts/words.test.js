import { describe, expect, it } from "vitest";
import { beside } from "../../src/artifacts/draw/markdown.js";
import { localSource, pathText } from "../../src/artifacts/json-source.js";
import { markdown } from "../../src/artifacts/markdown.js";
import { tokenLines, tokens } from "../../src/artifacts/tokens.js";

const uses = {
  code: (/** @type {string} */ text, /** @type {string} */ language) => {
    const el = document.createElement("pre");
    el.textContent = text;
    el.dataset.language = language;
    return el;
  },
  picture: (/** @type {string} */ path) => {
    const el = document.createElement("i");
    el.dataset.picture = path;
    return el;
  },
};

/** @param {string} text */
const html = (text) => markdown(text, uses).innerHTML;

describe("a diff", () => {
  it("has added and removed lines in two colours, and its heads quiet", () => {
    const diff = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@ def f():\n kept 1\n-old = 1\n+new = 'x'\n";
    expect(tokenLines(diff, "diff").map((line) => line.map(({ type }) => type).join())).toEqual([
      "comment",
      "comment",
      "comment",
      "key",
      "",
      "number",
      "string",
      "",
    ]);
  });
});

describe("Markdown", () => {
  it("draws headings, lists, tables, quotes and code", () => {
    expect(html("# A *b*\n\ntext **c** `d` ~~e~~\nmore")).toBe(
      "<h2>A <em>b</em></h2><p>text <strong>c</strong> <code>d</code> <s>e</s>\nmore</p>",
    );
    expect(html("- a\n- b\n  - c\n\n3. x\n4. y")).toBe(
      '<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><ol start="3"><li>x</li><li>y</li></ol>',
    );
    expect(html("|a|b|\n|--|--:|\n|1|2|")).toContain('<td style="text-align: right;">2</td>');
    expect(html("> a\n> b")).toBe("<blockquote><p>a\nb</p></blockquote>");
    expect(html("```py\nx = 1\n```")).toBe('<pre data-language="py">x = 1</pre>');
    expect(html("- [x] done")).toContain("checked");
    expect(html("a_b_c and snake_case_name")).toBe("<p>a_b_c and snake_case_name</p>");
  });

  it.each([
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](data:text/html,<script>alert(1)</script>)",
    "[a](JaVaScRiPt:alert(1))",
    "![a](https://evil.example/x.png)",
    "![a](data:image/svg+xml;base64,aaaa)",
    '[a](https://x.example "onclick=alert(1)")',
    "<https://x.example/<script>>",
    '`<b onclick="x">`',
    "| <script> |\n|--|\n| <img src=x> |",
  ])("never makes HTML or a script of %s", (text) => {
    const el = markdown(text, uses);
    expect(el.querySelectorAll("script, img, svg, iframe, b").length).toBe(0);
    for (const link of el.querySelectorAll("a")) expect(link.getAttribute("href")).toMatch(/^https?:/);
    for (const each of el.querySelectorAll("*")) {
      for (const { name } of each.attributes) expect(name).not.toMatch(/^on/);
    }
  });

  it("asks for pictures of the run and opens links in another tab without a trace", () => {
    const el = markdown("![cat](../a/cat.png) [x](https://example.org)", uses);
    expect(el.querySelector("i")?.dataset.picture).toBe("../a/cat.png");
    expect(el.querySelector("a")?.rel).toBe("noopener noreferrer");
    expect(beside("docs/x/README.md", "../a/cat.png?raw=1")).toBe("docs/a/cat.png");
    expect(beside("README.md", "../../../etc/passwd")).toBe("etc/passwd");
  });

  it("ends for texts made to be slow", () => {
    for (const piece of ["*", "**a", "`", "[", "![](", "> ", "- ", "_a_", "|", "~~"]) {
      expect(markdown(piece.repeat(20_000), uses).className).toBe("nbt-markdown");
    }
    expect(markdown(`${"> ".repeat(5000)}x`, uses).textContent).toContain("x");
  });
});

describe("code", () => {
  const text = 'def f(x):  # "no" string\n    """long\n    string"""\n    return x + 0x1F if not None else "a\\"b"\n';

  it("colours without changing the text", () => {
    for (const language of ["python", "js", "c", "json", "yaml", "sql", "sh", "css", "", "nothing"]) {
      expect(
        tokens(text, language)
          .map((token) => token.text)
          .join(""),
      ).toBe(text);
      expect(
        tokenLines(text, language)
          .map((line) => line.map((token) => token.text).join(""))
          .join("\n"),
      ).toBe(text);
    }
  });

  it.each([
    ["python", "comment", '# "no" string'],
    ["python", "string", '"a\\"b"'],
    ["python", "keyword", "return"],
    ["python", "number", "0x1F"],
    ["python", "key", "f"],
  ])("%s has a %s %s", (language, type, expected) => {
    expect(
      tokens(text, language)
        .filter((token) => token.type === type)
        .map((token) => token.text),
    ).toContain(expected);
  });

  it("keeps a string that runs over lines in one colour", () => {
    const [, second, third] = tokenLines(text, "python");
    expect(second?.at(-1)).toEqual({ type: "string", text: '"""long' });
    expect(third?.[0]?.type).toBe("string");
  });

  it("tells keys of JSON and YAML from values", () => {
    const keys = (/** @type {string} */ code, /** @type {string} */ language) =>
      tokens(code, language)
        .filter(({ type }) => type === "key")
        .map((each) => each.text);
    expect(keys('{"a": "b: c", "d": [1]}', "json")).toEqual(['"a"', '"d"']);
    expect(keys("a: b\nlist:\n  - c: 'x'\n", "yaml")).toEqual(["a", "list", "c"]);
  });
});

describe("JSON", () => {
  const source = localSource({ a: [{ b: "Deep" }, 2], "c d": null, e: Array.from({ length: 500 }, (_, i) => i) });

  it("gives branches a page at a time", async () => {
    const root = await source.branch([], 0);
    expect(root.children?.map(({ key, type, size }) => [key, type, size])).toEqual([
      ["a", "array", 2],
      ["c d", "null", undefined],
      ["e", "array", 500],
    ]);
    const page = await source.branch(["e"], 400);
    expect(page.children?.length).toBe(100);
    expect(page.children?.[0]).toEqual({ key: 400, type: "number", value: 400 });
  });

  it("finds keys and values and names their paths as Python reaches them", async () => {
    expect((await source.search("deep")).hits.map(pathText)).toEqual(['["a"][0]["b"]']);
    expect((await source.search("c d")).hits.map(pathText)).toEqual(['["c d"]']);
  });
});
