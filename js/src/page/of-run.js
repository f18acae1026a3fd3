// From a run to the models that were registered from it: links at the head of pages of one run.

import { h, replace } from "../kit/dom.js";
import { writePlace } from "./address.js";

export class ModelsOfRun {
  #run = "";
  #asked = 0;

  /** @param {(question: any) => Promise<{ content: any }>} ask */
  constructor(ask) {
    this.ask = ask;
    this.root = h("span", { class: "nbt-ui-models", hidden: true });
  }

  /** @param {string} run "" for none @param {boolean} [again] what is known may be old */
  async show(run, again = false) {
    if (run === this.#run && !again) return;
    if (run !== this.#run) this.root.hidden = true;
    this.#run = run;
    this.#asked += 1;
    const asked = this.#asked;
    if (!run) return;
    const found = await this.ask({ what: "run-models", run }).catch(() => null); // a purged run: nothing was registered from it
    if (asked !== this.#asked || !found) return;
    const { versions } = found.content;
    this.root.hidden = versions.length === 0;
    replace(this.root, "Registered as ", ...versions.flatMap(linkTo));
  }
}

/** @param {{ name: string, version: number, aliases: string[] }} of @param {number} at */
function linkTo({ name, version, aliases }, at) {
  const href = writePlace({ page: "models", state: { model: name, version } });
  const pointing = aliases.map((alias) => ` @${alias}`).join("");
  return [at ? ", " : "", h("a", { href }, `${name} ${version}`), pointing];
}
