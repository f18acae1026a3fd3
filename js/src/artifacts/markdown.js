// Markdown as elements: a safe part of it, built node by node. HTML in it stays text.

import { h } from "../kit/dom.js";

/**
 * @typedef {object} Uses
 * @property {(text: string, language: string) => Node} code draws a fenced block
 * @property {(path: string, alt: string) => Node} picture draws an image of the run
 *
 * @typedef {{ lines: string[], at: number }} Reader
 */

const FENCE = /^ {0,3}(```+|~~~+)\s*([\w+-]*)/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const QUOTE = /^ {0,3}> ?(.*)$/;
const TABLE_LINE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const MAX_DEPTH = 12;
const MAX_INLINE = 20_000;

/**
 * @param {string} text
 * @param {Uses} uses
 * @returns {HTMLElement}
 */
export function markdown(text, uses) {
  return h("div", { class: "nbt-markdown" }, blocks(text.replaceAll("\r\n", "\n").split("\n"), uses, 0));
}

/** @param {string[]} lines @param {Uses} uses @param {number} depth @returns {Node[]} */
function blocks(lines, uses, depth) {
  if (depth > MAX_DEPTH) return [h("p", {}, lines.join("\n"))];
  /** @type {Node[]} */
  const found = [];
  const reader = { lines, at: 0 };
  while (reader.at < lines.length) {
    const line = lines[reader.at] ?? "";
    if (!line.trim()) reader.at += 1;
    else found.push(block(reader, line, uses, depth));
  }
  return found;
}

/** @param {Reader} reader @param {string} line @param {Uses} uses @param {number} depth @returns {Node} */
function block(reader, line, uses, depth) {
  const fence = FENCE.exec(line);
  if (fence) return fenced(reader, fence[1] ?? "```", fence[2] ?? "", uses);
  const heading = HEADING.exec(line);
  if (heading) {
    reader.at += 1;
    const level = /** @type {"h3"} */ (`h${Math.min(6, (heading[1]?.length ?? 1) + 1)}`);
    return h(level, {}, inline(heading[2] ?? "", uses));
  }
  if (RULE.test(line)) {
    reader.at += 1;
    return h("hr");
  }
  if (QUOTE.test(line)) {
    const inside = take(reader, (each) => QUOTE.test(each)).map((each) => QUOTE.exec(each)?.[1] ?? "");
    return h("blockquote", {}, blocks(inside, uses, depth + 1));
  }
  if (ITEM.test(line)) return list(reader, uses, depth);
  if (line.includes("|") && TABLE_LINE.test(reader.lines[reader.at + 1] ?? "")) return table(reader, uses);
  const rest = take(reader, (each, index) => index === 0 || (each.trim() !== "" && !begins(each)));
  return h("p", {}, inline(rest.map((each) => each.trim()).join("\n"), uses));
}

/** Whether a line begins another block and so ends a paragraph. @param {string} line */
function begins(line) {
  return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || ITEM.test(line);
}

/** @param {Reader} reader @param {(line: string, index: number) => boolean} belongs */
function take(reader, belongs) {
  const from = reader.at;
  while (reader.at < reader.lines.length && belongs(reader.lines[reader.at] ?? "", reader.at - from)) reader.at += 1;
  return reader.lines.slice(from, reader.at);
}

/** @param {Reader} reader @param {string} fence @param {string} language @param {Uses} uses */
function fenced(reader, fence, language, uses) {
  reader.at += 1;
  const inside = take(reader, (line) => !line.trim().startsWith(fence));
  reader.at += 1;
  return uses.code(inside.join("\n"), language.toLowerCase());
}

/** @param {Reader} reader @param {Uses} uses @param {number} depth */
function list(reader, uses, depth) {
  const first = ITEM.exec(reader.lines[reader.at] ?? "");
  const indent = first?.[1]?.length ?? 0;
  const isOrdered = /\d/.test(first?.[2] ?? "");
  const items = [];
  while (reader.at < reader.lines.length) {
    const item = ITEM.exec(reader.lines[reader.at] ?? "");
    if (!item || (item[1]?.length ?? 0) !== indent || /\d/.test(item[2] ?? "") !== isOrdered) break;
    reader.at += 1;
    const below = take(reader, (line) => line.trim() !== "" && line.search(/\S/) > indent).map((line) =>
      line.slice(indent + 2),
    );
    items.push(listItem(item[3] ?? "", below, uses, depth));
    if (!(reader.lines[reader.at] ?? "").trim() && ITEM.test(reader.lines[reader.at + 1] ?? "")) reader.at += 1;
  }
  return h(isOrdered ? "ol" : "ul", { start: isOrdered ? Number.parseInt(first?.[2] ?? "1", 10) : null }, items);
}

