// The way to `nbtrack ui`: messages by POST, what changes over one long GET whose body is frames of parcels.

import { openParcel } from "./parcel.js";

/**
 * @typedef {(message: any, buffers?: any[]) => void} Receive
 */

const FIRST_WAIT = 500; // ms until the first try after the stream broke
const LONGEST_WAIT = 10_000;

export class HttpTransport {
  /** @type {Receive} */
  #receive = () => {};
  /** @type {Promise<string>} */
  #session;
  /** True once this stream has brought runs. */
  #fed = false;
  /** @type {(id: string) => void} */
  #opened = () => {};

  /** @param {{ fetch?: typeof fetch, until?: AbortSignal, signIn?: () => void }} [options] */
  constructor({
    fetch: ask = (...args) => fetch(...args),
    until = new AbortController().signal,
    signIn = () => location.reload(), // what a server shows to whom it does not know is the page to sign in on
  } = {}) {
    this.fetch = ask;
    this.signIn = signIn;
    this.until = until;
    this.#session = this.#newSession();
  }

  /** @param {Receive} receive */
  open(receive) {
    this.#receive = receive;
    this.#follow();
  }

  /**
   * State of the page stays in the page (and its address); the server hears questions and edits.
   * @param {any} message
   */
  async send({ method, content }) {
    const isAllRuns = content?.kind === "need" && content.run === undefined && !content.models;
    if (method !== "custom" || (isAllRuns && !this.#fed)) return; // a stream begins with all runs
    const refuse = (/** @type {string} */ error) =>
      this.#receive({ method: "custom", content: { kind: "answer", id: content.id, ok: false, error } });
    try {
      const body = JSON.stringify({ session: await this.#session, content });
      const headers = { "content-type": "application/json" };
      const reply = await this.fetch("./api/message", { method: "POST", headers, body, signal: this.until });
      if (!reply.ok) return refuse(told((await reply.text()).trim()));
      const answer = openParcel(new Uint8Array(await reply.arrayBuffer()));
      this.#receive({ method: "custom", content: answer.content }, answer.buffers);
    } catch (cause) {
      if (!this.until.aborted) refuse(`nbtrack ui did not answer: ${cause instanceof Error ? cause.message : cause}`);
    }
  }

  #newSession() {
    return new Promise((/** @type {(id: string) => void} */ resolve) => {
      this.#opened = resolve;
    });
  }

  /** Keep a stream open for as long as the page is. */
  async #follow() {
    let wait = FIRST_WAIT;
    while (!this.until.aborted) {
      try {
        const reply = await this.fetch("./api/stream", { signal: this.until });
        if (reply.status === 401) return this.signIn();
        if (reply.status === 403) return this.#receive({ method: "close" }); // another server took the port
        if (!reply.ok || !reply.body) throw new Error(`status ${reply.status}`);
        wait = FIRST_WAIT;
        for await (const bytes of frames(reply.body)) this.#hear(bytes);
      } catch {
        // said below, as a stream that just ends is
      }
      if (this.until.aborted) return;
      this.#receive({ method: "close" });
      this.#session = this.#newSession();
      this.#fed = false;
      await new Promise((resolve) => setTimeout(resolve, wait));
      wait = Math.min(2 * wait, LONGEST_WAIT);
    }
  }

  /** @param {Uint8Array} bytes */
  #hear(bytes) {
    if (!bytes.length) return;
    const { content, buffers } = openParcel(bytes);
    if (content.method === "hello") this.#opened(content.session);
    else {
      this.#fed = true;
      this.#receive(content, buffers);
    }
  }
}

/**
 * Cut a body into what lies behind each `uint32` length.
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<Uint8Array>}
 */
export async function* frames(body) {
  const reader = body.getReader();
  /** @type {Uint8Array[]} */
  let pieces = [];
  let size = 0;
  let wanted = -1; // the length itself
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    pieces.push(value);
    size += value.length;
    while (size >= (wanted < 0 ? 4 : wanted)) {
      const bytes = pieces.length === 1 ? /** @type {Uint8Array} */ (pieces[0]) : joined(pieces, size);
      const length = wanted < 0 ? 4 : wanted;
      const taken = bytes.slice(0, length); // a copy starts at a multiple of 8
      pieces = [bytes.subarray(length)];
      size -= length;
      if (wanted < 0) wanted = new DataView(taken.buffer).getUint32(0, true);
      else {
        wanted = -1;
        yield taken;
      }
    }
  }
}

/** @param {Uint8Array[]} pieces @param {number} size */
function joined(pieces, size) {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** A refusal in words. @param {string} text maybe JSON @returns {string} */
function told(text) {
  try {
    return String(JSON.parse(text).message ?? text);
  } catch {
    return text;
  }
}
