/** A place in the tokens of a text; the twin of nbtrack/search/cursor.py. */

import { oneLine, SearchError, short, tokenize } from "./tokens.js";

/** @typedef {import("./tokens.js").Token} Token */

export class Cursor {
  /** @param {string} source */
  constructor(source) {
    this.source = source;
    this.tokens = tokenize(source);
    this.position = 0;
  }

  /** The next token; the last is of kind "end" and stays. */
  get token() {
    return /** @type {Token} */ (this.tokens[this.position]);
  }

  /** The token before. */
  get previous() {
    return /** @type {Token} */ (this.tokens[this.position - 1]);
  }

  /** Return the token and go past it. */
  next() {
    const { token } = this;
    this.position += 1;
    return token;
  }

  /** Go past a token of this kind; say whether it was one. @param {string} kind */
  take(kind) {
    const taken = this.token.kind === kind;
    this.position += taken ? 1 : 0;
    return taken;
  }

  /** Say whether the token is one of these keywords, given in capitals. @param {string[]} words */
  isWord(...words) {
    return this.token.kind === "name" && words.includes(this.token.text.toUpperCase());
  }

  /** Go past a keyword; say whether it was there. @param {string} word */
  takeWord(word) {
    const taken = this.isWord(word);
    this.position += taken ? 1 : 0;
    return taken;
  }

  /** Name the token in words. */
  found() {
    return this.token.kind === "end" ? "the text ends here" : `found ${short(this.token.text)}`;
  }

  /**
   * Say that a parenthesis is not closed, or what else could stand here.
   *
   * @param {Token} opening
   * @param {string} wanted
   * @returns {never}
   */
  refuseUnclosed(opening, wanted) {
    if (this.token.kind === "end") this.fail("This '(' is not closed; write ')'.", opening);
    return this.fail(`Expected ${wanted}, but ${this.found()}.`);
  }

  /**
   * Throw the error that points at `token`, by default the next one.
   *
   * @param {string} problem
   * @param {Token} [token]
   * @returns {never}
   */
  fail(problem, token = this.token) {
    throw new SearchError(problem, oneLine(this.source), token.start, token.end);
  }
}
