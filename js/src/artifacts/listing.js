// The tree as data: folders are listed when they are opened, and what is on view is one flat list of lines.

import { signal } from "@preact/signals-core";

/**
 * @typedef {{ path: string, name: string, dir: boolean, size: number, time: number, kind?: string, mime?: string, files?: number }} Entry
 * @typedef {{ entries: Entry[], total: number, loading: boolean, error: string | null, files: number, size: number }} Folder
 * @typedef {{ kind: "entry", entry: Entry, depth: number, open: boolean, at: number, of: number }
 *   | { kind: "more" | "note", folder: string, depth: number, text: string }} Line
 */

export class Listing {
  /** @type {Map<string, Folder>} */
  #folders = new Map();
  #searches = 0;

  /**
   * @param {import("../kit/kernel.js").Kernel} kernel
   * @param {() => string} run
   */
  constructor(kernel, run) {
    this.kernel = kernel;
    this.run = run;
    /** Rises with each change, so that views draw again. */
    this.version = signal(0);
    /** @type {Set<string>} */
    this.open = new Set();
    this.search = "";
    /** @type {Folder | null} */
    this.found = null;
  }

  #changed() {
    this.version.value = this.version.peek() + 1;
  }

  /** @returns {Folder | undefined} */
  get root() {
    return this.#folders.get("");
  }

  /** Another run: everything anew. */
  reset() {
    this.#folders.clear();
    this.open.clear();
    this.search = "";
    this.found = null;
    return this.load("");
  }

  /** Ask again for what is open: files may have come. Folders that were opened and closed are forgotten. */
  async refresh() {
    for (const path of [...this.#folders.keys()]) if (path && !this.open.has(path)) this.#folders.delete(path);
    const open = [...this.#folders.keys()];
    await Promise.all(open.map((path) => this.load(path)));
    if (this.search) await this.find(this.search);
  }

  /**
   * List a folder, or more of it.
   * @param {string} path
   * @param {number} [from]
   */
  async load(path, from = 0) {
    const before = this.#folders.get(path);
    const folder = before ?? { entries: [], total: 0, loading: true, error: null, files: 0, size: 0 };
    this.#folders.set(path, { ...folder, loading: true });
    this.#changed();
    const run = this.run();
    try {
      const question = { what: "artifacts", run, path, ...(from ? { from } : {}) };
      const { content } = await this.kernel.ask(question, 60_000);
      if (run !== this.run()) return;
      const entries = from ? [...folder.entries.slice(0, from), ...content.entries] : content.entries;
      const { total, files, size } = content;
      this.#folders.set(path, { entries, total, files, size, loading: false, error: null });
    } catch (cause) {
      if (run !== this.run()) return;
      const error = this.kernel.offline
        ? "The files of this folder are not in this page."
        : `The files could not be listed: ${cause instanceof Error ? cause.message : cause}`;
      this.#folders.set(path, { ...folder, loading: false, error });
    }
    this.#changed();
  }

  /** @param {string} path */
  async toggle(path, open = !this.open.has(path)) {
    if (open === this.open.has(path)) return;
    if (open) this.open.add(path);
    else this.open.delete(path);
    this.#changed();
    if (open && !this.#folders.has(path)) await this.load(path);
  }

  /**
   * Open every folder above a file.
   * @param {string} path
   */
  async reveal(path) {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth += 1) {
      const folder = parts.slice(0, depth).join("/");
      this.open.add(folder);
      if (!this.#folders.has(folder)) await this.load(folder);
    }
    this.#changed();
  }

  /** @param {string} text */
  async find(text) {
    this.search = text.trim();
    this.#searches += 1;
    const mine = this.#searches;
    if (!this.search) {
      this.found = null;
      this.#changed();
      return;
    }
    const found = await this.#matches(this.search);
    if (mine !== this.#searches) return;
    this.found = found;
    this.#changed();
  }

  /** @param {string} search @returns {Promise<Folder>} */
  async #matches(search) {
    try {
      const question = { what: "artifacts", run: this.run(), path: "", search };
      const { content } = await this.kernel.ask(question, 60_000);
      return { ...content, loading: false, error: null };
    } catch {
      // without a kernel: among what was listed
      const words = search.toLowerCase().split(/\s+/);
      const entries = [...this.#folders.values()]
        .flatMap((folder) => folder.entries)
        .filter((entry) => !entry.dir && words.every((word) => entry.path.toLowerCase().includes(word)));
      return { entries, total: entries.length, loading: false, error: null, files: entries.length, size: 0 };
    }
  }

  /** @returns {Line[]} */
  lines() {
    if (this.found) return foundLines(this.found);
    /** @type {Line[]} */
    const lines = [];
    this.#add(lines, "", 0);
    return lines;
  }

  /** @param {Line[]} lines @param {string} path @param {number} depth */
  #add(lines, path, depth) {
    const folder = this.#folders.get(path);
    if (!folder) return;
    for (const [index, entry] of folder.entries.entries()) {
      const open = entry.dir && this.open.has(entry.path);
      lines.push({ kind: "entry", entry, depth, open, at: index + 1, of: folder.total });
      if (open) this.#add(lines, entry.path, depth + 1);
    }
    const left = folder.total - folder.entries.length;
    if (folder.error) lines.push({ kind: "note", folder: path, depth, text: folder.error });
    else if (folder.loading && !folder.entries.length) lines.push({ kind: "note", folder: path, depth, text: "…" });
    else if (left > 0)
      lines.push({ kind: "more", folder: path, depth, text: `Show more (${left.toLocaleString("en")} left)` });
  }

  /** @param {string} path @returns {Entry | undefined} */
  entry(path) {
    const parent = this.#folders.get(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
    return parent?.entries.find((each) => each.path === path) ?? this.found?.entries.find((each) => each.path === path);
  }

  /** @param {string} path */
  entriesOf(path) {
    return this.#folders.get(path);
  }
}

/** @param {Folder} found @returns {Line[]} */
function foundLines({ entries, total }) {
  /** @type {Line[]} */
  const lines = entries.map((entry, index) => ({
    kind: "entry",
    entry,
    depth: 0,
    open: false,
    at: index + 1,
    of: total,
  }));
  if (!entries.length) lines.push({ kind: "note", folder: "", depth: 0, text: "No file has this in its path." });
  else if (total > entries.length) {
    const text = `${(total - entries.length).toLocaleString("en")} more; type more of the name.`;
    lines.push({ kind: "note", folder: "", depth: 0, text });
  }
  return lines;
}
