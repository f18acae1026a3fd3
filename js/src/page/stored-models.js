// How two versions of a model differ, put together from what is stored of each.

/**
 * @typedef {import("./answers.js").Stored} Stored
 * @typedef {[string, number | string | null, "min" | "max" | null]} Metric
 */

/**
 * @param {Stored[]} stored answers to `model-version`
 * @returns {(question: any) => import("../kit/kernel.js").Answer | undefined}
 */
export function movesFrom(stored) {
  const versions = new Map(stored.map(({ question, content }) => [keyOf(question.name, question.version), content]));
  return ({ name, version, to }) => {
    const [before, after] = [versions.get(keyOf(name, to)), versions.get(keyOf(name, version))];
    if (!before || !after) return undefined;
    const content = { ok: true, version, before: to, alias: "", verdicts: [], ...differencesOf(before, after) };
    return { content, buffers: [] };
  };
}

/** @param {{ metrics: Metric[], params: [string, string][] }} before @param {{ metrics: Metric[], params: [string, string][] }} after */
function differencesOf(before, after) {
  const [metricsBefore, metricsAfter] = [before, after].map(
    ({ metrics }) => new Map(metrics.map((each) => [each[0], each])),
  );
  const [paramsBefore, paramsAfter] = [before, after].map(({ params }) => new Map(params));
  const metrics = [...new Set([...after.metrics, ...before.metrics].map(([key]) => key))].map((key) => {
    const [one, two] = [metricsBefore?.get(key), metricsAfter?.get(key)];
    const values = { key, before: one?.[1] ?? null, after: two?.[1] ?? null };
    return { ...values, better: isBetter(values.before, values.after, two?.[2] ?? one?.[2] ?? null) };
  });
  const params = [...new Set([...after.params, ...before.params].map(([key]) => key))]
    .sort()
    .map((key) => ({ key, before: paramsBefore?.get(key) ?? null, after: paramsAfter?.get(key) ?? null }));
  return { metrics: metrics.filter(isOther), params: params.filter(isOther) };
}

/** @param {unknown} before @param {unknown} after @param {"min" | "max" | null} goal */
function isBetter(before, after, goal) {
  if (typeof before !== "number" || typeof after !== "number" || before === after || !goal) return null;
  return after > before === (goal === "max");
}

/** @param {{ before: any, after: any }} row */
function isOther({ before, after }) {
  return before !== after;
}

/** @param {string} name @param {number} version */
function keyOf(name, version) {
  return `${version} ${name}`;
}
