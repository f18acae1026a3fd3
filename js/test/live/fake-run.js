// A run made up for tests and for looking at the panel: encodes what nbtrack/views/live.py sends.

/**
 * @param {Record<string, any>} header
 * @param {ArrayLike<number>[]} arrays
 */
export function encodeLive(header, arrays) {
  const head = new TextEncoder().encode(JSON.stringify({ kind: "live", ...header }));
  const start = Math.ceil((4 + head.length) / 8) * 8;
  const size = arrays.reduce((sum, array) => sum + array.length * 8, 0);
  const bytes = new Uint8Array(start + size);
  new DataView(bytes.buffer).setUint32(0, head.length, true);
  bytes.set(head, 4);
  let at = start;
  for (const array of arrays) {
    new Float64Array(bytes.buffer, at, array.length).set(array);
    at += array.length * 8;
  }
  return bytes.buffer;
}

/** A kernel with one run; implements the transport of StaticModel. */
export class FakeRun {
  /** @type {(message: any, buffers?: any[]) => void} */
  receive = () => {};
  /** @type {any[]} */
  heard = [];
  seq = 0;
  /** @type {Record<string, [number, number][]>} */
  points = {};
  /** @type {string | null} */
  refusal = null;
  isDeaf = false;
  /** @type {any} */
  run = {
    id: "019aaaaaaaaa7aaaaaaaaaaaaaaaaaaa",
    number: 12,
    name: "bold-otter",
    status: "RUNNING",
    experiment: "Default",
    start: Date.UTC(2026, 10, 23, 6, 0),
    end: null,
    duration: null,
    now: Date.UTC(2026, 10, 23, 6, 2),
    died: false,
    notebook: true,
    params: { lr: "0.001", model: "cnn" },
    note: "",
    error: "",
    stopped: null,
    events: [],
    knobs: [],
    checkpoint: false,
    progress: null,
    here: true,
  };

  /** @param {(message: any, buffers?: any[]) => void} receive */
  open(receive) {
    this.receive = receive;
  }

  /** @param {any} message */
  send({ method, content }) {
    if (method !== "custom") return;
    this.heard.push(content);
    queueMicrotask(() => this.#answer(content));
  }

  /** @param {any} content */
  #answer(content) {
    if (content.kind === "need" && content.data) this.#post(this.full());
    if (content.kind !== "order" || this.isDeaf) return;
    const answer = { kind: "answer", id: content.id, ok: this.refusal === null, error: this.refusal };
    this.receive({ method: "custom", content: answer }, []);
  }

  /** A step a second. @param {number} step */
  timeOf(step) {
    return this.run.start + step * 1000;
  }

  full() {
    this.seq += 1;
    let offset = 0;
    /** @type {number[][]} */
    const arrays = [];
    const series = Object.entries(this.points).map(([key, points]) => {
      const [steps, values] = [points.map(([step]) => step), points.map(([, value]) => value)];
      const place = { key, rows: points.length, count: points.length, offset };
      arrays.push(
        steps,
        values,
        values,
        values,
        values,
        points.map(() => 1),
        points.map(([step]) => this.timeOf(step)),
      );
      offset += points.length * 56;
      return place;
    });
    return encodeLive({ seq: this.seq, mode: "full", run: this.run, series }, arrays);
  }

  /** @param {Record<string, [number, number][]>} [points] */
  more(points = {}) {
    this.seq += 1;
    let offset = 0;
    /** @type {number[][]} */
    const arrays = [];
    const series = Object.entries(points).map(([key, added]) => {
      const all = [...(this.points[key] ?? []), ...added];
      this.points[key] = all;
      arrays.push(
        added.map(([step]) => step),
        added.map(([, value]) => value),
        added.map(([step]) => this.timeOf(step)),
      );
      const place = { key, rows: added.length, count: all.length, offset };
      offset += added.length * 24;
      return place;
    });
    this.#post(encodeLive({ seq: this.seq, mode: "more", run: this.run, series }, arrays));
  }

  /** @param {ArrayBuffer} blob */
  #post(blob) {
    this.receive({ method: "custom", content: { kind: "data" } }, [blob]);
  }
}
