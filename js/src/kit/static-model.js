// A model without Jupyter: state from JSON, and a transport when there is a server. Same interface as anywidget's.

/**
 * @typedef {object} Transport
 * @property {(message: any, buffers?: any) => void} send
 * @property {(receive: (message: any, buffers?: any[]) => void) => void} open called once with the function that takes messages
 */

/**
 * Messages are `{method: "update", state}` and `{method: "custom", content}`, as in Jupyter's widget protocol; a
 * transport that has lost its other end says `{method: "close"}`.
 */
export class StaticModel {
  /** @type {Map<string, Set<(...args: any[]) => void>>} */
  #listeners = new Map();
  /** @type {Record<string, any>} */
  #unsaved = {};

  /**
   * @param {Record<string, any>} state
   * @param {Transport | null} [transport] null: an exported page, nobody answers
   */
  constructor(state, transport = null) {
    this.state = { ...state };
    this.transport = transport;
    this.offline = transport === null;
    transport?.open((message, buffers) => this.receive(message, buffers ?? []));
  }

  /** @param {string} name */
  get(name) {
    return this.state[name];
  }

  /** @param {string} name @param {any} value */
  set(name, value) {
    if (Object.is(this.state[name], value)) return;
    this.state[name] = value;
    this.#unsaved[name] = value;
    this.#emit(`change:${name}`);
  }

  save_changes() {
    const state = this.#unsaved;
    this.#unsaved = {};
    if (Object.keys(state).length) this.transport?.send({ method: "update", state });
  }

  /** @param {string} name @param {(...args: any[]) => void} callback */
  on(name, callback) {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(callback));
  }

  /** @param {string} name @param {(...args: any[]) => void} callback */
  off(name, callback) {
    this.#listeners.get(name)?.delete(callback);
  }

  /** @param {any} content @param {any} [_callbacks] @param {any} [buffers] */
  send(content, _callbacks, buffers) {
    this.transport?.send({ method: "custom", content }, buffers);
  }

  /** What the other end says. @param {any} message @param {any[]} buffers */
  receive(message, buffers) {
    if (message.method === "custom") {
      this.#emit("msg:custom", message.content, buffers);
      return;
    }
    if (message.method === "close") this.#emit("comm:close");
    for (const [name, value] of Object.entries(message.state ?? {})) {
      this.state[name] = value;
      this.#emit(`change:${name}`);
    }
  }

  /** @param {string} name @param {...any} args */
  #emit(name, ...args) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(...args);
  }
}
