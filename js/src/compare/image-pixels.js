// The difference of two pictures, pixel by pixel. Pure.

/**
 * @param {Uint8ClampedArray} a red, green, blue, alpha
 * @param {Uint8ClampedArray} b of the same length
 * @param {Uint8ClampedArray} out gets |a − b|, opaque, `gain` times as bright
 * @param {number} gain
 * @returns {{ share: number, most: number }} share of pixels that differ, largest difference of a channel
 */
export function differencePixels(a, b, out, gain) {
  let differing = 0;
  let most = 0;
  for (let i = 0; i < a.length; i += 4) {
    let here = 0;
    for (let c = 0; c < 4; c += 1) {
      const gap = Math.abs((a[i + c] ?? 0) - (b[i + c] ?? 0));
      if (gap > here) here = gap;
      if (c < 3) out[i + c] = gap * gain;
    }
    out[i + 3] = 255;
    if (here > 0) differing += 1;
    if (here > most) most = here;
  }
  return { share: a.length ? (4 * differing) / a.length : 0, most };
}

/**
 * The step of a series to show for a chosen one: that or the last before it, else the first.
 * @param {number[]} steps ascending
 * @param {number} wanted
 * @returns {number | null}
 */
export function stepAt(steps, wanted) {
  let found = null;
  for (const step of steps) if (step <= wanted) found = step;
  return found ?? steps[0] ?? null;
}
