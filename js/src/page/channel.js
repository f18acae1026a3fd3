// One stream for several models. Tables of runs go to the views of runs, news of a run to the view that follows it, those of
// the registry to the view of models; a comparison and a list of files are asked for again when runs changed.

/**
 * @typedef {import("../kit/static-model.js").Transport} Transport
 * @typedef {(message: any, buffers?: any[]) => void} Receive
 * @typedef {{ page: string, receive: Receive, state: () => Record<string, any> }} Line
 */

const AGAIN = 1000; // ms between two looks at the same comparison while runs go on
let questions = 0;

export class Channel {
  /** Whether the other end is away. */
  #isCut = false;
  /** @type {Line[]} */
  #lines = [];
  /** @type {Map<string, number>} question id -> line that asked for its data anew */
  #asked = new Map();
  /** @type {Map<Line, ReturnType<typeof setTimeout>>} */
  #timers = new Map();

  /**
   * @param {Transport} transport
   * @param {{ runs: (blob: any) => void, refused: (why: string) => void }} on hears each table of runs, and why there is no comparison
   */
  constructor(transport, on) {
    this.transport = transport;
    this.on = on;
    transport.open((message, buffers) => this.#hear(message, buffers ?? []));
  }

  /** @param {any} message @param {any[]} buffers */
  #hear(message, buffers) {
    const { method, content } = message;
    const isData = method === "custom" && content?.kind === "data";
    const isModels = isData && content.models === true;
    const isRuns = isData && !isModels && content.run === undefined;
    const isBack = this.#isCut && method === "custom";
    this.#isCut = method === "close" || (this.#isCut && !isBack);
    if (isRuns) this.on.runs(buffers[0]);
    for (const [index, line] of this.#lines.entries()) {
      if (isBack) this.#greet(line);
      if (isModels) {
        if (line.page === "models") line.receive(message, buffers);
      } else if (isData && !isRuns) {
        if (line.page === "live" && line.state().run_id === content.run) line.receive(message, buffers);
      } else if (isRuns && line.page !== "runs") this.#lookAgain(line);
      else if (this.#asked.get(content?.id) === index) this.#give(line, content, buffers);
      else line.receive(message, buffers);
    }
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
        else if (page === "models") this.#sendModels(message);
        else if (page === "live") this.#sendLive(line, message);
        else if (method === "update") {
          if ("runs" in message.state || "base" in message.state) this.#askData(line);
        } else if (content.kind === "need") this.#askData(line);
        else this.transport.send(message);
      },
    };
  }

  /** The other end is there again: what followed a run follows it no more. @param {Line} line */
  #greet(line) {
    line.receive({ method: "custom", content: { kind: "back" } });
    if (line.page === "live") this.#follow(line);
    if (line.page === "models") this.#sendModels({ method: "custom", content: { kind: "need" } });
  }

  /** Models are not in the tables of runs: who shows them says so, and hears of changes from then on. @param {any} message */
  #sendModels({ method, content }) {
    if (method !== "custom") return;
    this.transport.send({ method, content: content.kind === "need" ? { kind: "need", models: true } : content });
  }

  /** A view of one run names it in all that it says. @param {Line} line @param {any} message */
  #sendLive(line, message) {
    const { content, method } = message;
    if (method === "update") "run_id" in message.state && this.#follow(line);
    else if (content.kind === "need") this.#follow(line);
    else this.transport.send({ method, content: { ...content, run: line.state().run_id } });
  }

  /** @param {Line} line */
  #follow(line) {
    const run = line.state().run_id;
    if (run) this.transport.send({ method: "custom", content: { kind: "need", run } });
  }

  /** @param {Line} line */
  #lookAgain(line) {
    if (line.page === "live" || line.page === "models" || this.#timers.has(line)) return;
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
    if (this.#isCut) line.receive({ method: "close" }); // it was opened since; the answer will come when there is one
    questions += 1;
    const id = `data-${questions}`;
    this.#asked.set(id, this.#lines.indexOf(line));
    this.transport.send({ method: "custom", content: { kind: "ask", id, what: "compare", runs, base: base ?? "" } });
  }

  /** @param {Line} line @param {any} content @param {any[]} buffers */
  #give(line, content, buffers) {
    this.#asked.delete(content.id);
    if (content.ok) line.receive({ method: "custom", content: { kind: "data" } }, buffers);
    else this.on.refused(content.error);
  }
}
