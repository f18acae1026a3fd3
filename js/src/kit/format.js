// Numbers, durations and times as a reader wants them. Spaces inside a value are narrow and never break.

const THIN = "\u202f";
const MINUS = "−";
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * One format for a whole column, so that its decimal points stand under each other: four significant digits of the
 * largest value, up to two more for the smallest, and scientific notation for single values that would vanish.
 * @param {number} min
 * @param {number} max
 * @param {boolean} whole whether all values are whole numbers
 * @returns {(value: number) => string}
 */
export function numberFormat(min, max, whole) {
  const largest = Math.max(Math.abs(min), Math.abs(max));
  if (whole && largest < 1e15) return (value) => special(value) ?? grouped(value, 0);
  if (!Number.isFinite(largest) || largest === 0) return formatNumber;
  if (largest >= 1e7 || largest < 1e-4) return (value) => special(value) ?? scientific(value, 3);
  const enough = Math.max(0, 4 - Math.ceil(Math.log10(largest)));
  const wanted = min > 0 ? 2 - Math.floor(Math.log10(min)) : 0;
  const decimals = Math.min(7, Math.max(enough, Math.min(enough + 2, wanted)));
  // 0.0001 has one digit left with four decimals: below half of that, a value would read 0.0000
  const smallest = 0.5 * 10 ** -decimals;
  return (value) => {
    const named = special(value);
    if (named !== null) return named;
    return value !== 0 && Math.abs(value) < smallest ? scientific(value, 1) : grouped(value, decimals);
  };
}

/**
 * A number by itself, with up to five significant digits.
 * @param {number} value
 * @returns {string}
 */
export function formatNumber(value) {
  const named = special(value);
  if (named !== null) return named;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e9 || size < 1e-4) return scientific(value, 3);
  if (Number.isInteger(value)) return grouped(value, 0);
  const decimals = Math.min(8, Math.max(0, 4 - Math.floor(Math.log10(size))));
  const text = grouped(value, decimals);
  return text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
}

/** @param {number} value */
function special(value) {
  if (Number.isNaN(value)) return "NaN";
  if (value === Number.POSITIVE_INFINITY) return "∞";
  if (value === Number.NEGATIVE_INFINITY) return `${MINUS}∞`;
  return null;
}

/**
 * @param {number} value
 * @param {number} digits
 */
function scientific(value, digits) {
  const [mantissa = "", exponent = ""] = value.toExponential(digits).split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return `${short}e${exponent.replace("+", "")}`.replaceAll("-", MINUS);
}

/**
 * @param {number} value
 * @param {number} decimals
 */
function grouped(value, decimals) {
  const [whole = "", rest] = Math.abs(value).toFixed(decimals).split(".");
  const digits = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, THIN) : whole;
  const text = rest === undefined ? digits : `${digits}.${rest}`;
  return value < 0 ? MINUS + text : text;
}

/** @param {number} count */
export function formatCount(count) {
  return Math.abs(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * `0.4 s`, `41 s`, `2 m 03 s`, `1 h 04 m`, `3 d 02 h`
 * @param {number} seconds
 * @returns {string}
 */
export function formatDuration(seconds) {
  if (!Number.isFinite(seconds)) return "";
  const whole = Math.floor(Math.max(0, seconds));
  if (seconds < 0.0995) return `${Math.max(0, Math.round(seconds * 1000))}${THIN}ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)}${THIN}s`;
  if (whole < 60) return `${whole}${THIN}s`;
  const [big, bigUnit, small, smallUnit] =
    whole < 3600
      ? [Math.floor(whole / 60), "m", whole % 60, "s"]
      : whole < 86_400
        ? [Math.floor(whole / 3600), "h", Math.floor((whole % 3600) / 60), "m"]
        : [Math.floor(whole / 86_400), "d", Math.floor((whole % 86_400) / 3600), "h"];
  return `${big}${THIN}${bigUnit} ${String(small).padStart(2, "0")}${THIN}${smallUnit}`.replace(" ", "\u00a0");
}

/**
 * How long ago; a date once it is more than a week.
 * @param {number} time milliseconds
 * @param {number} now milliseconds
 * @returns {string}
 */
export function formatRelative(time, now) {
  const ago = now - time;
  if (ago < -MINUTE) return formatDate(time);
  if (ago < 10 * SECOND) return "just now";
  if (ago < MINUTE) return `${Math.floor(ago / SECOND)}${THIN}s ago`;
  if (ago < HOUR) return `${Math.floor(ago / MINUTE)}${THIN}min ago`;
  if (ago < DAY) return `${Math.floor(ago / HOUR)}${THIN}h ago`;
  if (ago < 7 * DAY) return `${Math.floor(ago / DAY)}${THIN}d ago`;
  const then = new Date(time);
  const day = `${then.getDate()}${THIN}${MONTHS[then.getMonth()]}`;
  return then.getFullYear() === new Date(now).getFullYear() ? day : `${day} ${then.getFullYear()}`;
}

/**
 * `2026-11-23 06:24:11` in the reader's own time zone.
 * @param {number} time milliseconds
 * @returns {string}
 */
export function formatDate(time) {
  const then = new Date(time);
  if (Number.isNaN(then.getTime())) return "";
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  const date = `${then.getFullYear()}-${two(then.getMonth() + 1)}-${two(then.getDate())}`;
  return `${date} ${two(then.getHours())}:${two(then.getMinutes())}:${two(then.getSeconds())}`;
}

/**
 * @param {number} count
 * @param {string} noun
 * @param {string} [nouns]
 */
export function plural(count, noun, nouns = `${noun}s`) {
  return `${formatCount(count)} ${count === 1 ? noun : nouns}`;
}
