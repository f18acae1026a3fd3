// Files of a run: tree and search at the left, a look into the selected file at the right.

import { h, icon, replace } from "../kit/dom.js";
import { plural } from "../kit/format.js";
import { listen, react, trait } from "../kit/model.js";
import { sizeText } from "./bytes.js";
import { Listing } from "./listing.js";
import { Preview } from "./preview.js";
import { Tree } from "./tree.js";

const SEARCH_DELAY = 160;
const CHOOSE_DELAY = 90;

export class ArtifactsView {
  #isListed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #typing;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #choosing;

  /**
   * @param {import("../kit/model.js").Model} model
   * @param {import("../kit/kernel.js").Kernel} kernel
   * @param {AbortSignal} until
   */
  constructor(model, kernel, until) {
    this.run = trait(model, "run_id", "", until);
    this.path = trait(model, "path", "", until);
    this.height = trait(model, "artifacts_height", 0, until);
    this.title = trait(model, "_run_title", "", until);
    this.listing = new Listing(kernel, () => this.run.peek());
    this.preview = new Preview({ kernel, until });
    this.tree = new Tree(this.listing, {
      selected: () => this.path.peek(),
      choose: (path) => this.choose(path),
      until,
    });
    this.about = h("div", { class: "nbt-files-about" });
    this.search = h("input", {
      type: "search",
      class: "nbt-files-search",
      placeholder: "Find a file",
      "aria-label": "Find a file",
      spellcheck: "false",
      on: {
        input: () => this.#searchSoon(),
        keydown: (/** @type {KeyboardEvent} */ event) => this.#searchKey(event),
      },
    });
    this.root = h(
      "div",
      { class: "nbt", data: { view: "artifacts", lmSuppressShortcuts: "true" } },
      h(
        "div",
        { class: "nbt-files" },
        h(
          "div",
          { class: "nbt-files-side" },
          h(
            "div",
            { class: "nbt-files-head" },
            this.about,
            h("label", { class: "nbt-files-find" }, icon("search", 13), this.search),
          ),
          this.tree.el,
        ),
        this.preview.root,
      ),
    );
    until.addEventListener("abort", () => {
      clearTimeout(this.#typing);
      clearTimeout(this.#choosing);
    });
    this.#follow(model, until);
  }

  /** @param {import("../kit/model.js").Model} model @param {AbortSignal} until */
  #follow(model, until) {
    react(until, () => {
      this.root.style.setProperty("--nbt-files-height", this.height.value ? `${this.height.value}px` : "480px");
    });
    react(until, () => {
      this.run.value;
      this.search.value = "";
      void this.#begin();
    });
    react(until, () => {
      const path = this.path.value;
      if (this.#isListed) void this.#showPath(path);
    });
    react(until, () => {
      this.listing.version.value;
      this.#drawAbout();
    });
    listen(model, "change:_artifacts_version", () => void this.#refresh(), until);
  }

  /** List another run; the file to show is looked for when its folder is known. */
  async #begin() {
    const run = this.run.peek();
    this.#isListed = false;
    await this.listing.reset();
    if (run !== this.run.peek()) return;
    this.#isListed = true;
    await this.#showPath(this.path.peek());
  }

  /** @param {string} path */
  choose(path) {
    this.path.value = path;
    this.tree.draw();
  }

  /** Show a file, or open a folder; while the cursor runs through the tree, only where it rests. @param {string} path */
  async #showPath(path) {
    const run = this.run.peek();
    if (!path) {
      this.preview.clear(this.#invitation());
      this.tree.draw();
      return;
    }
    if (!this.listing.found) await this.listing.reveal(path);
    if (path !== this.path.peek() || run !== this.run.peek()) return;
    if (this.listing.entry(path)?.dir) {
      await this.listing.toggle(path, true);
      this.preview.clear("A folder; choose a file in it.");
    } else {
      clearTimeout(this.#choosing);
      const show = () => void this.preview.show({ run, path });
      if (this.preview.place) this.#choosing = setTimeout(show, CHOOSE_DELAY);
      else show();
    }
    this.tree.show(path);
  }

  async #refresh() {
    const before = this.listing.entry(this.path.peek());
    await this.listing.refresh();
    const now = this.listing.entry(this.path.peek());
    const isNew = now && (!before || before.time !== now.time || before.size !== now.size);
    if (isNew && !now.dir) await this.preview.refresh();
    if (!this.path.peek()) this.preview.clear(this.#invitation());
  }

  #invitation() {
    return this.listing.root?.total === 0
      ? "This run has no files yet. They appear here as soon as they are logged."
      : "Choose a file to look into it.";
  }

  #drawAbout() {
    const { root } = this.listing;
    const counted = root && !root.error && root.files ? `${plural(root.files, "file")}, ${sizeText(root.size)}` : "";
    replace(this.about, h("b", { title: this.title.peek() }, this.title.peek() || "Files"), h("span", {}, counted));
  }

  #searchSoon() {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => void this.listing.find(this.search.value), SEARCH_DELAY);
  }

  /** @param {KeyboardEvent} event */
  #searchKey(event) {
    if (event.key === "ArrowDown" || event.key === "Enter") this.tree.el.focus();
    else if (event.key === "Escape" && this.search.value) {
      this.search.value = "";
      void this.listing.find("");
    } else return;
    event.preventDefault();
  }
}
