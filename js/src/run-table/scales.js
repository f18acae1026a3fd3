// The range of a column over the runs on view: for bars, heat and the mark on the best value.

/**
 * @typedef {import("./state.js").TableState} TableState
 * @typedef {{ min: number, max: number, best: number | null }} Scale `best` null when no direction is known
 */

export class Scales {
  /** @type {Map<string, Scale>} */
  #known = new Map();
  /** @type {Int32Array | null} */
  #rows = null;

  /** @param {TableState} state */
  constructor(state) {
    this.state = state;
  }

  /**
   * @param {import("../runs/catalog.js").Field} field a metric
   * @returns {Scale}
   */
  of(field) {
    const rows = this.state.matched.value;
    if (rows !== this.#rows) {
      this.#known.clear();
      this.#rows = rows;
    }
    const source = this.state.sourceOf(field);
    const { goal } = this.state.goalOf(field.key);
    const key = `${source} ${goal}`;
    let scale = this.#known.get(key);
    if (!scale) {
      const { min, max, count } = this.#range(source, rows);
      scale = { min, max, best: goal === null || count < 2 ? null : goal === "max" ? max : min };
      this.#known.set(key, scale);
    }
    return scale;
  }

  /**
   * @param {string} source
   * @param {Int32Array} rows
   */
  #range(source, rows) {
    const column = this.state.store.column(source);
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    let count = 0;
    if (column && column.type !== "dict") {
      for (const row of rows) {
        if (!column.valid[row]) continue;
        const value = /** @type {number} */ (column.numbers[row]);
        if (!Number.isFinite(value)) continue;
        count += 1;
        if (value < min) min = value;
        if (value > max) max = value;
      }
    }
    return { min, max, count };
  }
}

/**
 * Place of a value between 0 and 1; 1 is the better end.
 * @param {number} value
 * @param {Scale} scale
 * @param {"min" | "max" | null} goal
 */
export function share(value, { min, max }, goal) {
  if (!Number.isFinite(value) || max <= min) return 0;
  const part = (value - min) / (max - min);
  return goal === "min" ? 1 - part : part;
}
