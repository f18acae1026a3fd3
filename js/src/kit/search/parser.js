/** Reads filters and order_by into trees; the twin of nbtrack/search/parser.py, which has the grammar. */

import { readTest } from "./comparison.js";
import { Cursor } from "./cursor.js";
import { readField, SUBJECTS } from "./fields.js";
import { checkText, SearchError } from "./tokens.js";

/**
 * @typedef {import("./tree.js").Node} Node
 * @typedef {import("./tree.js").OrderTerm} OrderTerm
 * @typedef {import("./tree.js").SubjectName} SubjectName
 * @typedef {import("./tokens.js").Token} Token
 */

const MAX_TERMS = 200;
const MAX_DEPTH = 50;
const MAX_ORDER_TERMS = 20;

/**
 * Return the tree of a filter, or null when it is empty.
 *
 * @param {string | null | undefined} text
 * @param {SubjectName} [subject]
 * @returns {Node | null}
 * @throws {SearchError} points at the place and says what to write
 */
export function parseFilter(text, subject = "run") {
  if (text === null || text === undefined) return null;
  return new Parser(checkText(text), subject).filter();
}

/**
 * Return what to sort by, most important first.
 *
 * @param {string | readonly string[] | null | undefined} terms  such as ["metrics.loss.min DESC", "start_time"]
 * @param {SubjectName} [subject]
 * @returns {OrderTerm[]}
 * @throws {SearchError}
 */
export function parseOrderBy(terms, subject = "run") {
  const texts = typeof terms === "string" ? [terms] : (terms ?? []);
  if (texts.length > MAX_ORDER_TERMS) {
    throw new SearchError(`order_by has at most ${MAX_ORDER_TERMS} terms, not ${texts.length}.`, "", 0);
  }
  /** @type {OrderTerm[]} */
  const read = [];
  for (const text of texts) {
    const term = new Parser(checkText(text, "An order_by"), subject).orderTerm();
    const { entity, key, stat, place } = term.field;
    if (read.some(({ field }) => field.entity === entity && field.key === key && field.stat === stat)) {
      const shown = place.source.slice(place.start, place.end);
      throw new SearchError(`${shown} is in order_by twice; leave one out.`, place.source, place.start, place.end);
    }
    read.push(term);
  }
  return read;
}

/** Recursive descent: one method a rule. */
class Parser extends Cursor {
  /** @param {string} source @param {SubjectName} subject */
  constructor(source, subject) {
    super(source);
    this.subject = SUBJECTS[subject];
    this.nTerms = 0;
    this.depth = 0;
  }

  /** `filter = [ or_expr ] end` */
  filter() {
    if (this.token.kind === "end") return null;
    const node = this.orExpr();
    if (this.token.kind !== "end") this.refuseRest();
    return node;
  }

  /** `or_expr = and_expr { OR and_expr }` @returns {Node} */
  orExpr() {
    return this.chain("OR", "or", () => this.andExpr());
  }

  /** `and_expr = not_expr { AND not_expr }` @returns {Node} */
  andExpr() {
    return this.chain("AND", "and", () => this.notExpr());
  }

  /**
   * Read a rule once or more, with `word` in between.
   *
   * @param {string} word
   * @param {"and" | "or"} type
   * @param {() => Node} rule
   * @returns {Node}
   */
  chain(word, type, rule) {
    const first = rule();
    const terms = [first];
    while (this.takeWord(word)) terms.push(rule());
    return terms.length === 1 ? first : { type, terms };
  }

  /** `not_expr = NOT not_expr | "(" or_expr ")" | comparison` @returns {Node} */
  notExpr() {
    const opening = this.token;
    /** @type {Node} */
    let node;
    if (this.takeWord("NOT")) {
      this.goDeeper(opening);
      node = { type: "not", term: this.notExpr() };
    } else if (this.take("open")) {
      this.goDeeper(opening);
      node = this.orExpr();
      if (!this.take("close")) this.refuseUnclosed(opening, "AND, OR or ')'");
    } else {
      return this.comparison();
    }
    this.depth -= 1;
    return node;
  }

  /** `comparison = "#" digits | field test` @returns {Node} */
  comparison() {
    this.nTerms += 1;
    if (this.nTerms > MAX_TERMS) {
      this.fail(`A filter has at most ${MAX_TERMS} comparisons; use IN (…) for many values.`);
    }
    const { token } = this;
    if (this.subject.name === "run" && this.take("hash")) {
      const field = readField({ ...token, kind: "name", text: "number" }, this.source, this.subject);
      return { type: "comparison", field, operator: "=", values: [Number(token.text.slice(1))] };
    }
    return readTest(this, this.field());
  }

  /** `field = entity "." key [ "." statistic ] | attribute` */
  field() {
    const { token } = this;
    const isName = ["name", "text"].includes(token.kind) && !token.text.startsWith("'");
    if (!isName || this.isWord("AND", "OR", "IN", "IS", "NOT")) {
      const isValue = ["number", "text"].includes(token.kind);
      const hint = isValue ? "; the field stands on the left, as in metrics.loss < 0.5" : "";
      this.fail(`Expected a field such as metrics.loss, but ${this.found()}${hint}.`);
    }
    this.position += 1;
    return readField(token, this.source, this.subject);
  }

  /** `order_by = field [ ASC | DESC ]` @returns {OrderTerm} */
  orderTerm() {
    const field = this.field();
    if (field.entity === "datasets") {
      this.fail("A run may use several datasets, which gives no order; sort by a metric, param or tag.", this.previous);
    }
    const descending = this.takeWord("DESC");
    if (!descending) this.takeWord("ASC");
    if (this.token.kind === "comma") {
      this.fail("Each order_by term is a text of its own, as in ['metrics.loss ASC', 'start_time DESC'].");
    }
    if (this.token.kind !== "end") this.fail(`Expected ASC, DESC or the end, but ${this.found()}.`);
    return { field, descending };
  }

  /** @param {Token} opening */
  goDeeper(opening) {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) this.fail(`Parentheses and NOT go at most ${MAX_DEPTH} levels deep.`, opening);
  }

  /** @returns {never} */
  refuseRest() {
    if (this.token.kind === "close") this.fail("This ')' closes nothing; leave it out or open it before.");
    const opens = ["name", "hash", "open", "text"].includes(this.token.kind);
    const hint = opens && !this.isWord("IN", "IS", "LIKE", "ILIKE") ? "; write AND between two comparisons" : "";
    return this.fail(`Expected AND, OR or the end, but ${this.found()}${hint}.`);
  }
}
