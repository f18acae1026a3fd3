// Colours for code: one pass over the text, five kinds of words. Enough to read by; no parser.

/** @typedef {{ type: "" | "comment" | "string" | "number" | "keyword" | "key", text: string }} Token */

const STRING = String.raw`"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?`;
/** The end of the text; `$` is the end of a line here. */
const END = String.raw`(?![\s\S])`;
const NUMBER = String.raw`\b(?:0[xX][\da-fA-F_]+|\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?)\b`;
const WORD = String.raw`[A-Za-z_$][\w$]*`;
const KEY = String.raw`"(?:[^"\\\n]|\\.)*"(?=\s*:)`;

/** @type {Record<string, { comment?: string, string?: string, key?: string, number?: string, words: string, anyCase?: boolean }>} */
const LANGUAGES = {
  python: {
    comment: "#[^\\n]*",
    string: String.raw`(?:\b[rbfuRBFU]{1,2})?(?:"""[\s\S]*?(?:"""|${END})|'''[\s\S]*?(?:'''|${END})|${STRING})`,
    key: String.raw`@[\w.]+|(?<=\b(?:def|class)\s+)\w+`,
    words:
      "False None True and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield self",
  },
  js: {
    comment: String.raw`\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|${END})`,
    string: String.raw`${STRING}|${"`"}(?:[^${"`"}\\]|\\[\s\S])*${"`"}?`,
    words:
      "async await break case catch class const continue default delete do else export extends false finally for from function if import in instanceof interface let new null of return static super switch this throw true try type typeof undefined var void while yield",
  },
  c: {
    comment: String.raw`\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|${END})`,
    key: "#\\s*\\w+",
    words:
      "auto bool break case char class const continue default double else enum extern false float fn for if impl int let long match mod mut namespace new nullptr pub return short signed sizeof static struct switch template this true typedef union unsigned use using virtual void while",
  },
  json: { string: STRING, key: KEY, words: "true false null NaN Infinity" },
  yaml: {
    comment: "#[^\\n]*",
    key: String.raw`(?<=^\s*(?:- +)*)[\w"'][\w."'/ -]*(?=\s*[:=](?:\s|$))|^\[[^\]\n]*\]`,
    words: "true false null yes no",
  },
  sql: {
    comment: String.raw`--[^\n]*|\/\*[\s\S]*?(?:\*\/|${END})`,
    anyCase: true,
    words:
      "all alter and as asc between by case cast create cross delete desc distinct drop else end exists false from full group having if in inner insert into is join lateral left like limit not null offset on or order outer over partition primary references replace right select set table then true union update using values view when where window with",
  },
  sh: {
    comment: String.raw`(?<=^|\s)#[^\n]*`,
    string: String.raw`"(?:[^"\\]|\\[\s\S])*"?|'[^']*'?`,
    key: String.raw`\$\{[^}\n]*\}|\$\w+`,
    words:
      "case cd do done echo elif else esac exit export fi for function if in local return set then while RUN COPY FROM CMD ENV WORKDIR ARG",
  },
  diff: {
    comment: String.raw`^(?:diff|index|---|\+\+\+) [^\n]*`,
    key: "^@@[^\\n]*",
    string: String.raw`^\+[^\n]*`,
    number: "^-[^\\n]*",
    words: "",
  },
  css: {
    comment: String.raw`\/\*[\s\S]*?(?:\*\/|${END})`,
    key: String.raw`[\w-]+(?=\s*:\s)`,
    words: "important media supports container",
  },
};

/** @type {Map<string, { pattern: RegExp, words: Set<string> }>} */
const compiled = new Map();

/** @param {string} language */
function grammarOf(language) {
  let grammar = compiled.get(language);
  const given = LANGUAGES[language];
  if (!grammar && given) {
    const parts = [
      `(?<comment>${given.comment ?? "(?!)"})`,
      `(?<key>${given.key ?? "(?!)"})`,
      `(?<string>${given.string ?? STRING})`,
      `(?<number>${given.number ?? NUMBER})`,
      `(?<word>${WORD})`,
    ];
    const words = given.words.split(" ");
    grammar = { pattern: new RegExp(parts.join("|"), "gm"), words: new Set(words) };
    compiled.set(language, grammar);
  }
  return grammar;
}

/**
 * @param {string} text
 * @param {string} language one without a grammar is plain
 * @returns {Token[]} their texts together are `text`
 */
export function tokens(text, language) {
  const grammar = grammarOf(language);
  if (!grammar) return text ? [{ type: "", text }] : [];
  const anyCase = LANGUAGES[language]?.anyCase === true;
  /** @type {Token[]} */
  const found = [];
  let at = 0;
  const plain = (/** @type {number} */ end) => {
    if (end > at) found.push({ type: "", text: text.slice(at, end) });
  };
  for (const match of text.matchAll(grammar.pattern)) {
    const groups = match.groups ?? {};
    let type = /** @type {Token["type"]} */ (["comment", "key", "string", "number"].find((name) => groups[name]) ?? "");
    const { word } = groups;
    if (word && grammar.words.has(anyCase ? word.toLowerCase() : word)) type = "keyword";
    if (!type || !match[0]) continue;
    plain(match.index);
    found.push({ type, text: match[0] });
    at = match.index + match[0].length;
  }
  plain(text.length);
  return found;
}

/**
 * The same, cut at line ends.
 * @param {string} text
 * @param {string} language
 * @returns {Token[][]}
 */
export function tokenLines(text, language) {
  /** @type {Token[][]} */
  const lines = [[]];
  for (const token of tokens(text, language)) {
    const parts = token.text.split("\n");
    for (const [index, part] of parts.entries()) {
      if (index) lines.push([]);
      if (part) lines.at(-1)?.push({ type: token.type, text: part });
    }
  }
  return lines;
}
