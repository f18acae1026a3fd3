// JSON as a tree: branches open on demand, a search finds keys and values, a click on a key copies its path.

import { h, icon, replace } from "../../kit/dom.js";
import { formatCount, plural } from "../../kit/format.js";
import { localSource, pathText, remoteSource } from "../json-source.js";
import { messageOf, toolRow } from "./parts.js";

/** @typedef {import("../json-source.js").Step} Step */
/** @typedef {import("../json-source.js").Leaf} Leaf */

const OPEN_AT_FIRST = 2;
const OPEN_SIZE = 30;

/** @param {import("../preview.js").Look} look */
export function drawJson(look) {
  return new JsonTree(look).parts;
}

class JsonTree {
  /** @param {import("../preview.js").Look} look */
  constructor(look) {
    this.look = look;
    this.source = look.facts.node ? remoteSource(look.ask) : localSource(JSON.parse(look.facts.text));
    this.el = h("div", { class: "nbt-json" });
    this.hits = h("div", { class: "nbt-json-hits", hidden: true });
    this.search = h("input", {
      type: "search",
      class: "nbt-json-search",
      placeholder: "Find a key or value",
      "aria-label": "Find a key or value",
    });
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") void this.find(this.search.value.trim());
    });
    this.search.addEventListener("input", () => {
      if (!this.search.value) void this.find("");
    });
    this.parts = [
      toolRow(this.search, h("span", {}, "Enter finds; a click on a name copies its path")),
      this.hits,
      this.el,
    ];
    void this.#begin();
  }

  async #begin() {
    try {
      const root = this.look.facts.node ?? (await this.source.branch([], 0));
      replace(this.el, this.#children(root, [], 0));
    } catch (cause) {
      replace(this.el, messageOf(cause));
    }
  }

  /** @param {import("../json-source.js").Branch} node @param {Step[]} at @param {number} depth */
  #children(node, at, depth) {
    const list = h("ul", {});
    const add = (/** @type {Leaf[]} */ children) => {
      for (const child of children) list.append(this.#item(child, [...at, child.key ?? ""], depth));
    };
    add(node.children ?? []);
    let shown = node.from + (node.children?.length ?? 0);
    const left = () => (node.size ?? 0) - shown;
    if (left() <= 0) return list;
    const more = h("button", { class: "nbt-plain", type: "button" }, `${formatCount(left())} more`);
    more.addEventListener("click", async () => {
      const next = await this.#branch(at, shown);
      if (!next) return;
      more.remove();
      add(next.children ?? []);
      shown += next.children?.length ?? 0;
      more.textContent = `${formatCount(left())} more`;
      if (left() > 0 && next.children?.length) list.append(more);
    });
    list.append(more);
    return list;
  }

  /** @param {Step[]} at @param {number} from */
  async #branch(at, from) {
    try {
      return await this.source.branch(at, from);
    } catch (cause) {
      this.look.say(this.look.offline ? "This part is not in this page." : messageOf(cause));
      return null;
    }
  }

  /** @param {Leaf} leaf @param {Step[]} at @param {number} depth */
  #item(leaf, at, depth) {
    const key = h(
      "button",
      {
        class: "nbt-json-key",
        type: "button",
        title: `Copy ${pathText(at)}`,
        on: { click: () => this.look.copy(pathText(at), "Path copied") },
      },
      String(leaf.key),
    );
    const isBranch = leaf.type === "object" || leaf.type === "array";
    if (!isBranch) return h("li", {}, h("span", { class: "nbt-look-twist" }), key, ": ", valueText(leaf));
    return this.#branchItem(leaf, at, depth, key);
  }

  /** @param {Leaf} leaf @param {Step[]} at @param {number} depth @param {HTMLElement} key */
  #branchItem(leaf, at, depth, key) {
    const size = leaf.size ?? 0;
    const brief = leaf.type === "array" ? `[${plural(size, "item")}]` : `{${plural(size, "key")}}`;
    const twist = h(
      "button",
      { class: "nbt-json-twist", type: "button", "aria-expanded": "false", "aria-label": `${leaf.key}, ${brief}` },
      icon("right", 12),
    );
    const item = h("li", {}, twist, key, ": ", h("span", { class: "nbt-json-brief" }, brief));
    /** @type {HTMLElement | null} */
    let below = null;
    const toggle = async () => {
      const open = twist.getAttribute("aria-expanded") !== "true";
      twist.setAttribute("aria-expanded", String(open));
      replace(twist, icon(open ? "down" : "right", 12));
      if (open && !below) {
        const node = await this.#branch(at, 0);
        if (!node) return;
        below = this.#children(node, at, depth + 1);
        item.append(below);
      }
      if (below) below.hidden = !open;
    };
    twist.addEventListener("click", () => void toggle());
    if (size && depth + 1 < OPEN_AT_FIRST && size <= OPEN_SIZE && !this.look.facts.node) void toggle();
    return item;
  }

  /** @param {string} text */
  async find(text) {
    this.hits.hidden = !text;
    if (!text) return;
    replace(this.hits, "Looking…");
    try {
      const { hits, is_cut: isCut } = await this.source.search(text);
      const shown = hits.map((at) =>
        h(
          "button",
          {
            class: "nbt-plain nbt-json-hit",
            type: "button",
            on: { click: () => this.look.copy(pathText(at), "Path copied") },
          },
          pathText(at),
        ),
      );
      const count = isCut ? `The first ${plural(hits.length, "place")}` : plural(hits.length, "place");
      replace(this.hits, h("p", {}, hits.length ? count : "Nothing found."), shown);
    } catch (cause) {
      replace(this.hits, messageOf(cause));
    }
  }
}

/** @param {Leaf} leaf */
function valueText({ type, value }) {
  const text = type === "string" ? JSON.stringify(value) : String(value);
  const token = type === "string" ? "string" : type === "number" ? "number" : "keyword";
  return h("span", { class: `nbt-tok-${token} nbt-json-value` }, text);
}
