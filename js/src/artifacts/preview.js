// A look into one file of a run. Python reads it; here it is drawn. Stands alone: `new Preview({ kernel, until }).show({ run, path })`.

import { saveFile } from "../kit/canvas.js";
import { copyText } from "../kit/clipboard.js";
import { h, icon, replace } from "../kit/dom.js";
import { bytesOf, sizeText } from "./bytes.js";
import { drawing } from "./draw/index.js";

/**
 * @typedef {import("../kit/kernel.js").Kernel} Kernel
 * @typedef {{ run: string, path: string }} Place
 *
 * @typedef {object} Look what a drawing gets
 * @property {any} facts the answer of `nbtrack.views.previews`
 * @property {any[]} buffers
 * @property {AbortSignal} until ends when another file is shown
 * @property {(part: Record<string, any>) => Promise<{ content: any, buffers: any[] }>} ask for more of the same file
 * @property {(path: string, keep?: boolean) => Promise<{ content: any, buffers: any[] }>} other a look at another file of the run
 * @property {(blob: Blob) => string} url an address that ends with the look
 * @property {(text: string, done: string) => void} copy
 * @property {(text: string) => void} say a passing remark
 * @property {boolean} offline
 */

const TIMEOUT = 60_000;
const PATIENCE = 160;

export class Preview {
  /** @type {Place | null} */
  place = null;
  #asked = 0;
  /** @type {AbortController | null} */
  #look = null;

