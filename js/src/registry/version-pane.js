// The open version: where it came from, what goes in and out, what it needs, and how to load it.

import { sizeText } from "../artifacts/bytes.js";
import { copyText } from "../kit/clipboard.js";
import { h, icon, replace } from "../kit/dom.js";
import { formatNumber } from "../kit/format.js";
import { react } from "../kit/model.js";
import { aliasChip, stageChip } from "./chips.js";
import { confirm } from "./confirm.js";
import { differences } from "./differences.js";
import { descriptionEditor, isWriting, tagEditor } from "./editors.js";
import { keepingPlace } from "./keep.js";
import { signatureTable } from "./signature.js";

export class VersionPane {
  #asked = 0;
  #shown = "";

  /**
   * @param {import("./state.js").RegistryState} state
   * @param {import("../kit/popover.js").Popover} popover
   * @param {AbortSignal} until
   */
  constructor(state, popover, until) {
    this.state = state;
    this.popover = popover;
    this.head = h("div", {});
    this.body = h("div", { class: "nbt-reg-columns" });
    this.root = h("section", { class: "nbt-reg-version", hidden: true, "aria-label": "Version" }, this.head, this.body);
    react(until, () => {
      const version = state.chosen.value;
      this.root.hidden = version === null;
      if (version) {
        if (!isWriting(this.head)) keepingPlace(this.head, () => this.#drawHead(version));
        void this.#look(version);
      } else this.#shown = "";
    });
  }

  /** @param {import("./state.js").Version} version */
  #drawHead(version) {
    const { state } = this;
    const of = { version: version.version };
    const remove = h(
      "button",
      { class: "nbt-button", type: "button", "aria-label": `Delete version ${version.version}` },
      icon("trash", 13),
    );
    remove.addEventListener("click", () =>
      confirm(this.popover, remove, {
        title: `Delete version ${version.version}? Its run and files stay; its number is not given again.`,
        comment: true,
        act: "Delete",
        done: (_, comment) => state.change({ do: "delete", comment, ...of }),
      }),
    );
    const aliases = version.aliases.map((alias) => {
      const chip = aliasChip(alias);
      if (!state.readOnly)
        chip.append(
          h(
            "button",
            {
              type: "button",
              "aria-label": `Take @${alias} away`,
              on: { click: (/** @type {any} */ event) => this.#takeAway(event.currentTarget, alias, version.version) },
            },
            icon("close", 10),
          ),
        );
      return chip;
    });
    const back = version.aliases
      .filter((alias) => state.open.peek()?.back[alias])
      .map((alias) =>
        h(
          "button",
          {
            class: "nbt-plain",
            type: "button",
            title: `To version ${state.open.peek()?.back[alias]}, which had it before`,
            on: {
              click: (/** @type {any} */ event) => void this.#rollBack(event.currentTarget, alias, version.version),
            },
          },
          icon("undo", 12),
          `Roll back @${alias}`,
        ),
      );
    replace(
      this.head,
      h(
        "div",
        { class: "nbt-reg-title" },
        h("h4", {}, `Version ${version.version}`),
        h("span", { class: "nbt-reg-chips" }, ...aliases, stageChip(version.stage)),
        ...(state.readOnly ? [] : [...back, remove]),
      ),
      tagEditor(version.tags, state, of),
      descriptionEditor(version.description, state, of),
    );
  }

  /** @param {HTMLElement} at @param {string} alias @param {number} version */
  #takeAway(at, alias, version) {
    confirm(this.popover, at, {
      title: `Take @${alias} away from version ${version}? Who loads models:/${this.state.name.peek()}@${alias} finds nothing then.`,
      comment: true,
      act: "Take away",
      done: (_, comment) => this.state.change({ do: "unalias", alias, comment, seen: version }),
    });
  }

