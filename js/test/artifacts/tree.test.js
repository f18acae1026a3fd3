import { afterEach, describe, expect, it } from "vitest";
import { StaticModel } from "../../src/index.js";
import { FakeFiles, file, folder, listed, look, mount, RUN, render, until } from "./mount.js";

const ROOT = listed([folder("images", 2), file("notes.md"), file("<img src=x onerror=alert(1)>.txt")]);
const IMAGES = listed([file("images/a.png"), file("images/b.png")]);

/** @param {any} question */
function answer({ what, path, search }) {
  if (what === "preview") return look(path, "text", { text: `in ${path}`, language: "", end: 10, size: 10 });
  if (search) return listed([file("images/b.png")]);
  return { "": ROOT, images: IMAGES }[/** @type {string} */ (path)];
}

afterEach(() => document.body.replaceChildren());

describe("the tree", () => {
  it("lists folders only when they are opened, and reads no file before it is chosen", async () => {
    const { kernel, names, one } = mount(answer);
    await until(() => names().length === 3);
    expect(kernel.asked).toEqual([{ what: "artifacts", run: RUN, path: "" }]);
    one(".nbt-file[data-at='0']").click();
    await until(() => names().length === 5);
    expect(names().slice(0, 3)).toEqual(["images", "a.png", "b.png"]);
    expect(kernel.asked.some(({ what }) => what === "preview")).toBe(false);
  });

  it("shows names as text", async () => {
    const { names, el } = mount(answer);
    await until(() => names().length === 3);
    expect(names()[2]).toBe("<img src=x onerror=alert(1)>.txt");
    expect(el.querySelector("img")).toBeNull();
  });

  it("is walked by arrows and by typing a name", async () => {
    const { press, names, model, one, all } = mount(answer);
    await until(() => names().length === 3);
    press("ArrowRight");
    await until(() => names().length === 5);
    press("ArrowRight");
    expect(model.get("path")).toBe("images/a.png");
    press("ArrowDown");
    expect(model.get("path")).toBe("images/b.png");
    press("n");
    expect(one(".nbt-cursor .nbt-file-name").textContent).toBe("notes.md");
    press("Enter");
    expect(model.get("path")).toBe("notes.md");
    await until(() => one(".nbt-look-body").textContent?.includes("in notes.md") === true);
    press("Home");
    press("ArrowLeft");
    expect(names().length).toBe(3);
    const active = one(".nbt-tree").getAttribute("aria-activedescendant");
    expect(all(`[id="${active}"]`).length).toBe(1);
  });

  it("opens the folders above a file that Python chose", async () => {
    const { kernel, names, one } = mount(answer, { path: "images/b.png" });
    await until(() => names().length === 5);
    await until(() => one(".nbt-look-body").textContent?.includes("in images/b.png") === true);
    expect(one("[aria-selected=true] .nbt-file-name").textContent).toBe("b.png");
    expect(kernel.asked.filter(({ what }) => what === "preview").length).toBe(1);
  });

  it("finds files, and shows their folder", async () => {
    const { names, one } = mount(answer);
    await until(() => names().length === 3);
    const box = /** @type {HTMLInputElement} */ (one(".nbt-files-search"));
    box.value = "b";
    box.dispatchEvent(new Event("input"));
    await until(() => names().join() === "images/b.png");
    box.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", cancelable: true }));
    await until(() => names().length === 3);
  });

  it("draws a window of ten thousand files and asks for more of them", async () => {
    const many = Array.from({ length: 2000 }, (_, index) => file(`f${index}`));
    const { kernel, names, press, one } = mount(({ from }) =>
      from ? { ...listed([file("last")], 2001), from } : listed(many, 2001),
    );
    await until(() => names().length > 0);
    expect(names().length).toBeLessThan(100);
    press("End");
    Object.defineProperty(one(".nbt-tree"), "clientHeight", { value: 260 });
    press("End");
    expect(one(".nbt-cursor").textContent).toContain("1 left");
    press("Enter");
    await until(() => kernel.asked.at(-1)?.from === 2000);
    await until(() => one(".nbt-tree").textContent?.includes("last") === true);
  });

  it("says what went wrong with a listing", async () => {
    const { one } = mount(() => new Error("the store is closed"));
    await until(() => one(".nbt-tree").textContent?.includes("the store is closed") === true);
  });

  it("shows files that arrive, and the new content of the one on view", async () => {
    let count = 1;
    const { kernel, names, one } = mount(
      ({ what, path }) =>
        what === "preview"
          ? look(path, "text", { text: `version ${count}`, language: "", end: 10 })
          : listed(Array.from({ length: count }, (_, index) => file(`f${index}`, { time: count }))),
      { path: "f0" },
    );
    await until(() => one(".nbt-look-body").textContent?.includes("version 1") === true);
    count = 2;
    kernel.receive?.({ method: "update", state: { _artifacts_version: 1 } });
    await until(() => names().length === 2);
    await until(() => one(".nbt-look-body").textContent?.includes("version 2") === true);
  });
});

describe("a page without a kernel", () => {
  it("shows what was stored and says in one line what was not", async () => {
    const model = new StaticModel({ _view: "artifacts", run_id: RUN, path: "notes.md" });
    const stored = /** @type {any} */ (model);
    stored.answer = (/** @type {any} */ question) =>
      question.path === "images" || question.search || question.path.endsWith(".txt")
        ? undefined
        : { content: answer(question), buffers: [] };
    const { names, one, press } = render(model);
    await until(() => one(".nbt-look-body").textContent?.includes("in notes.md") === true);
    expect(names().length).toBe(3);
    press("Home");
    press("ArrowRight");
    await until(() => one(".nbt-tree").textContent?.includes("not in this page") === true);
    press("<");
    press("Enter");
    await until(() => one(".nbt-look-body").textContent?.includes("This file is not in this page") === true);
    expect(one(".nbt-look").textContent).not.toContain("Try again");
  });
});

describe("a preview on its own", () => {
  it("lets the last of several files win", async () => {
    const { Preview } = await import("../../src/artifacts/index.js");
    const { Kernel } = await import("../../src/kit/kernel.js");
    const transport = new FakeFiles(({ path }) => look(path, "text", { text: path, language: "", end: 1 }));
    const closing = new AbortController();
    const kernel = new Kernel(new StaticModel({}, transport), closing.signal);
    const preview = new Preview({ kernel, until: closing.signal });
    await Promise.all([preview.show({ run: RUN, path: "a" }), preview.show({ run: RUN, path: "b" })]);
    expect(preview.body.textContent).toContain("b");
    expect(preview.body.textContent).not.toContain("a\n");
    await preview.show({ run: RUN, path: "c" });
    expect(preview.root.textContent).toContain("c");
    closing.abort();
  });
});
