import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { react, same, trait } from "../../src/kit/model.js";
import { StaticModel } from "../../src/kit/static-model.js";

/** @returns {{ send: import("vitest").Mock, open: (receive: any) => void, receive: (message: any, buffers?: any[]) => void }} */
function transport() {
  const link = {
    send: vi.fn(),
    receive: () => {},
    open: (/** @type {any} */ receive) => Object.assign(link, { receive }),
  };
  return link;
}

describe("trait", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("follows the model and writes to it, saving once for several changes", () => {
    const link = transport();
    const model = new StaticModel({ filter: "a" }, link);
    const filter = trait(model, "filter", "", new AbortController().signal);
    expect(filter.value).toBe("a");
    link.receive({ method: "update", state: { filter: "from Python" } });
    expect(filter.value).toBe("from Python");
    expect(link.send).not.toHaveBeenCalled();
    filter.value = "b";
    filter.value = "c";
    expect(model.get("filter")).toBe("c");
    vi.runAllTimers();
    expect(link.send).toHaveBeenCalledExactlyOnceWith({ method: "update", state: { filter: "c" } });
  });

  it("does not send back a list that only came again", () => {
    const link = transport();
    const model = new StaticModel({ selected: ["x"] }, link);
    const selected = trait(model, "selected", /** @type {string[]} */ ([]), new AbortController().signal);
    const before = selected.value;
    link.receive({ method: "update", state: { selected: ["x"] } });
    vi.runAllTimers();
    expect(selected.value).toBe(before);
    expect(link.send).not.toHaveBeenCalled();
  });

  it("uses the fallback where the host has no such trait, and stops with the view", () => {
    const model = new StaticModel({});
    const view = new AbortController();
    const height = trait(model, "height", 40, view.signal);
    expect(height.value).toBe(40);
    view.abort();
    model.set("height", 90);
    expect(height.value).toBe(40);
  });
});

it("react runs until the view goes", () => {
  const view = new AbortController();
  const model = new StaticModel({ a: 1 });
  const a = trait(model, "a", 0, view.signal);
  const seen = vi.fn();
  react(view.signal, () => seen(a.value));
  a.value = 2;
  view.abort();
  a.value = 3;
  expect(seen.mock.calls).toEqual([[1], [2]]);
});

it("same compares deeply", () => {
  expect(same({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBe(true);
  expect(same([1, 2], [1, 3])).toBe(false);
  expect(same([], {})).toBe(false);
  expect(same({ a: 1 }, { a: 1, b: 2 })).toBe(false);
  expect(same(Number.NaN, Number.NaN)).toBe(true);
});

describe("StaticModel", () => {
  it("is offline without a transport and keeps quiet", () => {
    const model = new StaticModel({});
    expect(model.offline).toBe(true);
    model.send({ kind: "need" });
    model.set("x", 1);
    model.save_changes();
    expect(model.get("x")).toBe(1);
  });

  it("passes messages both ways", () => {
    const link = transport();
    const model = new StaticModel({}, link);
    const heard = vi.fn();
    model.on("msg:custom", heard);
    link.receive({ method: "custom", content: { kind: "data" } }, ["buffer"]);
    expect(heard).toHaveBeenCalledWith({ kind: "data" }, ["buffer"]);
    model.off("msg:custom", heard);
    link.receive({ method: "custom", content: {} });
    expect(heard).toHaveBeenCalledOnce();
  });
});
