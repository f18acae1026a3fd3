// How long a run takes, and will take.

/** @typedef {import("./news.js").RunFacts} RunFacts */

/**
 * Seconds since the run began; of one that has ended, its duration.
 * @param {RunFacts} run
 * @param {number} now milliseconds, by the kernel's clock
 */
export function elapsed(run, now) {
  if (run.status !== "RUNNING" && run.duration !== null) return run.duration;
  return Math.max(0, (now - run.start) / 1000);
}

/**
 * @param {RunFacts} run
 * @param {number} now milliseconds, by the kernel's clock
 * @returns {{ share: number | null, text: string, left: number | null }} left: seconds until it is done
 */
export function progressOf(run, now) {
  const { progress } = run;
  if (!progress) return { share: null, text: "", left: null };
  const { done, total, first, since, unit } = progress;
  const place = unit ? `${unit} ` : "";
  if (!total) return { share: null, text: `${place}${number(done)}`, left: null };
  const share = Math.min(1, Math.max(0, done / total));
  const text = `${place}${number(done)} of ${number(total)}`;
  const seconds = (now - (since ?? run.start)) / 1000;
  const rate = (done - first) / seconds;
  const left = run.status === "RUNNING" && rate > 0 && seconds > 1 && share < 1 ? (total - done) / rate : null;
  return { share, text, left };
}

/** @param {number} value */
function number(value) {
  return (Number.isInteger(value) ? value : Number(value.toPrecision(4))).toLocaleString("en");
}