  /** @param {{ kernel: Kernel, until: AbortSignal }} ground */
  constructor({ kernel, until }) {
    this.kernel = kernel;
    this.until = until;
    this.head = h("header", { class: "nbt-look-head" });
    this.notes = h("div", { class: "nbt-look-notes", role: "status" });
    this.body = h("div", { class: "nbt-look-body", tabindex: 0, role: "region", "aria-label": "Preview" });
    this.root = h("section", { class: "nbt-look", "aria-label": "File" }, this.head, this.notes, this.body);
    until.addEventListener("abort", () => this.#look?.abort(), { once: true });
    this.clear();
  }

  /** @param {string} [words] */
  clear(words = "Choose a file to look into it.") {
    this.place = null;
    this.#begin();
    this.head.hidden = true;
    replace(this.body, h("p", { class: "nbt-look-empty" }, words));
  }

  /**
   * Show a file; a later call wins over an earlier one that is still on its way.
   * @param {Place} place
   * @returns {Promise<void>}
   */
  async show({ run, path }) {
    this.place = { run, path };
    const { mine, signal } = this.#begin();
    const waiting = setTimeout(() => {
      if (mine === this.#asked) this.#fail(path, "Reading…");
    }, PATIENCE);
    try {
      const { content, buffers } = await this.#ask({ run, path });
      if (mine !== this.#asked) return;
      await this.#draw(content, buffers, signal);
    } catch (cause) {
      if (mine === this.#asked) this.#fail(path, problemOf(cause, this.kernel.offline), true);
    } finally {
      clearTimeout(waiting);
    }
  }

  /** Show the same file again: it may have changed. */
  refresh() {
    return this.place ? this.show(this.place) : Promise.resolve();
  }

  #begin() {
    this.#asked += 1;
    this.#look?.abort();
    this.#look = new AbortController();
    replace(this.notes);
    return { mine: this.#asked, signal: this.#look.signal };
  }

  /** @param {Place & { part?: Record<string, any> }} question */
  #ask(question) {
    return this.kernel.ask({ what: "preview", ...question }, TIMEOUT);
  }

  /** @param {any} facts @param {any[]} buffers @param {AbortSignal} until */
  async #draw(facts, buffers, until) {
    const { run, path } = facts;
    const look = {
      facts,
      buffers,
      until,
      ask: (/** @type {any} */ part) => this.#ask({ run, path, part }),
      other: (/** @type {string} */ otherPath) => this.#ask({ run, path: otherPath }),
      url: (/** @type {Blob} */ blob) => {
        const address = URL.createObjectURL(blob);
        until.addEventListener("abort", () => URL.revokeObjectURL(address), { once: true });
        return address;
      },
      copy: (/** @type {string} */ text, /** @type {string} */ done) => void this.#copy(text, done),
      say: (/** @type {string} */ text) => this.say(text),
      offline: this.kernel.offline,
    };
    this.#drawHead(facts);
    replace(
      this.notes,
      (facts.notes ?? []).map((/** @type {string} */ note) => h("p", {}, note)),
    );
    this.body.dataset.kind = facts.view;
    this.body.scrollTop = 0;
    try {
      replace(this.body, drawing(facts.view)(look));
    } catch (cause) {
      this.#fail(path, `This could not be drawn: ${cause instanceof Error ? cause.message : cause}`, false);
    }
  }

  /** @param {any} facts */
  #drawHead(facts) {
    const folder = facts.path.slice(0, facts.path.length - facts.name.length);
    const button = (
      /** @type {string} */ label,
      /** @type {Parameters<typeof icon>[0]} */ picture,
      /** @type {() => void} */ act,
      /** @type {string} */ title,
    ) =>
      h(
        "button",
        { class: "nbt-button nbt-look-button", type: "button", title, on: { click: act } },
        icon(picture),
        h("span", {}, label),
      );
    this.said = h("span", { class: "nbt-look-said", role: "status" });
    replace(
      this.head,
      h(
        "div",
        { class: "nbt-look-title" },
        h("span", {}, h("span", { class: "nbt-look-folder" }, folder), h("b", { title: facts.path }, facts.name)),
        h("span", { class: "nbt-look-meta" }, `${sizeText(facts.size)} · ${facts.mime}`),
      ),
      h(
        "div",
        { class: "nbt-look-actions" },
        this.said,
        button("Path", "copy", () => this.#copy(facts.path, "Path copied"), `Copy the path: ${facts.path}`),
        button("Code", "copy", () => this.#copy(facts.code, "Code copied"), `Copy code that loads it:\n${facts.code}`),
        facts.can_save && !this.kernel.offline
          ? button("Save", "down", () => this.#save(facts), `Save a copy of ${facts.name}`)
          : null,
      ),
    );
    this.head.hidden = false;
  }

  /** @param {string} path @param {string} words @param {boolean} [isProblem] */
  #fail(path, words, isProblem = false) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (isProblem || this.head.hidden) {
      replace(this.head, h("div", { class: "nbt-look-title" }, h("b", {}, name)));
      this.head.hidden = false;
    }
    const again = h(
      "button",
      { class: "nbt-button", type: "button", on: { click: () => this.refresh() } },
      "Try again",
    );
    const line = h("p", { class: "nbt-look-empty", role: isProblem ? "alert" : null }, words);
    replace(this.body, line, isProblem && !this.kernel.offline ? h("p", { class: "nbt-look-empty" }, again) : null);
  }

  /** @param {any} facts */
  async #save(facts) {
    this.say("Fetching…");
    try {
      const { buffers } = await this.#ask({ run: facts.run, path: facts.path, part: { bytes: true } });
      saveFile(new Blob([bytesOf(buffers[0])], { type: "application/octet-stream" }), facts.name);
      this.say("Saved");
    } catch (cause) {
      this.say(problemOf(cause, this.kernel.offline));
    }
  }

  /** @param {string} text @param {string} done */
  async #copy(text, done) {
    this.say((await copyText(text, this.root)) ? done : "This page may not write to the clipboard");
  }

  /** @param {string} text */
  say(text) {
    if (!this.said) return;
    this.said.textContent = text;
    const { said } = this;
    setTimeout(() => said.textContent === text && said.replaceChildren(), 2500);
  }
}

/** @param {unknown} cause @param {boolean} offline */
function problemOf(cause, offline) {
  if (offline) return "This file is not in this page; open the notebook with its kernel to see it.";
  return cause instanceof Error ? cause.message : String(cause);
}
