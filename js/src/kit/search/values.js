/** Reads the values of a comparison as the field wants them; the twin of nbtrack/search/values.py. */

import { oneLine, SearchError, short, unquote } from "./tokens.js";

/**
 * @typedef {import("./tree.js").Field} Field
 * @typedef {import("./tree.js").Value} Value
 * @typedef {import("./tokens.js").Token} Token
 */

/** @type {Record<string, number>} */
const SECONDS_OF_UNIT = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const STATUSES = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];

const NUMBER =
  /^[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN])$/;
const LENGTH = /^([+-]?[0-9]+(?:\.[0-9]+)?)([smhdw])$/;
const NOW = /^[nN][oO][wW](?:[ \t\r\n\u00a0]*([-+])[ \t\r\n\u00a0]*(.*))?$/;
const DATE =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(?:Z|([+-])([0-9]{2}):?([0-9]{2}))?)?$/;

const WANTED = {
  number: "a number",
  seconds: "a number of seconds or a length such as 5m",
  time: "a time such as '2026-11-01' or now - 2d",
  text: "a text in quotes",
  status: "a text in quotes",
  id: "an id",
  param: "a number or a text in quotes",
};

const READERS = { number, seconds, time, text, status, id, param };

/**
 * Return the value of a token as `field` compares it.
 *
 * @param {Token} token
 * @param {Field} field
 * @param {string} source
 * @returns {Value}
 */
export function readValue(token, field, source) {
  if (!["number", "text", "now"].includes(token.kind)) {
    const found = token.kind === "end" ? "the text ends here" : `found ${short(token.text)}`;
    fail(`Expected ${WANTED[field.kind]}, but ${found}${quoteHint(token, field)}.`, token, source);
  }
  return READERS[field.kind](token, field, source);
}

/**
 * Refuse NaN where values are put in order.
 *
 * @param {Value} value
 * @param {Token} token
 * @param {string} source
 */
export function checkOrder(value, token, source) {
  if (Number.isNaN(value)) {
    fail("NaN is neither less nor greater than a number; write = nan or != nan.", token, source);
  }
}

/**
 * Return the number that a literal is.
 *
 * @param {string} literal  without white space or underscores
 */
export function toNumber(literal) {
  const word = /^([+-]?)(inf|nan)/i.exec(literal);
  if (!word) return Number(literal);
  if (word[2]?.toLowerCase() === "nan") return Number.NaN;
  return word[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** @param {Token} token @param {Field} field @param {string} source @returns {number} */
function number(token, field, source) {
  if (token.kind === "number" && NUMBER.test(token.text)) return toNumber(token.text);
  if (token.kind === "text" && NUMBER.test(unquote(token.text))) {
    fail(`${textOf(field)} is a number; write ${unquote(token.text)} without quotes.`, token, source);
  }
  if (LENGTH.test(token.text)) {
    fail(`Only duration compares with a length of time such as ${token.text}.`, token, source);
  }
  return notRead(token, field, source);
}

/** @param {Token} token @param {Field} field @param {string} source @returns {number} */
function seconds(token, field, source) {
  return lengthOf(token.text) ?? number(token, field, source);
}

/** @param {Token} token @param {Field} field @param {string} source @returns {Value} */
function time(token, field, source) {
  if (token.kind === "now") return now(token.text);
  if (token.kind === "text") return date(token, source);
  if (LENGTH.test(token.text)) {
    fail(`${textOf(field)} is a moment; write now - ${token.text.replace(/^[+-]+/, "")}.`, token, source);
  }
  const milliseconds = number(token, field, source);
  return Number.isNaN(milliseconds) ? notRead(token, field, source) : milliseconds;
}

/** @param {Token} token @param {Field} field @param {string} source @returns {string} */
function text(token, field, source) {
  if (token.kind === "text") return unquote(token.text);
  return fail(`${textOf(field)} is a text; write '${token.text}' in quotes.`, token, source);
}

/** @param {Token} token @param {Field} field @param {string} source */
function status(token, field, source) {
  const found = text(token, field, source).toUpperCase();
  if (!STATUSES.includes(found)) fail(`A status is one of ${STATUSES.join(", ")}.`, token, source);
  return found;
}

/** @param {Token} token @param {Field} field @param {string} source @returns {string} */
function id(token, field, source) {
  if (token.kind === "number" && /^[0-9]+$/.test(token.text)) return token.text;
  return token.kind === "text" ? unquote(token.text) : notRead(token, field, source);
}

/** @param {Token} token @param {Field} field @param {string} source */
function param(token, field, source) {
  return token.kind === "text" ? unquote(token.text) : number(token, field, source);
}

/** @param {string} literal  such as 5m; returns seconds */
function lengthOf(literal) {
  const length = LENGTH.exec(literal);
  return length ? Number(length[1]) * (SECONDS_OF_UNIT[length[2] ?? ""] ?? 0) : undefined;
}

/** @param {string} literal */
function now(literal) {
  const match = NOW.exec(literal);
  const offset = (lengthOf(match?.[2] ?? "") ?? 0) * 1000;
  return { offset: match?.[1] === "-" ? -offset : offset };
}

/** @param {Token} token @param {string} source */
function date(token, source) {
  const match = DATE.exec(unquote(token.text));
  const problem = "is not a time; write '2026-11-01', '2026-11-01 12:00' (UTC), milliseconds, or now - 2d.";
  return (match && momentOf(match)) ?? fail(`${short(unquote(token.text))} ${problem}`, token, source);
}

/**
 * Return milliseconds since 1970 in UTC, or undefined when there is no such day or hour.
 *
 * @param {RegExpExecArray} match
 */
function momentOf(match) {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map((x) => Number(x ?? 0));
  const [offsetHours, offsetMinutes] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  const local = new Date(Date.UTC(year, month - 1, day));
  const isDay = year >= 1970 && local.getUTCMonth() === month - 1 && local.getUTCDate() === day;
  const isHour = hour < 24 && minute < 60 && second < 60 && offsetHours < 24 && offsetMinutes < 60;
  if (!isDay || !isHour) return undefined;
  const offset = (offsetHours * 60 + offsetMinutes) * (match[8] === "-" ? -1 : 1);
  const fraction = Number((match[7] ?? "0").padEnd(3, "0").slice(0, 3));
  return local.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1000 + fraction;
}

/** @param {Token} token @param {Field} field */
function quoteHint(token, field) {
  const isPlain = token.kind === "name" && !token.text.startsWith("`");
  const isQuotable = isPlain && ["text", "status", "param", "id"].includes(field.kind);
  return isQuotable ? `; write '${short(token.text).slice(1, -1)}' in quotes` : "";
}

/** @param {Field} field */
function textOf({ place }) {
  return place.source.slice(place.start, place.end);
}

/** @param {Token} token @param {Field} field @param {string} source @returns {never} */
function notRead(token, field, source) {
  return fail(`Expected ${WANTED[field.kind]}, but found ${short(token.text)}.`, token, source);
}

/** @param {string} problem @param {Token} token @param {string} source @returns {never} */
function fail(problem, token, source) {
  throw new SearchError(problem, oneLine(source), token.start, token.end);
}
