import { describe, expect, it, vi } from "vitest";
import { Kernel } from "../../src/kit/kernel.js";
import { StaticModel } from "../../src/kit/static-model.js";

function connected() {
  /** @type {any[]} */
  const sent = [];
  const link = {
    receive: (/** @type {any} */ _message, /** @type {any[]} */ _buffers = []) => {},
    send: (/** @type {any} */ m) => sent.push(m.content),
    open: (/** @type {any} */ receive) => Object.assign(link, { receive }),
  };
  const model = new StaticModel({}, link);
  const view = new AbortController();
  const kernel = new Kernel(model, view.signal);
  const say = (/** @type {any} */ content, /** @type {any[]} */ buffers = []) =>
    link.receive({ method: "custom", content }, buffers);
  const lose = () => link.receive({ method: "close" });
  return { kernel, sent, say, view, lose };
}

describe("Kernel", () => {
  it("matches answers to questions by id", async () => {
    const { kernel, sent, say } = connected();
    const first = kernel.ask({ what: "sparks" });
    const second = kernel.ask({ what: "sparks" });
    say({ kind: "answer", id: sent[1].id, ok: true }, ["two"]);
    say({ kind: "answer", id: sent[0].id, ok: true }, ["one"]);
    expect((await first).buffers).toEqual(["one"]);
    expect((await second).buffers).toEqual(["two"]);
  });

  it("gives the kernel's own words when it refuses", async () => {
    const { kernel, sent, say } = connected();
    const edit = kernel.edit({ op: "rename", runs: ["a"], value: "" });
    expect(sent[0]).toMatchObject({ kind: "edit", op: "rename", runs: ["a"], key: null, value: "" });
    say({ kind: "answer", id: sent[0].id, ok: false, error: "Run name '' is not allowed" });
    await expect(edit).rejects.toThrow("Run name '' is not allowed");
  });

  it("gives up on a question, never on an edit", async () => {
    vi.useFakeTimers();
    const { kernel, sent, say } = connected();
    const question = expect(kernel.ask({ what: "sparks" }, 100)).rejects.toThrow("did not answer");
    const edit = kernel.edit({ op: "delete", runs: ["a"] });
    await vi.advanceTimersByTimeAsync(60_000);
    await question;
    say({ kind: "answer", id: sent[1].id, ok: true });
    await edit;
    vi.useRealTimers();
  });

  it("hands tables on and knows that it is gone until it speaks again", async () => {
    const { kernel, say, lose } = connected();
    const heard = vi.fn();
    kernel.onData = heard;
    say({ kind: "data" }, ["blob"]);
    expect(heard).toHaveBeenCalledWith("blob");
    const open = expect(kernel.edit({ op: "delete", runs: [] })).rejects.toThrow("the kernel is gone");
    lose();
    expect(kernel.gone.value).toBe(true);
    await open;
    say({ kind: "data" }, ["again"]);
    expect(kernel.gone.value).toBe(false);
  });

  it("refuses at once on a page without a kernel", async () => {
    const kernel = new Kernel(new StaticModel({}), new AbortController().signal);
    expect(kernel.offline).toBe(true);
    await expect(kernel.ask({ what: "sparks" })).rejects.toThrow("no kernel");
  });

  it("lets go when the view is closed", async () => {
    const { kernel, view } = connected();
    const open = expect(kernel.ask({ what: "x" })).rejects.toThrow("view was closed");
    view.abort();
    await open;
  });
});
