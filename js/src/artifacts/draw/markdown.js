// A Markdown file, and Markdown cells of notebooks.

import { h } from "../../kit/dom.js";
import { bytesOf } from "../bytes.js";
import { markdown } from "../markdown.js";
import { CodeBlock } from "./code.js";
import { choice, toolRow } from "./parts.js";

const ALIASES = /** @type {Record<string, string>} */ ({
  py: "python",
  javascript: "js",
  ts: "js",
  typescript: "js",
  bash: "sh",
  shell: "sh",
  yml: "yaml",
  toml: "yaml",
  cpp: "c",
  rust: "c",
});

/** @param {import("../preview.js").Look} look */
export function drawMarkdown(look) {
  const { facts, until } = look;
  const stage = h("div", {});
  const show = (/** @type {string} */ way) => {
    if (way === "read") stage.replaceChildren(prose(facts.text, look));
    else {
      const block = new CodeBlock(until, { numbers: true });
      block.el.classList.add("nbt-wrap");
      block.add(facts.text);
      stage.replaceChildren(block.el);
    }
  };
  show("read");
  return [toolRow(choice("Shown as", { read: "Text", source: "Source" }, "read", show)), stage];
}

/** @param {string} text @param {import("../preview.js").Look} look */
export function prose(text, look) {
  return markdown(text, {
    code: (code, language) => {
      const block = new CodeBlock(look.until, { language: ALIASES[language] ?? language });
      block.add(code);
      return h("div", { class: "nbt-fence" }, block.el);
    },
    picture: (path, alt) => runPicture(path, alt, look),
  });
}

/**
 * An image of the same run, named from the folder of the file that shows it.
 * @param {string} target
 * @param {string} alt
 * @param {import("../preview.js").Look} look
 */
function runPicture(target, alt, look) {
  const image = h("img", { alt });
  const words = h("span", { class: "nbt-look-folder" }, alt || target);
  const place = h("span", {}, words);
  look
    .other(beside(look.facts.path, target))
    .then(({ content, buffers }) => {
      if (content.view !== "image" || look.until.aborted) return;
      image.src = look.url(new Blob([bytesOf(buffers[0])], { type: content.type }));
      place.replaceChildren(image);
    })
    .catch(() => words.append(" (not found in this run)"));
  return place;
}

/** `a/b.md` and `../c.png` are `c.png`. @param {string} path @param {string} target */
export function beside(path, target) {
  const parts = path.split("/").slice(0, -1);
  for (const part of target.split(/[?#]/)[0]?.split("/") ?? []) {
    if (part === "..") parts.pop();
    else if (part && part !== ".") parts.push(part);
  }
  return parts.join("/");
}
