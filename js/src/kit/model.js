// The widget's model as signals: one signal for each trait, both ways.

import { effect, signal } from "@preact/signals-core";

/**
 * What a host hands over; anywidget's model and the static one both fit.
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(name: string, value: any) => void} set
 * @property {() => void} save_changes
 * @property {(name: string, callback: (...args: any[]) => void) => void} on
 * @property {(name: string, callback: (...args: any[]) => void) => void} off
 * @property {(content: any, callbacks?: any, buffers?: any) => void} send
 * @property {boolean} [offline] true when no program is behind the page
 * @property {(question: any) => { content: any, buffers: any[] } | undefined} [answer] answers stored in an exported page
 */

/**
 * @template T
 * @typedef {import("@preact/signals-core").Signal<T>} Signal
 */

const SAVE_DELAY = 60;

/** @type {WeakMap<Model, ReturnType<typeof setTimeout>>} */
const saving = new WeakMap();

/**
 * A signal that follows the trait `name`; writing to it writes the trait and tells the kernel soon after.
 * @template T
 * @param {Model} model
 * @param {string} name
 * @param {T} fallback value when the host has no such trait
 * @param {AbortSignal} until
 * @returns {Signal<T>}
 */
export function trait(model, name, fallback, until) {
  /** @returns {T} */
  const read = () => model.get(name) ?? fallback;
  /** @type {Signal<T>} */
  const value = signal(read());
  listen(
    model,
    `change:${name}`,
    () => {
      const next = read();
      if (!same(next, value.peek())) value.value = next;
    },
    until,
  );
  react(until, () => {
    const next = value.value;
    if (same(next, read())) return;
    model.set(name, next);
    saveSoon(model);
  });
  return value;
}

/**
 * @param {Model} model
 * @param {string} event
 * @param {(...args: any[]) => void} callback
 * @param {AbortSignal} until
 */
export function listen(model, event, callback, until) {
  model.on(event, callback);
  until.addEventListener("abort", () => model.off(event, callback), { once: true });
}

/**
 * Run `reaction` now and whenever a signal that it read changes, until the view goes.
 * @param {AbortSignal} until
 * @param {() => void | (() => void)} reaction
 */
export function react(until, reaction) {
  const stop = effect(reaction);
  until.addEventListener("abort", stop, { once: true });
}

/** @param {Model} model */
function saveSoon(model) {
  clearTimeout(saving.get(model));
  saving.set(
    model,
    setTimeout(() => model.save_changes(), SAVE_DELAY),
  );
}

/**
 * Equal as JSON would be, without depending on the order of an object's keys.
 * @param {unknown} a
 * @param {unknown} b
 * @returns {boolean}
 */
export function same(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => same(/** @type {any} */ (a)[name], /** @type {any} */ (b)[name]));
}
