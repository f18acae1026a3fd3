// Curves of an exported page, put together from stored ones.

/** @typedef {import("./answers.js").Stored} Stored */

/**
 * @param {Stored[]} _stored
 * @returns {(question: Record<string, any>) => import("../kit/kernel.js").Answer | undefined}
 */
export function curvesFrom(_stored) {
  return () => undefined;
}
