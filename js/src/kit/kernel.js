// Named questions to the program behind the page, and its answers.

import { signal } from "@preact/signals-core";
import { listen } from "./model.js";

/**
 * @typedef {import("./model.js").Model} Model
 * @typedef {{ content: any, buffers: any[] }} Answer
 * @typedef {{ resolve: (answer: Answer) => void, reject: (cause: Error) => void, timer: any }} Waiting
 */

const TIMEOUT = 20_000;
let lastId = 0;

/** Asks, edits and hears tables. A busy kernel answers when its cell ends, so a late answer is still taken. */
export class Kernel {
  /**
   * @param {Model} model
   * @param {AbortSignal} until
   */
  constructor(model, until) {
    this.model = model;
    /** True once the kernel has closed its end; any later message clears it. */
    this.gone = signal(false);
    /** @type {Map<number, Waiting>} */
    this.waiting = new Map();
    /** @type {(blob: any) => void} */
    this.onData = () => {};
    listen(model, "msg:custom", (message, buffers) => this.#hear(message, buffers ?? []), until);
    for (const event of ["comm:close", "comm_live_update"]) {
      listen(model, event, () => this.#lost(), until);
    }
    until.addEventListener("abort", () => this.#drop("the view was closed"), { once: true });
  }

  /** True when nobody can answer: an exported page. */
  get offline() {
    return this.model.offline === true;
  }

  /** True when cells can be run and added: not in a file, nor in `nbtrack ui`. */
  get inNotebook() {
    return !this.offline && this.model.get("_host") !== "ui";
  }

  /** How a view begins to say that `gone` is true. */
  get farewell() {
    return this.inNotebook ? "The kernel is gone" : "nbtrack ui has ended";
  }

  /** True when a question can have an answer: of a program, or of what is stored in the page. */
  get answers() {
    return !this.offline || this.model.answer !== undefined;
  }

  needData() {
    this.model.send({ kind: "need", bundle: false, data: true });
  }

  /**
   * An exported page answers from what was stored in it.
   * @param {Record<string, any>} question
   * @param {number} [timeout] milliseconds
   * @returns {Promise<Answer>}
   */
  ask(question, timeout = TIMEOUT) {
    const stored = this.offline ? this.model.answer?.(question) : undefined;
    if (stored) return Promise.resolve(stored);
    return this.#send({ kind: "ask", ...question }, timeout);
  }

  /**
   * An edit has no time limit: a kernel that runs a long cell takes it afterwards.
   * @param {{ op: string, runs: string[], key?: string | null, value?: any }} edit
   * @returns {Promise<Answer>}
   */
  edit({ op, runs, key = null, value = null }) {
    return this.#send({ kind: "edit", op, runs, key, value }, 0);
  }

  /**
   * Change something of a registered model: which alias, tag or text, as `nbtrack.views.model_edits` knows it.
   * @param {{ do: string, name: string } & Record<string, any>} change
   * @returns {Promise<Answer>}
   */
  change(change) {
    return this.#send({ kind: "edit", op: "registry", ...change }, 0);
  }

  /**
   * Ask something of a run that goes on. The order has a name of its own: a busy kernel may hear it twice.
   * @param {{ do: string, key?: string | null, value?: any }} order
   * @returns {Promise<Answer>}
   */
  order({ do: what, key = null, value = null }) {
    const order = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
    return this.#send({ kind: "order", order, do: what, key, value }, 0);
  }

  /**
   * @param {Record<string, any>} message
   * @param {number} timeout 0 for none
   * @returns {Promise<Answer>}
   */
  #send(message, timeout) {
    if (this.offline) return Promise.reject(new Error("this page has no kernel behind it"));
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      const give = () => this.#settle(id)?.reject(new Error("the kernel did not answer"));
      this.waiting.set(id, { resolve, reject, timer: timeout ? setTimeout(give, timeout) : null });
      this.model.send({ ...message, id });
    });
  }

  /** @param {number} id */
  #settle(id) {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (waiting) clearTimeout(waiting.timer);
    return waiting;
  }

  /**
   * @param {any} message
   * @param {any[]} buffers
   */
  #hear(message, buffers) {
    this.gone.value = false;
    if (message?.kind === "data" && buffers[0]) this.onData(buffers[0]);
    if (message?.kind !== "answer") return;
    const waiting = this.#settle(message.id);
    if (message.ok === false) waiting?.reject(new Error(message.error || "the kernel refused"));
    else waiting?.resolve({ content: message, buffers });
  }

  #lost() {
    this.gone.value = true;
    this.#drop("the kernel is gone");
  }

  /** @param {string} why */
  #drop(why) {
    for (const id of [...this.waiting.keys()]) this.#settle(id)?.reject(new Error(why));
  }
}
