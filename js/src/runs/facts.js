// What a column holds, said in a few numbers; computed once per merge.

/**
 * @typedef {import("../kit/run-store.js").RunStore} RunStore
 *
 * @typedef {object} Fact
 * @property {number} present number of runs with a value
 * @property {number} min of finite values
 * @property {number} max of finite values
 * @property {boolean} whole all numbers are whole
 * @property {boolean} numeric text that reads as numbers all through
 * @property {boolean} single all runs that have a value have the same
 * @property {boolean} constant every run has the same value
 * @property {string | number | null} value the value of a constant column
 */

const NUMBER = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i;

/**
 * A text as a number, as people write them in params; null when it is none.
 * @param {string | undefined} text
 * @returns {number | null}
 */
export function toNumber(text) {
  return text !== undefined && NUMBER.test(text) ? Number(text) : null;
}

export class Facts {
  /** @type {Map<string, Fact>} */
  #known = new Map();
  #revision = -1;

  /** @param {RunStore} store */
  constructor(store) {
    this.store = store;
  }

  /**
   * @param {string} columnId
   * @returns {Fact}
   */
  of(columnId) {
    const revision = this.store.revision.peek();
    if (revision !== this.#revision) {
      this.#known.clear();
      this.#revision = revision;
    }
    let fact = this.#known.get(columnId);
    if (!fact) {
      fact = gather(this.store, columnId);
      this.#known.set(columnId, fact);
    }
    return fact;
  }
}

/**
 * @param {RunStore} store
 * @param {string} columnId
 * @returns {Fact}
 */
function gather(store, columnId) {
  const column = store.column(columnId);
  /** @type {Fact} */
  const fact = {
    present: 0,
    min: Infinity,
    max: -Infinity,
    whole: true,
    numeric: false,
    single: false,
    constant: false,
    value: null,
  };
  if (!column) return fact;
  if (column.type === "dict") {
    const used = new Uint8Array(column.values.length);
    for (let row = 0; row < store.size; row += 1) {
      const code = column.codes[row] ?? -1;
      if (code < 0) continue;
      fact.present += 1;
      used[code] = 1;
    }
    let distinct = 0;
    fact.numeric = fact.present > 0;
    for (let code = 0; code < used.length; code += 1) {
      if (!used[code]) continue;
      distinct += 1;
      fact.value = column.values[code] ?? null;
      const number = fact.numeric ? toNumber(column.values[code]) : null;
      if (number === null) fact.numeric = false;
      else spread(fact, number);
    }
    fact.single = distinct === 1;
    fact.constant = fact.single && fact.present === store.size;
    return fact;
  }
  let first = Number.NaN;
  let same = true;
  for (let row = 0; row < store.size; row += 1) {
    if (!column.valid[row]) continue;
    const value = /** @type {number} */ (column.numbers[row]);
    if (fact.present === 0) first = value;
    else if (!Object.is(value, first)) same = false;
    fact.present += 1;
    spread(fact, value);
  }
  fact.numeric = true;
  fact.single = same && fact.present > 0;
  fact.constant = fact.single && fact.present === store.size;
  fact.value = fact.constant ? first : null;
  return fact;
}

/**
 * @param {Fact} fact
 * @param {number} value
 */
function spread(fact, value) {
  if (!Number.isFinite(value)) return;
  if (value < fact.min) fact.min = value;
  if (value > fact.max) fact.max = value;
  if (fact.whole && !Number.isInteger(value)) fact.whole = false;
}