  /** @param {HTMLElement} at @param {string} alias @param {number} version */
  async #rollBack(at, alias, version) {
    const to = this.state.open.peek()?.back[alias] ?? 0;
    const name = this.state.name.peek();
    const question = { what: "model-move", name, version: to, to: version };
    const found = await this.state.kernel.ask(question).catch(() => null);
    confirm(this.popover, at, {
      title: `Let @${alias} go back from version ${version} to ${to}? Gates are not asked.`,
      more: [found && differences(found.content, version, to)],
      comment: true,
      act: "Roll back",
      done: (_, comment) => this.state.change({ do: "rollback", alias, comment, seen: version }),
    });
  }

  /** @param {import("./state.js").Version} version */
  async #look(version) {
    const key = `${this.state.name.peek()}/${version.version}`;
    if (key === this.#shown) return;
    this.#asked += 1;
    const asked = this.#asked;
    if (!this.#shown) replace(this.body, h("p", { class: "nbt-reg-quiet" }, "…"));
    try {
      const { content } = await this.state.kernel.ask({
        what: "model-version",
        name: this.state.name.peek(),
        version: version.version,
      });
      if (asked !== this.#asked) return;
      this.#shown = key;
      replace(this.body, ...this.#parts(content));
    } catch (cause) {
      if (asked === this.#asked) replace(this.body, h("p", { class: "nbt-reg-problem" }, this.state.why(cause)));
    }
  }

  /** @param {any} found */
  #parts({ uri, path, run, code, cell, datasets, metrics, params, folder, load }) {
    const runHref = run && this.state.hrefOf(run.id);
    const from = [
      run ? fact("Run", `#${run.number} ${run.name}`, runHref) : null,
      runHref && path ? fact("Files", path, this.state.hrefOf(run.id, path)) : null,
      ...datasets.map((/** @type {any} */ each) => fact("Data", `${each.name} (${each.digest})`)),
      code.notebook ? fact("Notebook", code.notebook) : code.name ? fact("Source", code.name) : null,
      code.commit ? fact("Commit", `${code.commit.slice(0, 12)}${code.dirty === "true" ? " with changes" : ""}`) : null,
    ].filter(Boolean);
    return [
      part(
        "Where it came from",
        from.length ? h("dl", {}, ...from) : h("p", { class: "nbt-reg-quiet" }, "It came from no run of this store."),
        cell ? h("details", {}, h("summary", {}, "Code of the cell"), h("pre", {}, cell)) : null,
      ),
      part("Load it", codeBlock(load), h("p", { class: "nbt-reg-quiet" }, uri)),
      folder.problem
        ? part("Model", h("p", { class: "nbt-reg-problem" }, folder.problem))
        : part("Signature", signatureTable(folder.signature)),
      folder.problem
        ? null
        : part(
            "Model",
            h(
              "dl",
              {},
              fact("Flavors", folder.flavors.join(", ")),
              folder.size ? fact("Size", sizeText(folder.size)) : null,
              folder.created ? fact("Saved", folder.created) : null,
            ),
            folder.requirements.length
              ? h(
                  "details",
                  {},
                  h("summary", {}, `Requirements (${folder.requirements.length})`),
                  h("pre", {}, folder.requirements.join("\n")),
                )
              : null,
            folder.mlmodel ? h("details", {}, h("summary", {}, "MLmodel"), h("pre", {}, folder.mlmodel)) : null,
          ),
      metrics.length
        ? part(
            "Metrics",
            h(
              "dl",
              {},
              ...metrics.map((/** @type {any} */ [key, value]) =>
                fact(key, value === null ? "–" : formatNumber(Number(value))),
              ),
            ),
          )
        : null,
      params.length
        ? part("Params", h("dl", {}, ...params.map((/** @type {any} */ [key, value]) => fact(key, value))))
        : null,
    ];
  }
}

/** @param {string} title @param {...(Node | null)} content */
function part(title, ...content) {
  return h("div", { class: "nbt-reg-part" }, h("h5", {}, title), ...content);
}

/** @param {string} name @param {string} value @param {string | null} [href] */
function fact(name, value, href = null) {
  return h(
    "div",
    {},
    h("dt", { title: name }, name),
    h("dd", { title: value }, href === null ? value : h("a", { href }, value)),
  );
}

/** @param {string} code */
function codeBlock(code) {
  const box = h("div", { class: "nbt-reg-code" }, h("pre", { tabindex: 0 }, code));
  const copy = h("button", { class: "nbt-button", type: "button", "aria-label": "Copy the code" }, icon("copy", 13));
  copy.addEventListener("click", async () => {
    const worked = await copyText(code, box);
    replace(copy, icon(worked ? "check" : "close", 13));
  });
  box.append(copy);
  return box;
}