/** @param {string} text @param {string[]} below @param {Uses} uses @param {number} depth */
function listItem(text, below, uses, depth) {
  const task = /^\[([ xX])\]\s+(.*)$/.exec(text);
  const box = task
    ? h("input", { type: "checkbox", disabled: true, checked: task[1] !== " ", "aria-label": "Task" })
    : null;
  return h("li", {}, box, inline(task?.[2] ?? text, uses), blocks(below, uses, depth + 1));
}

/** @param {Reader} reader @param {Uses} uses */
function table(reader, uses) {
  const [head = "", line = "", ...body] = take(reader, (each, index) => index < 2 || each.includes("|"));
  const sides = cells(line).map((each) => (each.endsWith(":") ? (each.startsWith(":") ? "center" : "right") : null));
  const row = (/** @type {string} */ each, /** @type {"td" | "th"} */ tag) =>
    h(
      "tr",
      {},
      cells(each).map((cell, index) =>
        h(tag, { style: sides[index] ? { "text-align": sides[index] } : null }, inline(cell, uses)),
      ),
    );
  return h(
    "table",
    { class: "nbt-plain-table" },
    h("thead", {}, row(head, "th")),
    h(
      "tbody",
      {},
      body.map((each) => row(each, "td")),
    ),
  );
}

/** @param {string} line */
function cells(line) {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

const INLINE =
  /(`+)([\s\S]*?[^`])\1(?!`)|(!?)\[([^\]\n]{0,500})\]\(\s*<?([^\s()<>]{0,2000}(?:\([^\s()]{0,200}\)[^\s()<>]{0,2000})?)>?(?:\s+["'][^"'\n]{0,500}["'])?\s*\)|(\*\*|__)(?=\S)((?:(?!\6)[\s\S]){1,5000}?)\6|(?<![\w*])([*_])(?=\S)((?:(?!\8)[\s\S]){1,5000}?)\8(?![\w*])|~~(?=\S)([^~]{1,5000})~~|(https?:\/\/[^\s<>()"']{1,2000})|\\([\\`*_{}[\]()#+\-.!|>~])| {2,}\n/g;

/**
 * @param {string} text
 * @param {Uses} uses
 * @param {number} [depth]
 * @returns {(Node | string)[]}
 */
export function inline(text, uses, depth = 0) {
  /** @type {(Node | string)[]} */
  const found = [];
  let at = 0;
  if (depth > MAX_DEPTH || text.length > MAX_INLINE) return [text];
  for (const match of text.matchAll(INLINE)) {
    if (match.index > at) found.push(text.slice(at, match.index));
    at = match.index + match[0].length;
    const [all, , code, bang, label, target, , strong, , soft, gone, address, escaped] = match;
    if (code !== undefined) found.push(h("code", {}, code.trim()));
    else if (target !== undefined)
      found.push(bang ? picture(target, label ?? "", uses) : link(target, inline(label ?? "", uses, depth + 1)));
    else if (strong !== undefined) found.push(h("strong", {}, inline(strong, uses, depth + 1)));
    else if (soft !== undefined) found.push(h("em", {}, inline(soft, uses, depth + 1)));
    else if (gone !== undefined) found.push(h("s", {}, inline(gone, uses, depth + 1)));
    else if (address !== undefined) found.push(link(address, [address]));
    else if (escaped !== undefined) found.push(escaped);
    else found.push(all.startsWith(" ") ? h("br") : all);
  }
  if (at < text.length) found.push(text.slice(at));
  return found;
}

/** Only addresses of the web and of mail become links. @param {string} target @param {(Node | string)[]} content */
function link(target, content) {
  if (!/^(https?:\/\/|mailto:)/i.test(target)) return h("span", { title: target }, content);
  return h("a", { href: target, target: "_blank", rel: "noopener noreferrer" }, content);
}

/** Pictures of the run are drawn; those of the web are not fetched, for that would tell who reads this. @param {string} target @param {string} alt @param {Uses} uses */
function picture(target, alt, uses) {
  if (/^data:image\/(png|jpeg|gif|webp);base64,[\w+/=]+$/.test(target)) return h("img", { src: target, alt });
  if (/^[a-z][\w+.-]*:|^\/\//i.test(target)) return link(target, [`🖼 ${alt || target}`]);
  return uses.picture(target, alt);
}
