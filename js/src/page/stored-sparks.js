// Small curves of a table in an exported page: one matrix a metric is stored, rows of it are handed out.

/** @typedef {import("./answers.js").Stored} Stored */

/**
 * @param {Stored[]} stored one a metric, each with the outlines of all runs
 * @returns {(question: Record<string, any>) => import("../kit/kernel.js").Answer | undefined}
 */
export function sparksFrom(stored) {
  const metrics = new Map(stored.map((each) => [each.question.key, matrixOf(each)]));
  return ({ runs, key }) => {
    const metric = metrics.get(key);
    if (!metric) return undefined;
    const { rows, values, points } = metric;
    const matrix = new Float32Array(runs.length * points).fill(Number.NaN);
    for (const [i, run] of runs.entries()) {
      const row = rows.get(run);
      if (row !== undefined) matrix.set(values.subarray(row * points, (row + 1) * points), i * points);
    }
    return { content: { ok: true, runs, key, points }, buffers: [matrix.buffer] };
  };
}

/** @param {Stored} stored */
function matrixOf({ question, buffers: [buffer] }) {
  /** @type {Map<string, number>} */
  const rows = new Map(question.runs.map((/** @type {string} */ run, /** @type {number} */ row) => [run, row]));
  const values = new Float32Array(buffer.buffer, buffer.byteOffset, buffer.byteLength >> 2);
  return { rows, values, points: question.points };
}
