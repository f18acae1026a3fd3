// What the panel says in words.

import { formatCount, plural } from "../kit/format.js";

/** @typedef {import("./news.js").RunFacts} RunFacts */

/** @type {Record<string, string>} */
const STATUS = { RUNNING: "running", FINISHED: "finished", FAILED: "failed", KILLED: "killed", SCHEDULED: "scheduled" };

/** @param {RunFacts} run */
export function statusOf(run) {
  if (run.status !== "FINISHED" || run.stopped === null) return STATUS[run.status] ?? run.status.toLowerCase();
  return run.stopped === "" ? "stopped" : `stopped at step ${formatCount(Number(run.stopped))}`;
}

/**
 * The line over the curves when something is out of the ordinary.
 * @param {RunFacts} run
 * @param {number} points
 * @param {string} farewell what is gone that was behind the page, "" for nothing
 * @returns {{ kind: "bad" | "warning", text: string } | null}
 */
export function bannerOf(run, points, farewell) {
  const kept = `${plural(points, "point")} kept`;
  const at = clock(run.end);
  if (run.died) {
    return { kind: "warning", text: `${run.notebook ? "Kernel" : "Process"} died${at}, run marked killed, ${kept}` };
  }
  if (run.status === "KILLED") return { kind: "warning", text: `Interrupted${at}, ${kept}` };
  if (run.status === "FAILED") return { kind: "bad", text: run.error || `Failed${at}, ${kept}` };
  if (farewell && run.status === "RUNNING") {
    const advice = "%track live, in any notebook, shows what came since.";
    return { kind: "warning", text: `${farewell}; what was logged is kept. ${advice}` };
  }
  return null;
}

/** @param {number | null} time */
function clock(time) {
  if (time === null) return "";
  const then = new Date(time);
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  return ` ${two(then.getHours())}:${two(then.getMinutes())}`;
}
