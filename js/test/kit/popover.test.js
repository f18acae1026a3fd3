import { afterEach, beforeEach, expect, it } from "vitest";
import { Popover } from "../../src/kit/popover.js";

const closing = new AbortController();
/** @type {HTMLElement} */
let host;
/** @type {HTMLElement} */
let button;
/** @type {Popover} */
let popover;

beforeEach(() => {
  host = document.createElement("div");
  button = document.createElement("button");
  host.append(button);
  document.body.append(host);
  popover = new Popover(host, closing.signal);
});

afterEach(() => {
  popover.close();
  host.remove();
});

/** @param {number} top */
function moveTo(top) {
  button.getBoundingClientRect = () => new DOMRect(10, top, 80, 20);
  document.dispatchEvent(new Event("scroll"));
}

it("goes with its button when the page scrolls: an output that grows above takes nobody's words away", () => {
  moveTo(100);
  const input = document.createElement("input");
  const el = popover.open([input], { at: button, label: "Name" });
  input.focus();
  const before = el.style.top;
  moveTo(60);
  expect(popover.isOpen).toBe(true);
  expect(Number.parseFloat(before) - Number.parseFloat(el.style.top)).toBe(40);
  expect(document.activeElement).toBe(input);
});

it("closes when its button is out of sight, or it belongs to no element; one whose button is drawn anew stays", () => {
  moveTo(100);
  popover.open([], { at: button, label: "Name" });
  moveTo(-50);
  expect(popover.isOpen).toBe(false);
  popover.open([], { at: new DOMRect(1, 2, 3, 4), label: "Name" });
  moveTo(100);
  expect(popover.isOpen).toBe(false);
  popover.open([], { at: button, label: "Name" });
  button.remove();
  document.dispatchEvent(new Event("scroll"));
  expect(popover.isOpen).toBe(true);
});
