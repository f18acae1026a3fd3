// One stream for several models. Tables of runs go to the views of runs; a comparison and a list of files are asked for
// again when runs changed.

/**
 * @typedef {import("../kit/static-model.js").Transport} Transport
 * @typedef {(message: any, buffers?: any[]) => void} Receive
 * @typedef {{ page: string, receive: Receive, state: () => Record<string, any> }} Line
 */

const AGAIN = 1000; // ms between two looks at the same comparison while runs go on
let questions = 0;

export class Channel {
  /** @type {Line[]} */
  #lines = [];
  /** @type {Map<string, number>} question id -> line that asked for its data anew */
  #asked = new Map();
  /** @type {Map<Line, ReturnType<typeof setTimeout>>} */
  #timers = new Map();

  /**
   * @param {Transport} transport
   * @param {(blob: any) => void} onRuns hears each table of runs
   */
  constructor(transport, onRuns) {
    this.transport = transport;
    transport.open((message, buffers) => {
      const isRuns = message.method === "custom" && message.content?.kind === "data";
      if (isRuns) onRuns(buffers?.[0]);
      for (const [index, line] of this.#lines.entries()) {
        if (isRuns && line.page !== "runs") this.#lookAgain(line);
        else if (this.#asked.get(message.content?.id) === index) this.#give(line, message.content, buffers ?? []);
        else line.receive(message, buffers);
      }
    });
  }

  /**
   * The transport of one model.
   * @param {string} page
   * @param {() => Record<string, any>} state
   * @returns {Transport}
   */
  line(page, state) {
    /** @type {Line} */
    const line = { page, receive: () => {}, state };
    return {
      open: (receive) => {
        line.receive = receive;
        this.#lines.push(line);
      },
      send: (message) => {
        const { content, method } = message;
        if (page === "runs") this.transport.send(message);
        else if (method === "update") {
          if ("runs" in message.state || "base" in message.state) this.#askData(line);
        } else if (content.kind === "need") this.#askData(line);
        else this.transport.send(message);
      },
    };
  }

  /** @param {Line} line */
  #lookAgain(line) {
    if (this.#timers.has(line)) return;
    const look = () => {
      this.#timers.delete(line);
      if (line.page === "artifacts") {
        const before = line.state()._artifacts_version ?? 0;
        line.receive({ method: "update", state: { _artifacts_version: before + 1 } });
      } else this.#askData(line);
    };
    this.#timers.set(line, setTimeout(look, AGAIN));
  }

  /** Data of a comparison, which a widget's Python sends by itself. @param {Line} line */
  #askData(line) {
    const { runs, base } = line.state();
    if (line.page !== "compare" || !runs?.length) return;
    questions += 1;
    const id = `data-${questions}`;
    this.#asked.set(id, this.#lines.indexOf(line));
    this.transport.send({ method: "custom", content: { kind: "ask", id, what: "compare", runs, base: base ?? "" } });
  }

  /** @param {Line} line @param {any} content @param {any[]} buffers */
  #give(line, content, buffers) {
    this.#asked.delete(content.id);
    if (content.ok) line.receive({ method: "custom", content: { kind: "data" } }, buffers);
  }
}
