// Text and code with colours and line numbers. Lines become elements a few hundred at a time, when they come near.

import { h } from "../../kit/dom.js";
import { sizeText } from "../bytes.js";
import { tokenLines } from "../tokens.js";
import { messageOf, switchButton, toolRow } from "./parts.js";

const CHUNK = 200;
const MAX_COLOURED = 600_000;

/** @param {import("../preview.js").Look} look */
export function drawCode(look) {
  const { facts, until } = look;
  const language = facts.language ?? "";
  const block = new CodeBlock(until, { language, numbers: true });
  const state = { end: facts.end };
  const more = h("button", { class: "nbt-button", type: "button" });
  const label = () => {
    more.textContent = `Show more (${sizeText(facts.size - state.end)} left)`;
  };
  const fetchMore = async () => {
    more.disabled = true;
    try {
      const { content } = await look.ask({ as: "text", from: state.end });
      block.add(content.text);
      state.end = content.end;
      more.hidden = !content.can_more;
      label();
    } catch (cause) {
      look.say(messageOf(cause));
    }
    more.disabled = false;
  };
  more.addEventListener("click", () => void fetchMore());
  more.hidden = !facts.can_more || look.offline;
  label();
  block.add(facts.text);
  const cut = facts.end < facts.size ? `The first ${sizeText(facts.end)} of ${sizeText(facts.size)}` : null;
  const wrap = switchButton("Wrap lines", (isOn) => block.el.classList.toggle("nbt-wrap", isOn), !language);
  block.el.classList.toggle("nbt-wrap", !language);
  return [
    toolRow(
      cut,
      wrap,
      h(
        "button",
        {
          class: "nbt-button nbt-look-button",
          type: "button",
          on: { click: () => look.copy(block.text, "Text copied") },
        },
        "Copy text",
      ),
    ),
    block.el,
    h("div", { class: "nbt-look-more" }, more),
  ];
}

export class CodeBlock {
  text = "";
  #lines = 0;

  /** @param {AbortSignal} until @param {{ language?: string, numbers?: boolean }} [options] */
  constructor(until, { language = "", numbers = false } = {}) {
    this.language = language;
    this.el = h("div", { class: `nbt-code${numbers ? " nbt-numbered" : ""}` });
    /** @type {Map<Element, import("../tokens.js").Token[][]>} */
    this.waiting = new Map();
    this.sight = new IntersectionObserver(
      (seen) => {
        for (const each of seen) if (each.isIntersecting) this.#fill(each.target);
      },
      {
        rootMargin: "600px",
      },
    );
    until.addEventListener("abort", () => this.sight.disconnect(), { once: true });
  }

  /** @param {string} text */
  add(text) {
    this.text += text;
    const lines = tokenLines(text, this.text.length <= MAX_COLOURED ? this.language : "");
    if (lines.length > 1 && !lines.at(-1)?.length) lines.pop();
    for (let from = 0; from < lines.length; from += CHUNK) {
      const part = lines.slice(from, from + CHUNK);
      const chunk = h("div", { class: "nbt-code-chunk", style: { "counter-reset": `line ${this.#lines + from}` } });
      this.el.append(chunk);
      this.waiting.set(chunk, part);
      if (this.#lines + from === 0) this.#fill(chunk);
      else {
        chunk.style.minHeight = `${part.length * 18}px`;
        this.sight.observe(chunk);
      }
    }
    this.#lines += lines.length;
    this.el.style.setProperty("--nbt-digits", String(String(this.#lines).length));
  }

  /** @param {Element} chunk */
  #fill(chunk) {
    const lines = this.waiting.get(chunk);
    if (!lines) return;
    this.waiting.delete(chunk);
    this.sight.unobserve(chunk);
    chunk.append(...lines.map(codeLine));
    /** @type {HTMLElement} */ (chunk).style.minHeight = "";
  }
}

/** @param {import("../tokens.js").Token[]} line */
function codeLine(line) {
  return h(
    "div",
    { class: "nbt-line" },
    line.map(({ type, text }) => (type ? h("span", { class: `nbt-tok-${type}` }, text) : text)),
    "\n",
  );
}
