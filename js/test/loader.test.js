import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import loader from "../src/loader.js";

const CODE = `export default { "run-table": { render({ el }) { el.append("drawn"); return () => { el.textContent = "gone"; }; } } };`;
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
    listening: () => [...listeners.values()].reduce((sum, set) => sum + set.size, 0),
  };
}

beforeEach(() => {
  count += 1;
  // Node imports data: addresses, not blob: ones
  vi.spyOn(URL, "createObjectURL").mockImplementation(
    () => `data:text/javascript,${encodeURIComponent(CODE)}//${count}`,
  );
  vi.spyOn(URL, "revokeObjectURL").mockImplementation(() => {});
});

afterEach(() => {
  vi.restoreAllMocks();
  document.body.replaceChildren();
});

describe("loader", () => {
  it("draws from the trait, marks the place and hides the summary", async () => {
    const summary = document.createElement("div");
    summary.id = "nbt-summary";
    document.body.append(summary);
    const model = modelOf({ _hash: `h${count}`, _bundle: bytes(), _view: "run-table", _fallback_id: "nbt-summary" });
    const el = document.createElement("div");
    const cleanup = await loader.render({ model, el });
    expect(el.textContent).toBe("drawn");
    expect(el.classList.contains("nbt-root")).toBe(true);
    expect(summary.style.display).toBe("none");
    expect(model.send).not.toHaveBeenCalled();
    expect(model.listening()).toBe(0);
    cleanup();
    expect(el.textContent).toBe("gone");
  });

  it("asks for the bundle when it is not there, and does not mark the place before", async () => {
    const model = modelOf({ _hash: `h${count}`, _bundle: new DataView(new ArrayBuffer(0)), _view: "run-table" });
    const el = document.createElement("div");
    const done = loader.render({ model, el });
    expect(model.send).toHaveBeenCalledWith({ kind: "need", bundle: true });
    expect(el.classList.contains("nbt-root")).toBe(false);
    model.emit("msg:custom", { kind: "data" }, [bytes()]);
    model.emit("msg:custom", { kind: "bundle" }, [bytes()]);
    await done;
    expect(el.textContent).toBe("drawn");
  });

  it("reads one bundle for all widgets of a page", async () => {
    const hash = `h${count}`;
    const first = modelOf({ _hash: hash, _bundle: new DataView(new ArrayBuffer(0)), _view: "run-table" });
    const second = modelOf({ _hash: hash, _bundle: bytes(), _view: "run-table" });
    const places = [document.createElement("div"), document.createElement("div")];
    await Promise.all([
      loader.render({ model: first, el: places[0] }),
      loader.render({ model: second, el: places[1] }),
    ]);
    expect(places.map((el) => el.textContent)).toEqual(["drawn", "drawn"]);
    expect(URL.createObjectURL).toHaveBeenCalledOnce();
  });

  it("takes a bundle that comes to the trait later", async () => {
    const model = modelOf({ _hash: `h${count}`, _bundle: null, _view: "run-table" });
    const el = document.createElement("div");
    const done = loader.render({ model, el });
    model.state._bundle = bytes();
    model.emit("change:_bundle");
    await done;
    expect(el.textContent).toBe("drawn");
  });

  it("says what went wrong, as text", async () => {
    const model = modelOf({ _hash: `h${count}`, _bundle: bytes(), _view: "<b>no such view</b>" });
    const el = document.createElement("div");
    await loader.render({ model, el });
    expect(el.textContent).toBe('nbtrack could not draw this: this bundle has no view named "<b>no such view</b>"');
    expect(el.querySelector("b")).toBe(null);
    expect(el.classList.contains("nbt-root")).toBe(false);
  });

  it("lets a broken bundle be sent again", async () => {
    const hash = `h${count}`;
    vi.mocked(URL.createObjectURL).mockReturnValueOnce("data:text/javascript,this is no script");
    const el = document.createElement("div");
    await loader.render({ model: modelOf({ _hash: hash, _bundle: bytes(), _view: "run-table" }), el });
    expect(el.textContent).toContain("could not draw this");
    await loader.render({ model: modelOf({ _hash: hash, _bundle: bytes(), _view: "run-table" }), el });
    expect(el.textContent).toContain("drawn");
  });
});
