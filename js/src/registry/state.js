// What is known of the registry, what is open, and how it is changed.

import { batch, computed, signal } from "@preact/signals-core";
import { react, trait } from "../kit/model.js";

/**
 * @typedef {object} Brief
 * @property {string} name
 * @property {number} versions
 * @property {Record<string, number>} aliases
 * @property {Record<string, string>} tags
 * @property {string} description
 * @property {string} user
 * @property {number} created milliseconds UTC
 * @property {number} updated
 *
 * @typedef {object} Version
 * @property {number} version
 * @property {string[]} aliases
 * @property {string} stage
 * @property {Record<string, string>} tags
 * @property {string} description
 * @property {string} user
 * @property {number} created
 * @property {string | null} run_id
 * @property {string | null} run
 * @property {(Metric | null)[]} metrics
 *
 * @typedef {{ time: number, user: string, op: string, version: number | null, alias: string | null, stage: string | null,
 *   key: string | null, before: string | null, after: string | null, comment: string, detail: string }} Change
 *
 * @typedef {number | string} Metric one that is not finite is "NaN", "Infinity" or "-Infinity", and is never compared
 *
 * @typedef {object} Open
 * @property {Brief} model
 * @property {{ expression: string, alias: string | null, version: number | null }[]} gates
 * @property {{ key: string, goal: "min" | "max" | null }[]} metrics
 * @property {Version[]} versions newest first
 * @property {Change[]} history newest first
 * @property {{ alias: string, version: number, since: number, until: number | null }[]} holders what aliases pointed at, of each the oldest first
 * @property {Record<string, number>} back alias -> the version to which it can be rolled back
 */

export class RegistryState {
  /** @type {import("@preact/signals-core").Signal<Brief[]>} */
  models = signal([]);
  /** @type {import("@preact/signals-core").Signal<Open | null>} */
  open = signal(null);
  loaded = signal(false);
  problem = signal("");
  /** Versions that are picked to be compared. @type {import("@preact/signals-core").Signal<number[]>} */
  picked = signal([]);
  /** Shown where nobody has chosen; in a notebook that is for its Python to say. */
  #first = signal("");
  #asked = 0;

  /**
   * @param {import("../kit/model.js").Model} model
   * @param {import("../kit/kernel.js").Kernel} kernel
   * @param {AbortSignal} until
   */
  constructor(model, kernel, until) {
    this.kernel = kernel;
    this.asked = trait(model, "model", "", until);
    this.name = computed(() => this.asked.value || this.#first.value);
    this.version = trait(model, "version", 0, until);
    this.height = trait(model, "registry_height", 0, until);
    this.chosen = computed(() => this.open.value?.versions.find((each) => each.version === this.version.value) ?? null);
    react(until, () => {
      const name = this.name.value;
      if (this.loaded.peek() && name !== (this.open.peek()?.model.name ?? "")) void this.#look(name);
    });
  }

  /** Nothing can be changed in a file. */
  get readOnly() {
    return this.kernel.offline;
  }

  /** @param {any} blob UTF-8 JSON of what the kernel keeps up to date */
  take(blob) {
    const bytes = blob instanceof DataView ? new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength) : blob;
    const found = JSON.parse(new TextDecoder().decode(bytes));
    this.problem.value = "";
    if (this.#know(found.models)) return;
    if (found.open && found.open.model.name === this.name.peek()) this.open.value = found.open;
    else void this.#look(this.name.peek());
  }

  /** Ask anew for all that is shown. */
  async reload() {
    try {
      const { content } = await this.kernel.ask({ what: "models" });
      if (this.#know(content.models)) return;
    } catch (cause) {
      this.problem.value = this.why(cause);
      return;
    }
    await this.#look(this.name.peek());
  }

  /** @param {Brief[]} models @returns {boolean} whether another model is looked at now */
  #know(models) {
    const before = this.name.peek();
    batch(() => {
      this.models.value = models;
      this.loaded.value = true;
      if (this.kernel.inNotebook || models.some((model) => model.name === this.#first.peek())) return;
      this.#first.value = models[0]?.name ?? "";
    });
    return this.name.peek() !== before;
  }

  /** Where a page shows this run, and these files of it; null where there are no such pages. @param {string} run @param {string} [path] */
  hrefOf(run, path) {
    if (this.kernel.offline || this.kernel.inNotebook) return null;
    return path === undefined ? `#live?run_id=${run}` : `#artifacts?path=${encodeURIComponent(path)}&run_id=${run}`;
  }

  /** @param {string} name */
  async #look(name) {
    this.#asked += 1;
    const asked = this.#asked;
    if (!this.models.peek().some((model) => model.name === name)) {
      this.open.value = null;
      return;
    }
    try {
      const { content } = await this.kernel.ask({ what: "model", name });
      if (asked === this.#asked) this.open.value = content;
    } catch (cause) {
      if (asked === this.#asked) this.problem.value = this.why(cause);
    }
  }

  /** What went wrong with a question, as a reader can take it. @param {unknown} cause */
  why(cause) {
    return this.kernel.offline ? "This page was made without it." : messageOf(cause);
  }

  /** @param {string} name */
  show(name) {
    this.picked.value = [];
    this.version.value = 0;
    this.asked.value = name;
  }

  /** @param {number} version */
  toggle(version) {
    this.version.value = this.version.peek() === version ? 0 : version;
  }

  /** Open a version that is seen elsewhere than in the table. @param {number} version */
  reveal(version) {
    this.version.value = version;
  }

  /** @param {number} version */
  pick(version) {
    const picked = this.picked.peek();
    this.picked.value = picked.includes(version)
      ? picked.filter((each) => each !== version)
      : [...picked, version].slice(-2);
  }

  /** Show what came while somebody was writing. */
  catchUp() {
    const open = this.open.peek();
    if (open) this.open.value = { ...open };
  }

  unpick() {
    this.picked.value = [];
  }

  /**
   * Change something of the open model; what went wrong is said and returned.
   * @param {{ do: string } & Record<string, any>} change
   * @returns {Promise<string>} "" when it is done
   */
  async change(change) {
    this.problem.value = "";
    try {
      await this.kernel.change({ name: this.name.peek(), ...change });
    } catch (cause) {
      return messageOf(cause);
    }
    await this.reload();
    return "";
  }

  /** Change something, and say at the head of the view what went wrong. @param {{ do: string } & Record<string, any>} change */
  async changeOrSay(change) {
    this.problem.value = await this.change(change);
  }
}

/** @param {unknown} cause */
export function messageOf(cause) {
  return cause instanceof Error ? cause.message : String(cause);
}
