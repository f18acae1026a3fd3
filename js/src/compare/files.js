// Files of runs, fetched once for each content.

/**
 * @typedef {"image" | "table" | "notebook" | "json" | "text" | "other"} FileKind
 *
 * @typedef {object} Fetched
 * @property {string} mime
 * @property {number} size
 * @property {boolean} cut larger than what travels to the page
 * @property {number} limit bytes
 * @property {boolean} isText
 * @property {Uint8Array<ArrayBuffer> | null} bytes
 */

const MOST_KEPT = 60;
const TABLES = new Set([
  "text/csv",
  "text/tab-separated-values",
  "application/vnd.nbtrack.table+json",
  "application/vnd.apache.parquet",
]);
const TEXTS = /^text\/|^application\/(toml|yaml|xml|jsonl|x-ndjson|javascript)$|\+xml$|\+yaml$/;

/**
 * @param {string} mime
 * @returns {FileKind}
 */
export function fileKind(mime) {
  if (mime.startsWith("image/") && mime !== "image/tiff") return "image";
  if (TABLES.has(mime)) return "table";
  if (mime === "application/x-ipynb+json") return "notebook";
  if (mime === "application/json" || mime.endsWith("+json")) return "json";
  return TEXTS.test(mime) ? "text" : "other";
}

export class Files {
  /** @type {Map<string, Promise<Fetched>>} */
  #known = new Map();

  /** @param {import("../kit/kernel.js").Kernel} kernel */
  constructor(kernel) {
    this.kernel = kernel;
  }

  /**
   * @param {string} run
   * @param {string} path
   * @param {string} digest of the content, or something else that changes with it
   * @returns {Promise<Fetched>}
   */
  get(run, path, digest) {
    const key = `${digest}\n${path}`;
    let found = this.#known.get(key);
    if (!found) {
      found = this.#ask(run, path);
      found.catch(() => this.#known.delete(key)); // a kernel that was busy may answer next time
      this.#known.set(key, found);
      for (const old of this.#known.keys()) {
        if (this.#known.size <= MOST_KEPT) break;
        this.#known.delete(old);
      }
    }
    return found;
  }

  /** @param {string} run @param {string} path @returns {Promise<Fetched>} */
  async #ask(run, path) {
    const { content, buffers } = await this.kernel.ask({ what: "compare_file", run, path }, 60_000);
    const [data] = buffers;
    const bytes = data ? copyOf(data) : null;
    return {
      mime: content.mime,
      size: content.size,
      cut: content.is_cut,
      limit: content.limit,
      isText: content.is_text,
      bytes,
    };
  }
}

/** @param {ArrayBuffer | ArrayBufferView} data @returns {Uint8Array<ArrayBuffer>} */
function copyOf(data) {
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
}

/** @param {Fetched | null} file */
export function textOf(file) {
  return file?.bytes ? new TextDecoder().decode(file.bytes) : "";
}
