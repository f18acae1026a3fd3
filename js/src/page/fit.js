// A view on a step fills it, two stand side by side: the trait for the height, and what stands around the part that it means.

/** @type {Record<string, { trait: string, around: number }>} */
const HEIGHTS = {
  "run-table": { trait: "height", around: 84 },
  curves: { trait: "curves_height", around: 215 },
  parallel: { trait: "parallel_height", around: 245 },
  compare: { trait: "compare_height", around: 150 },
  artifacts: { trait: "artifacts_height", around: 16 },
  registry: { trait: "registry_height", around: 4 },
};
const LEAST = 220;
const MOST = 2; // views beside one another
const CHARTS = 2; // beside one another

/** The trait that says how high a view is. @param {string} view */
export function heightOf(view) {
  return HEIGHTS[view]?.trait ?? "";
}

/**
 * State that makes views as high as their place, where nobody asked for another height.
 * @param {import("./stage.js").Placed[]} views
 * @param {number} room pixels
 * @returns {Record<string, any>}
 */
export function fitted(views, room) {
  if (views.length > MOST || room < LEAST) return {};
  const heights = views.map(({ view, state }) => {
    const height = HEIGHTS[view];
    if (!height || state[height.trait]) return {};
    const rows = view === "curves" ? Math.ceil((state.metrics?.length || CHARTS) / (views.length > 1 ? 1 : CHARTS)) : 1;
    return { [height.trait]: Math.max(LEAST, Math.floor((room - height.around) / rows)) };
  });
  return Object.assign({}, ...heights);
}
