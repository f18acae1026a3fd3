// uPlot draws axes, cursor and zoom here; lines are ours and so are the marks of time. What it has for bars, steps, splines and dates
// cannot be dropped by a bundler, because it hangs on one function: those lines are taken out before. A new version of uPlot in which
// one of them reads differently ends the build.

/** What stands in uPlot.esm.js, and what stands there instead. @type {[string, string][]} */
const CUTS = [
  ["uPlot.join = join;", ""],
  ["uPlot.fmtDate = fmtDate;", ""],
  ["uPlot.tzDate  = tzDate;", ""],
  ["uPlot.addGap = addGap;", ""],
  ["(paths.stepped = stepped);", ""],
  ["(paths.bars    = bars);", ""],
  ["(paths.spline  = monotoneCubic);", ""],
  [
    "[ timeIncrsMs, _timeAxisStampsMs, timeAxisSplitsMs ] = genTimeStuffs(1);",
    "timeIncrsMs = [], _timeAxisStampsMs = [], timeAxisSplitsMs = noop;",
  ],
  [
    "[ timeIncrsS,  _timeAxisStampsS,  timeAxisSplitsS  ] = genTimeStuffs(1e-3);",
    "timeIncrsS = [], _timeAxisStampsS = [], timeAxisSplitsS = noop;",
  ],
  ["const localTz = new Intl.DateTimeFormat().resolvedOptions().timeZone;", "const localTz = undefined;"],
  ["(opts.fmtDate || fmtDate)", "(opts.fmtDate || noop)"],
  ["let stamp = fmtDate(dateTpl);", "let stamp = noop;"],
];

/** @param {string} source */
export function trimmed(source) {
  let text = source;
  for (const [from, to] of CUTS) {
    const parts = text.split(from);
    if (parts.length !== 2)
      throw new Error(`uPlot has ${JSON.stringify(from)} ${parts.length - 1} times; look at js/trim-uplot.mjs`);
    text = parts.join(to);
  }
  return text;
}
