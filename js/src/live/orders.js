// The buttons: Stop, Checkpoint, Note. They say what became of the click, also when the kernel cannot hear.

import { signal } from "@preact/signals-core";
import { h, icon, setAttribute, setText } from "../kit/dom.js";
import { react } from "../kit/model.js";

/** @typedef {import("./panel.js").LivePanel} LivePanel */

const PATIENCE = 1500; // milliseconds until a kernel that has not answered counts as busy
const LINGER = 4000;
const LONG = 5000; // a training that has not stopped by then calls nothing that could
const DEAF = "The kernel cannot hear while this cell runs: it takes this when the cell has ended. ■ stops the cell.";
const STOPS = "Stops at the training's next log, knob or progress call.";

export class OrderButtons {
  /** Whether Stop was pressed for the run on view. */
  stopping = signal(false);
  /** What is said of each order, in the order in which it was said. @type {Map<string, { text: string, kind: string, timer: any }>} */
  #said = new Map();
  /** @type {any} */
  #stuck = null;
  #run = "";
  #made = -1;

  /**
   * @param {LivePanel} panel
   * @param {AbortSignal} until
   */
  constructor(panel, until) {
    this.panel = panel;
    this.stopText = h("span", {}, "Stop");
    this.stop = button("Stop the run at its next log call", stopIcon(), this.stopText, () => this.#stop());
    this.stop.classList.add("nbt-live-stop");
    this.checkpoint = button("Ask for a checkpoint", icon("pin"), "Checkpoint", () =>
      this.#order({ do: "checkpoint" }, "Checkpoint asked for."),
    );
    this.note = button("Write a note", icon("note"), "Note", () => this.#openNote());
    this.buttons = h(
      "div",
      { class: "nbt-live-orders", role: "group", "aria-label": "Run" },
      this.stop,
      this.checkpoint,
      this.note,
    );
    this.text = h("input", {
      class: "nbt-live-text",
      type: "text",
      placeholder: "A note about this moment; Enter keeps it",
      "aria-label": "Note",
      on: { keydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) },
    });
    this.form = h("div", { class: "nbt-live-form", hidden: true }, this.text);
    this.message = h("div", { class: "nbt-live-message", role: "status", hidden: true });
    react(until, () => this.#tell());
    const quiet = () => {
      for (const { timer } of this.#said.values()) clearTimeout(timer);
      clearTimeout(this.#stuck);
    };
    until.addEventListener("abort", quiet, { once: true });
  }

  #tell() {
    const run = this.panel.news.run.value;
    const isGone = this.panel.kernel.gone.value || this.panel.kernel.offline;
    const isRunning = run?.status === "RUNNING" && !isGone;
    if (run && (run.id !== this.#run || !isRunning)) {
      if (run.id !== this.#run) this.#made = -1;
      this.#run = run.id;
      this.stopping.value = false;
    }
    const stopping = this.stopping.value;
    this.stop.hidden = !isRunning || (stopping && !run?.here);
    this.checkpoint.hidden = !isRunning || !run?.checkpoint;
    this.note.hidden = isGone || !run;
    setText(this.stopText, stopping ? "Interrupt now" : "Stop");
    setAttribute(this.stop, "title", stopping ? "Interrupt the cell, as ■ does" : "Stop the run at its next log call");
    this.stop.classList.toggle("nbt-live-urgent", stopping);
    if (!isRunning) this.#say("stop", "");
    this.#tellSaved(run);
  }

  /** Say what became of a checkpoint. @param {import("./news.js").RunFacts | null} run */
  #tellSaved(run) {
    const made = run?.events.filter(({ kind }) => kind === "checkpoint") ?? [];
    const last = made.at(-1);
    if (last && this.#made >= 0 && made.length > this.#made) {
      const isGood = last.text === "checkpoint";
      this.#say("checkpoint", isGood ? "Checkpoint made." : last.text, isGood ? "done" : "bad");
    }
    if (run) this.#made = made.length;
  }

  #stop() {
    if (this.stopping.peek()) {
      this.#order({ do: "interrupt" }, "Interrupting the cell…", "stop");
      return;
    }
    this.stopping.value = true;
    this.#order({ do: "stop" }, STOPS, "stop");
    clearTimeout(this.#stuck);
    this.#stuck = setTimeout(() => this.#tellStuck(), LONG);
  }

  /** Stop waits for a call of the training's; a loop without one is told of what else there is. */
  #tellStuck() {
    if (!this.stopping.peek() || this.#said.get("stop")?.text !== STOPS) return; // there is something else to say
    const how = this.panel.news.run.peek()?.here
      ? "“Interrupt now” ends the cell where it is."
      : "Interrupt it where it runs.";
    this.#say("stop", `The training has called nothing since that could stop it. ${how}`, "stop");
  }

  #openNote() {
    this.form.hidden = !this.form.hidden;
    if (!this.form.hidden) this.text.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    event.stopPropagation(); // a notebook's own keys
    if (event.key === "Escape") this.#close();
    if (event.key !== "Enter") return;
    event.preventDefault(); // else it would press the button that gets the focus next
    const value = this.text.value.trim();
    if (value) this.#order({ do: "note", value }, "Note kept.");
    this.text.value = "";
    this.#close();
  }

  #close() {
    this.form.hidden = true;
    this.note.focus();
  }

  /**
   * @param {{ do: string, key?: string, value?: any }} order
   * @param {string} done
   * @param {string} [kind]
   */
  async #order(order, done, kind = "done") {
    const about = kind === "stop" ? kind : order.do;
    const deaf = setTimeout(() => this.#say(about, DEAF, kind, false), PATIENCE);
    try {
      await this.panel.kernel.order(order);
      this.#say(about, done, kind);
    } catch (cause) {
      this.#say(about, cause instanceof Error ? cause.message : String(cause), "bad");
      if (order.do === "stop") this.stopping.value = false;
    } finally {
      clearTimeout(deaf);
    }
  }

  /**
   * @param {{ key: string, value: any }} turn
   * @returns {Promise<boolean>}
   */
  async knob({ key, value }) {
    try {
      await this.panel.kernel.order({ do: "knob", key, value });
      return true;
    } catch (cause) {
      this.#say("knob", cause instanceof Error ? cause.message : String(cause), "bad");
      return false;
    }
  }

  /**
   * Say something of an order, in place of what was said of it before; what is said of others stays its time beside it.
   * @param {string} about
   * @param {string} text
   * @param {string} [kind]
   * @param {boolean} [fades]
   */
  #say(about, text, kind = "done", fades = true) {
    for (const [other, said] of this.#said) {
      if (other !== about && (said.kind !== "bad" || !text)) continue;
      clearTimeout(said.timer);
      this.#said.delete(other);
    }
    if (text) {
      const timer = fades && kind === "done" ? setTimeout(() => this.#say(about, ""), LINGER) : null;
      this.#said.set(about, { text, kind, timer });
    }
    this.#show();
  }

  #show() {
    const all = [...this.#said.values()];
    setText(this.message, all.map(({ text }) => text).join(" "));
    this.message.hidden = all.length === 0;
    this.message.dataset.kind = ["bad", "stop"].find((kind) => all.some((said) => said.kind === kind)) ?? "done";
  }
}

/**
 * @param {string} title
 * @param {Element} sign
 * @param {string | Element} text
 * @param {() => void} click
 */
function button(title, sign, text, click) {
  return h("button", { class: "nbt-button", type: "button", title, on: { click } }, sign, text);
}

function stopIcon() {
  return h("span", { class: "nbt-live-square", "aria-hidden": "true" });
}
