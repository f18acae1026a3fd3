// Moving averages, as TensorBoard computes them.

/**
 * Exponential moving average without the pull towards 0 at the start: each value is divided by the weight seen so far.
 * Values that are no numbers are left as they are and do not disturb those after them.
 * @param {Float64Array} values
 * @param {number} weight of the past, 0 to below 1
 * @returns {Float64Array}
 */
export function smooth(values, weight) {
  const out = new Float64Array(values.length);
  let last = 0;
  let seen = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = /** @type {number} */ (values[i]);
    if (!Number.isFinite(value)) {
      out[i] = value;
      continue;
    }
    last = last * weight + (1 - weight) * value;
    seen = seen * weight + (1 - weight);
    out[i] = last / seen;
  }
  return out;
}
