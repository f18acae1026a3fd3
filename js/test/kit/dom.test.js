import { describe, expect, it, vi } from "vitest";
import { focused, h, icon, replace, setAttribute, setText } from "../../src/kit/dom.js";

const HOSTILE = '<img src=x onerror="globalThis.broken = true">';

describe("h", () => {
  it("sets text as text, whatever it looks like", () => {
    const el = h("p", { title: HOSTILE }, HOSTILE, [HOSTILE, 5, null, false]);
    expect(el.querySelector("img")).toBe(null);
    expect(el.textContent).toBe(`${HOSTILE}${HOSTILE}5`);
    expect(el.title).toBe(HOSTILE);
  });

  it("leaves out attributes that are null, and sets empty ones that are true", () => {
    const el = h("button", {
      disabled: true,
      "aria-label": null,
      hidden: false,
      data: { act: "go" },
      style: { "--x": 3 },
    });
    expect(el.disabled).toBe(true);
    expect(el.hasAttribute("aria-label")).toBe(false);
    expect(el.hasAttribute("hidden")).toBe(false);
    expect(el.dataset.act).toBe("go");
    expect(el.style.getPropertyValue("--x")).toBe("3");
  });

  it("listens", () => {
    const click = vi.fn();
    h("button", { on: { click } }).click();
    expect(click).toHaveBeenCalledOnce();
  });
});

it("setText keeps the text node of a cell", () => {
  const el = h("div", {}, "one");
  const node = el.firstChild;
  setText(el, "two");
  expect(el.firstChild).toBe(node);
  expect(el.textContent).toBe("two");
  setText(el, "");
  expect(el.textContent).toBe("");
});

it("setAttribute removes with null", () => {
  const el = h("div", { id: "x" });
  setAttribute(el, "id", null);
  setAttribute(el, "aria-sort", "ascending");
  expect(el.hasAttribute("id")).toBe(false);
  expect(el.getAttribute("aria-sort")).toBe("ascending");
});

it("replace puts other children in", () => {
  const el = h("div", {}, "old");
  replace(el, h("b", {}, "new"), " text");
  expect(el.textContent).toBe("new text");
});

it("icons are hidden from screen readers", () => {
  expect(icon("close").getAttribute("aria-hidden")).toBe("true");
});

it("finds the focus inside a shadow root", () => {
  const host = h("div");
  document.body.append(host);
  const input = h("input");
  host.attachShadow({ mode: "open" }).append(input);
  input.focus();
  expect(focused(input)).toBe(input);
  host.remove();
});
