// Answers to questions where nobody can be asked: what was computed at export, found again or put together anew.

import { StoredCompare } from "./stored-compare.js";
import { curvesFrom } from "./stored-curves.js";
import { movesFrom } from "./stored-models.js";
import { sparksFrom } from "./stored-sparks.js";

/**
 * @typedef {import("../kit/kernel.js").Answer} Answer
 * @typedef {Record<string, any>} Question
 * @typedef {{ question: Question, content: any, buffers: any[] }} Stored
 * @typedef {(stored: Stored[]) => (question: Question) => Answer | undefined} Composer
 */

/** Questions whose answer is put together from parts of stored ones. @type {Record<string, Composer>} */
const COMPOSERS = { sparks: sparksFrom, curves: curvesFrom };

export class Answers {
  /** @type {Map<string, Stored>} */
  #exact = new Map();
  /** @type {Map<string, (question: Question) => Answer | undefined>} */
  #composed = new Map();

  /**
   * @param {Stored[]} stored
   * @param {Uint8Array} [runs] the table of all runs
   */
  constructor(stored, runs = new Uint8Array()) {
    for (const each of stored) this.#exact.set(canonical(each.question), each);
    for (const [what, compose] of Object.entries(COMPOSERS)) {
      this.#composed.set(what, compose(stored.filter(({ question }) => question.what === what)));
    }
    this.#composed.set("model-move", movesFrom(stored.filter(({ question }) => question.what === "model-version")));
    const compared = new StoredCompare(stored, runs);
    for (const what of ["compare", "compare_sentence"]) this.#composed.set(what, (asked) => compared.answer(asked));
  }

  /** The questions of one name that were answered beforehand. @param {string} what @returns {Question[]} */
  questions(what) {
    return [...this.#exact.values()].map(({ question }) => question).filter((question) => question.what === what);
  }

  /**
   * @param {Question} question
   * @returns {Answer | undefined} undefined: this was not stored
   */
  answer(question) {
    const exact = this.#exact.get(canonical(question));
    if (exact) return { content: { ok: true, ...exact.content }, buffers: exact.buffers };
    return this.#composed.get(question.what)?.(question);
  }
}

/**
 * A parcel whose content is `{ entries: [{ question, content, buffers: <how many> }] }`, the buffers one after another.
 * @param {import("./parcel.js").Parcel} parcel
 * @returns {Stored[]}
 */
export function storedAnswers({ content, buffers }) {
  let at = 0;
  return content.entries.map((/** @type {any} */ entry) => {
    const own = buffers.slice(at, at + entry.buffers);
    at += entry.buffers;
    return { question: entry.question, content: entry.content, buffers: own };
  });
}

/**
 * A question as a key: the order of its fields does not matter, nor does a field that is null.
 * @param {any} value
 * @returns {string}
 */
export function canonical(value) {
  return JSON.stringify(value, (_, part) =>
    part && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(
          Object.entries(part)
            .filter(([, each]) => each !== null && each !== undefined)
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : part,
  );
}
