// The tree: only the lines in sight are elements. The focus stays on the tree; `aria-activedescendant` names the line.

import { h, icon, replace } from "../kit/dom.js";
import { formatDate, formatRelative, plural } from "../kit/format.js";
import { react } from "../kit/model.js";
import { sizeText } from "./bytes.js";
import { fileIcon } from "./file-icons.js";

const LINE = 26;
const SPARE = 8;
const TYPE_AHEAD = 800;
let trees = 0;

/** @typedef {import("./listing.js").Line} Line */

export class Tree {
  /** @type {Line[]} */
  lines = [];
  /** The line with the cursor. */
  cursor = 0;
  #typed = "";
  #typedAt = 0;
  #frame = 0;

  /**
   * @param {import("./listing.js").Listing} listing
   * @param {{ selected: () => string, choose: (path: string) => void, until: AbortSignal }} uses
   */
  constructor(listing, { selected, choose, until }) {
    this.listing = listing;
    this.selected = selected;
    this.choose = choose;
    trees += 1;
    this.id = `nbt-tree-${trees}`;
    this.sheet = h("div", { class: "nbt-tree-sheet", role: "presentation" });
    this.el = h("div", { class: "nbt-tree", role: "tree", tabindex: 0, "aria-label": "Files" }, this.sheet);
    this.el.addEventListener("scroll", () => this.#drawSoon(), { passive: true });
    this.el.addEventListener("keydown", (event) => this.#press(event));
    this.el.addEventListener("click", (event) => this.#click(event));
    const watch = new ResizeObserver(() => this.#drawSoon());
    watch.observe(this.el);
    until.addEventListener("abort", () => {
      watch.disconnect();
      cancelAnimationFrame(this.#frame);
    });
    react(until, () => {
      listing.version.value;
      this.update();
    });
  }

  /** Take the lines anew; the cursor stays on its file. */
  update() {
    const before = pathOf(this.lines[this.cursor]);
    this.lines = this.listing.lines();
    const again = this.lines.findIndex((line) => pathOf(line) === before);
    this.cursor = again >= 0 ? again : Math.max(0, Math.min(this.cursor, this.lines.length - 1));
    this.draw();
  }

  /** Put the cursor on a file, and the file into sight. @param {string} path */
  show(path) {
    const at = this.lines.findIndex((line) => pathOf(line) === path);
    if (at >= 0) this.#move(at);
    else this.draw();
  }

  #drawSoon() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    const { scrollTop, clientHeight } = this.el;
    const first = Math.max(0, Math.floor(scrollTop / LINE) - SPARE);
    const last = Math.min(this.lines.length, Math.ceil((scrollTop + (clientHeight || 800)) / LINE) + SPARE);
    this.sheet.style.height = `${this.lines.length * LINE}px`;
    const now = Date.now();
    replace(
      this.sheet,
      this.lines.slice(first, last).map((line, index) => this.#line(line, first + index, now)),
    );
    const active = this.sheet.querySelector(".nbt-cursor");
    if (active) this.el.setAttribute("aria-activedescendant", active.id);
    else this.el.removeAttribute("aria-activedescendant");
  }

  /** @param {Line} line @param {number} at @param {number} now */
  #line(line, at, now) {
    const isCursor = at === this.cursor ? " nbt-cursor" : "";
    const place = { top: `${at * LINE}px`, "--nbt-depth": line.depth };
    const common = { id: `${this.id}-${at}`, data: { at: String(at) }, style: place };
    if (line.kind !== "entry") {
      const text = line.kind === "more" ? h("span", { class: "nbt-plain" }, line.text) : line.text;
      return h("div", { ...common, class: `nbt-file nbt-file-${line.kind}${isCursor}`, role: "treeitem" }, text);
    }
    const { entry, open } = line;
    const isSelected = entry.path === this.selected();
    const detail = entry.dir ? plural(entry.files ?? 0, "file") : (entry.mime ?? "");
    return h(
      "div",
      {
        ...common,
        class: `nbt-file${isCursor}`,
        role: "treeitem",
        "aria-level": line.depth + 1,
        "aria-posinset": line.at,
        "aria-setsize": line.of,
        "aria-expanded": entry.dir ? String(open) : null,
        "aria-selected": String(isSelected),
        title: `${entry.path}\n${sizeText(entry.size)} · ${detail} · ${formatDate(entry.time)}`,
      },
      h("span", { class: "nbt-look-twist" }, entry.dir ? icon(open ? "down" : "right", 12) : null),
      fileIcon(entry.dir ? (open ? "open" : "folder") : (entry.kind ?? "binary")),
      h("span", { class: "nbt-file-name" }, this.#name(entry)),
      h("span", { class: "nbt-file-size" }, sizeText(entry.size)),
      h("span", { class: "nbt-file-time" }, formatRelative(entry.time, now)),
    );
  }

  /** Found files show their folder, as the tree does not. @param {import("./listing.js").Entry} entry */
  #name(entry) {
    if (!this.listing.found) return [entry.name];
    const folder = entry.path.slice(0, entry.path.length - entry.name.length);
    return [h("span", { class: "nbt-look-folder" }, folder), entry.name];
  }

  /** @param {number} at */
  #move(at) {
    this.cursor = Math.max(0, Math.min(at, this.lines.length - 1));
    const top = this.cursor * LINE;
    if (top < this.el.scrollTop) this.el.scrollTop = top;
    else if (top + LINE > this.el.scrollTop + this.el.clientHeight && this.el.clientHeight) {
      this.el.scrollTop = top + LINE - this.el.clientHeight;
    }
    this.draw();
  }

  /** @param {number} at */
  #act(at) {
    const line = this.lines[at];
    if (!line) return;
    this.cursor = at;
    if (line.kind === "more") {
      void this.listing.load(line.folder, this.listing.entriesOf(line.folder)?.entries.length);
    } else if (line.kind === "entry") {
      if (line.entry.dir) void this.listing.toggle(line.entry.path);
      else this.choose(line.entry.path);
      this.draw();
    }
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const row = /** @type {Element} */ (event.target).closest(".nbt-file");
    if (row instanceof HTMLElement) this.#act(Number(row.dataset.at));
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.el.clientHeight / LINE) - 1);
    const line = this.lines[this.cursor];
    const entry = line?.kind === "entry" ? line.entry : null;
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowDown: () => this.#step(this.cursor + 1),
      ArrowUp: () => this.#step(this.cursor - 1),
      PageDown: () => this.#step(this.cursor + page),
      PageUp: () => this.#step(this.cursor - page),
      Home: () => this.#step(0),
      End: () => this.#step(this.lines.length - 1),
      Enter: () => this.#act(this.cursor),
      " ": () => this.#act(this.cursor),
      ArrowRight: () => {
        if (entry?.dir && line?.kind === "entry" && !line.open) void this.listing.toggle(entry.path, true);
        else if (entry?.dir) this.#step(this.cursor + 1);
      },
      ArrowLeft: () => {
        if (entry?.dir && line?.kind === "entry" && line.open) void this.listing.toggle(entry.path, false);
        else this.#toParent();
      },
    };
    const act = keys[event.key];
    if (act) act();
    else if (event.key.length === 1) this.#type(event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** A file under the moving cursor is shown at once, as in any file browser. @param {number} at */
  #step(at) {
    this.#move(at);
    const line = this.lines[this.cursor];
    if (line?.kind === "entry" && !line.entry.dir) this.choose(line.entry.path);
  }

  #toParent() {
    const depth = this.lines[this.cursor]?.depth ?? 0;
    for (let at = this.cursor - 1; at >= 0; at -= 1) {
      if ((this.lines[at]?.depth ?? 0) < depth) {
        this.#move(at);
        return;
      }
    }
  }

  /** Go to the next name that begins with what is typed. @param {string} key */
  #type(key) {
    const now = Date.now();
    this.#typed = now - this.#typedAt < TYPE_AHEAD ? this.#typed + key.toLowerCase() : key.toLowerCase();
    this.#typedAt = now;
    const from = this.#typed.length > 1 ? this.cursor : this.cursor + 1;
    for (let step = 0; step < this.lines.length; step += 1) {
      const at = (from + step) % this.lines.length;
      const line = this.lines[at];
      if (line?.kind === "entry" && line.entry.name.toLowerCase().startsWith(this.#typed)) {
        this.#move(at);
        return;
      }
    }
  }
}

/** @param {Line | undefined} line */
function pathOf(line) {
  if (!line) return undefined;
  return line.kind === "entry" ? line.entry.path : `${line.folder}/\0${line.kind}`;
}
