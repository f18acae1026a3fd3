// Files of a run in happy-dom, over a kernel that answers from a table.

import views, { StaticModel } from "../../src/index.js";

export const RUN = "0123456789abcdef0123456789abcdef";

/** @param {string} path @param {Record<string, any>} [more] */
export function file(path, more = {}) {
  return {
    path,
    name: path.split("/").at(-1),
    dir: false,
    size: 10,
    kind: "text",
    mime: "text/plain",
    time: 0,
    ...more,
  };
}

/** @param {string} path @param {number} [files] */
export function folder(path, files = 1) {
  return { path, name: path.split("/").at(-1), dir: true, size: 10, files, time: 0 };
}

/** @param {any[]} entries */
export function listed(entries, total = entries.length) {
  return { entries, total, files: total, size: 10 * total, from: 0 };
}

/** @param {string} path @param {string} view @param {Record<string, any>} [more] */
export function look(path, view, more = {}) {
  return {
    view,
    run: RUN,
    path,
    name: path.split("/").at(-1),
    size: 10,
    mime: "text/plain",
    notes: [],
    code: "x = 1",
    can_save: true,
    ...more,
  };
}

/** Answers questions with `answer(question)`: facts, `[facts, buffers]`, or an Error. */
export class FakeFiles {
  /** @type {any[]} */
  asked = [];

  /** @param {(question: any) => any} answer */
  constructor(answer) {
    this.answer = answer;
  }

  /** @param {(message: any, buffers?: any[]) => void} receive */
  open(receive) {
    this.receive = receive;
  }

  /** @param {any} message */
  send({ method, content }) {
    if (method !== "custom" || content.kind !== "ask") return;
    const { id, kind: _, ...question } = content;
    this.asked.push(question);
    queueMicrotask(() => {
      const found = this.answer(question);
      const [facts, buffers] = Array.isArray(found) ? found : [found, []];
      const reply =
        facts instanceof Error || facts === undefined
          ? { kind: "answer", id, ok: false, error: facts?.message ?? "not found" }
          : { ...facts, kind: "answer", id, ok: true };
      this.receive?.({ method: "custom", content: reply }, buffers);
    });
  }
}

/**
 * @param {(question: any) => any} answer
 * @param {Record<string, any>} [state]
 */
export function mount(answer, state = {}) {
  const kernel = new FakeFiles(answer);
  const model = new StaticModel({ _view: "artifacts", run_id: RUN, path: "", ...state }, kernel);
  return { kernel, ...render(model) };
}

/** @param {StaticModel} model */
export function render(model) {
  const el = document.createElement("div");
  document.body.append(el);
  const close = views.artifacts.render({ model, el });
  /** @param {string} selector */
  const all = (selector) => /** @type {HTMLElement[]} */ ([...el.querySelectorAll(selector)]);
  /** @param {string} selector */
  const one = (selector) => {
    const [found] = all(selector);
    if (!found) throw new Error(`nothing matches ${selector}`);
    return found;
  };
  const names = () => all(".nbt-file-name").map((each) => each.textContent);
  /** @param {string} key */
  const press = (key) =>
    one(".nbt-tree").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  return { model, el, close, all, one, names, press };
}

/** Let answers and short timers pass until `done` holds. @param {() => boolean} done */
export async function until(done) {
  for (let round = 0; round < 200; round += 1) {
    if (done()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`it never came to ${done}`);
}
