import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import loader from "../src/loader.js";

const CODE = `export default (part) => ({ render(model, el, use) {
  if (use("widget").render === undefined) throw new Error("no parts");
  if (model.get("_view") !== "run-table") throw new Error("no view " + model.get("_view"));
  el.append(part, " drew");
  return () => { el.textContent = "gone"; };
} });`;
const packing = new CompressionStream("gzip");
const writer = packing.writable.getWriter();
writer.write(new TextEncoder().encode(CODE)).then(() => writer.close());
const packed = await new Response(packing.readable).arrayBuffer();
const bytes = () => new DataView(packed.slice(0));
let count = 0;

/** @param {Record<string, any>} state */
function modelOf(state) {
  /** @type {Map<string, Set<any>>} */
  const listeners = new Map();
  const emit = (/** @type {string} */ name, /** @type {any[]} */ ...args) => {
    for (const listener of [...(listeners.get(name) ?? [])]) listener(...args);
  };
  return {
    get: (/** @type {string} */ name) => state[name],
    on: (/** @type {string} */ name, /** @type {any} */ f) =>
      listeners.set(name, (listeners.get(name) ?? new Set()).add(f)),
    off: (/** @type {string} */ name, /** @type {any} */ f) => listeners.get(name)?.delete(f),
    send: vi.fn(),
    emit,
    state,
  };
}

beforeEach(() => {
  count += 1;
  // Node imports data: addresses, not blob: ones
  vi.spyOn(URL, "createObjectURL").mockImplementation(
    () => `data:text/javascript,${encodeURIComponent(CODE)}//${count}`,
  );
});

afterEach(() => {
  vi.restoreAllMocks();
  document.body.replaceChildren();
});

describe("loader", () => {
  it("hands over to what came in the trait", async () => {
    const model = modelOf({ _hash: `h${count}`, _bundle: bytes(), _view: "run-table" });
    const el = document.createElement("div");
    const cleanup = await loader.render({ model, el });
    expect(el.textContent).toBe("widget drew");
    expect(model.send).not.toHaveBeenCalled();
    cleanup?.();
    expect(el.textContent).toBe("gone");
  });

  it("asks for the bundle when it is not there", async () => {
    const model = modelOf({ _hash: `h${count}`, _bundle: new DataView(new ArrayBuffer(0)), _view: "run-table" });
    const el = document.createElement("div");
    const done = loader.render({ model, el });
    expect(model.send).toHaveBeenCalledWith({ kind: "need", bundle: true });
    model.emit("msg:custom", { kind: "data" }, [bytes()]);
    model.emit("msg:custom", { kind: "bundle" }, [bytes()]);
    await done;
    expect(el.textContent).toBe("widget drew");
  });

  it("reads one bundle for all widgets of a page", async () => {
    const hash = `h${count}`;
    const first = modelOf({ _hash: hash, _bundle: new DataView(new ArrayBuffer(0)), _view: "run-table" });
    const second = modelOf({ _hash: hash, _bundle: bytes(), _view: "run-table" });
    const places = [first, second].map((model) => ({ model, el: document.createElement("div") }));
    await Promise.all(places.map(loader.render));
    expect(places.map(({ el }) => el.textContent)).toEqual(["widget drew", "widget drew"]);
    expect(URL.createObjectURL).toHaveBeenCalledOnce();
  });

  it("says what went wrong, as text", async () => {
    const model = modelOf({ _hash: `h${count}`, _bundle: bytes(), _view: "<b>no such view</b>" });
    const el = document.createElement("div");
    await loader.render({ model, el });
    expect(el.textContent).toBe("nbtrack could not draw this: Error: no view <b>no such view</b>");
    expect(el.querySelector("b")).toBe(null);
  });

  it("lets a broken bundle be sent again", async () => {
    const hash = `h${count}`;
    vi.mocked(URL.createObjectURL).mockReturnValueOnce("data:text/javascript,this is no script");
    const el = document.createElement("div");
    await loader.render({ model: modelOf({ _hash: hash, _bundle: bytes(), _view: "run-table" }), el });
    expect(el.textContent).toContain("could not draw this");
    await loader.render({ model: modelOf({ _hash: hash, _bundle: bytes(), _view: "run-table" }), el });
    expect(el.textContent).toContain("drew");
  });
});
