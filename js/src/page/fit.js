// A view alone on a step fills it: its trait for the height, and what stands around the part that the trait means.

/** @type {Record<string, { trait: string, around: number }>} */
const HEIGHTS = {
  "run-table": { trait: "height", around: 84 },
  parallel: { trait: "parallel_height", around: 245 },
  compare: { trait: "compare_height", around: 150 },
  artifacts: { trait: "artifacts_height", around: 6 },
};
const LEAST = 220;

/** The trait that says how high a view is. @param {string} view */
export function heightOf(view) {
  return HEIGHTS[view]?.trait ?? "";
}

/**
 * State that makes a view as high as its place, where nobody asked for another height.
 * @param {import("./stage.js").Placed[]} views
 * @param {number} room pixels
 * @returns {Record<string, any>}
 */
export function fitted(views, room) {
  const [only] = views;
  const height = only && HEIGHTS[only.view];
  if (!height || views.length !== 1 || only.state[height.trait] || room < LEAST) return {};
  return { [height.trait]: Math.max(LEAST, Math.floor(room - height.around)) };
}
