/** Cuts a filter into tokens; the twin of nbtrack/search/tokens.py. */

export const MAX_CHARACTERS = 10_000;
const MAX_SHOWN = 40;

/**
 * @typedef {object} Token
 * @property {string} kind  named in PATTERNS, or "end"
 * @property {string} text
 * @property {number} start
 * @property {number} end
 */

/** A filter or order_by that cannot be read; `source.slice(start, end)` is what the message points at. */
export class SearchError extends Error {
  /** @param {string} problem @param {string} source @param {number} start @param {number} [end] */
  constructor(problem, source, start, end) {
    super(problem);
    this.name = "SearchError";
    this.problem = problem;
    this.source = source;
    this.start = start;
    this.end = Math.max(start + 1, end ?? start + 1);
  }
}

const WORD = "\\p{L}\\p{N}_";
const SPACE = "[ \\t\\r\\n\\u00a0]";
const QUOTED = '`(?:[^`]|``)*`|"(?:[^"]|"")*"';
/** @type {[string, string][]} */
const PATTERNS = [
  ["space", `${SPACE}+`],
  ["open", "\\("],
  ["close", "\\)"],
  ["comma", ","],
  ["operator", "<=|>=|!=|<>|==|=|<|>"],
  ["now", `[nN][oO][wW](?:${SPACE}*[-+]${SPACE}*[0-9]+(?:\\.[0-9]+)?[smhdw])?(?![${WORD}./\\-])`],
  [
    "number",
    `[+\\-]?(?:[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN])(?![${WORD}./\\-])` +
      `|[+\\-]?\\.?[0-9](?:[eE][+\\-]|[${WORD}.])*`,
  ],
  ["hash", `#[0-9]+(?![${WORD}])`],
  [
    "name",
    `[\\p{L}\\p{Nl}\\p{No}_][${WORD}/\\-]*\\.(?:${QUOTED})(?:\\.[${WORD}]+)?` +
      `|[\\p{L}\\p{Nl}\\p{No}_][${WORD}/.\\-]*|\`(?:[^\`]|\`\`)*\``,
  ],
  ["text", `'(?:[^']|'')*'|"(?:[^"]|"")*"`],
];
const TOKEN = new RegExp(PATTERNS.map(([kind, pattern]) => `(?<${kind}>${pattern})`).join("|"), "uy");

const HINTS = new Map([
  ["'", "This quote is not closed; a quote inside a text is written ''."],
  ['"', 'This quote is not closed; a quote inside a text is written "".'],
  ["`", "This backtick is not closed; a backtick inside a key is written ``."],
  ["&", "'&' is not an operator; write AND."],
  ["|", "'|' is not an operator; write OR."],
  ["!", "'!' is not an operator; write NOT, or != for unequal."],
  ["~", "'~' is not an operator; write LIKE '%text%'."],
  [";", "A filter is one expression; leave out ';'."],
  ["%", "'%' stands only inside quotes, as in LIKE '%text%'; a key with it is written metrics.`a%b`."],
  ["-", "'-' stands only in a number or in `now - 2d` (units s, m, h, d, w)."],
  ["+", "'+' stands only in a number or in `now + 2d` (units s, m, h, d, w)."],
  ["\u2018", "Typographic quotes are not read; write 'text'."],
  ["\u2019", "Typographic quotes are not read; write 'text'."],
  ["\u201c", 'Typographic quotes are not read; write "text".'],
  ["\u201d", 'Typographic quotes are not read; write "text".'],
]);

/**
 * Return a text when it can be read at all: of bounded length, valid Unicode, without NUL.
 *
 * @param {unknown} text
 * @param {string} [what]
 * @returns {string}
 */
export function checkText(text, what = "A filter") {
  if (typeof text !== "string") {
    throw new SearchError(`${what} is a text, but a ${typeof text} was received.`, "", 0);
  }
  const length = text.length > MAX_CHARACTERS ? [...text].length : text.length;
  if (length > MAX_CHARACTERS) {
    const [allowed, received] = [MAX_CHARACTERS, length].map((n) => n.toLocaleString("en-US"));
    const problem = `${what} has at most ${allowed} characters, but ${received} were received.`;
    throw new SearchError(problem, `${oneLine([...text].slice(0, 60).join(""))}…`, 60);
  }
  const bad = /[\0\p{Surrogate}]/u.exec(text);
  if (bad) {
    const code = bad[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    const problem = `The character U+${code} cannot stand in ${what.toLowerCase()}; leave it out.`;
    throw new SearchError(problem, oneLine(text.replace(/\0/g, " ").replace(/\p{Surrogate}/gu, "?")), bad.index);
  }
  return text;
}

/**
 * Return a text with each line break and tab as one space, so that a marker below it points at the right place.
 *
 * @param {string} text
 */
export function oneLine(text) {
  return text.replace(/[\t\r\n\v\f\u0085\u2028\u2029]/g, " ");
}

/**
 * Return a text in quotes, cut when it is long.
 *
 * @param {string} text
 */
export function short(text) {
  const characters = [...text];
  return characters.length <= MAX_SHOWN ? `'${text}'` : `'${characters.slice(0, MAX_SHOWN - 1).join("")}…'`;
}

/**
 * Return what stands between the quotes; a doubled quote is one.
 *
 * @param {string} text
 */
export function unquote(text) {
  const quote = text.charAt(0);
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}

/**
 * Return the tokens of a text, with one of kind "end" after the last.
 *
 * @param {string} text
 * @returns {Token[]}
 */
export function tokenize(text) {
  /** @type {Token[]} */
  const tokens = [];
  let position = 0;
  while (position < text.length) {
    TOKEN.lastIndex = position;
    const match = TOKEN.exec(text);
    if (!match) {
      const character = String.fromCodePoint(text.codePointAt(position) ?? 0);
      throw new SearchError(problemWith(character), oneLine(text), position, position + character.length);
    }
    const kind = Object.entries(match.groups ?? {}).find(([, found]) => found !== undefined)?.[0] ?? "end";
    const end = position + match[0].length;
    if (kind !== "space") tokens.push({ kind, text: match[0], start: position, end });
    position = end;
  }
  tokens.push({ kind: "end", text: "", start: position, end: position });
  return tokens;
}

/** @param {string} character */
function problemWith(character) {
  const known = HINTS.get(character);
  return known ?? `The character ${character} cannot stand here; a key with it is written metrics.\`a${character}b\`.`;
}
