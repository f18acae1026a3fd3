// Things that open over the page: menus, pickers, lists. They live in the top layer, so no output area cuts them off.

import { focused, h, icon } from "./dom.js";

/**
 * @typedef {object} Item
 * @property {string} label
 * @property {() => void} [act]
 * @property {Parameters<typeof icon>[0]} [icon]
 * @property {string} [detail] short text at the right
 * @property {boolean} [checked] for items that are switched on and off
 * @property {boolean} [disabled]
 *
 * @typedef {object} Opening
 * @property {Element | DOMRect} at what it belongs to
 * @property {string} label for screen readers
 * @property {string} [role]
 * @property {"auto" | "manual"} [mode] auto: closes on Escape and on a click elsewhere
 * @property {boolean} [alignEnd] right edges together
 * @property {() => void} [onClose]
 */

const GAP = 4;
const LONG = 30; // characters that may not fit

export class Popover {
  /** @type {HTMLElement | null} */
  el = null;
  /** @type {Element | null} */
  #before = null;
  /** @type {(() => void) | undefined} */
  #onClose;
  /** @type {AbortController | null} */
  #listening = null;

  /**
   * @param {HTMLElement} host where it is put: inside the widget, so that styles and themes reach it
   * @param {AbortSignal} until
   */
  constructor(host, until) {
    this.host = host;
    until.addEventListener("abort", () => this.close(), { once: true });
  }

  get isOpen() {
    return this.el !== null;
  }

  /**
   * @param {Node[]} content
   * @param {Opening} opening
   */
  open(content, { at, label, role = "dialog", mode = "auto", alignEnd = false, onClose }) {
    this.close();
    const el = h("div", { class: "nbt-pop", role, "aria-label": label, popover: mode, tabindex: -1 }, content);
    this.el = el;
    this.#onClose = onClose;
    this.#before = focused(this.host);
    this.host.append(el);
    el.showPopover?.();
    this.place(at, alignEnd);
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    // "toggle" would come after the click that closed it, too late for a button that opens and closes
    el.addEventListener("beforetoggle", (event) => event.newState === "closed" && queueMicrotask(() => this.close()), {
      signal,
    });
    el.addEventListener("keydown", (event) => event.key === "Escape" && this.#escape(event), { signal });
    // a page that scrolls away below would leave it standing in the air; outputs that grow above scroll it while somebody types
    document.addEventListener(
      "scroll",
      (event) => !this.host.contains(/** @type {Node} */ (event.target)) && this.#follow(at, alignEnd),
      { capture: true, passive: true, signal },
    );
    return el;
  }

  /** @param {KeyboardEvent} event */
  #escape(event) {
    event.stopPropagation();
    event.preventDefault();
    this.close();
  }

  /**
   * Stay with what it belongs to, as long as that is in sight; where that was drawn anew meanwhile, stay where it is: somebody reads it.
   * @param {Element | DOMRect} at
   * @param {boolean} alignEnd
   */
  #follow(at, alignEnd) {
    if (at instanceof Element && !at.isConnected) return;
    const box = at instanceof Element ? at.getBoundingClientRect() : null;
    if (box && box.bottom > 0 && box.top < globalThis.innerHeight) this.place(at, alignEnd);
    else this.close();
  }

  /**
   * @param {Element | DOMRect} at
   * @param {boolean} [alignEnd]
   */
  place(at, alignEnd = false) {
    const { el } = this;
    if (!el) return;
    const box = at instanceof Element ? at.getBoundingClientRect() : at;
    const { offsetWidth: width, offsetHeight: height } = el;
    const { innerWidth, innerHeight } = globalThis;
    const below = box.bottom + GAP;
    const top = below + height > innerHeight && box.top - GAP - height > 0 ? box.top - GAP - height : below;
    const left = alignEnd ? box.right - width : box.left;
    el.style.top = `${Math.max(GAP, Math.min(top, innerHeight - height - GAP))}px`;
    el.style.left = `${Math.max(GAP, Math.min(left, innerWidth - width - GAP))}px`;
  }

  /** Close; the focus goes back to where it was, unless it has moved on. */
  close() {
    const { el } = this;
    if (!el) return;
    const inside = el.contains(focused(this.host));
    this.el = null;
    this.#listening?.abort();
    el.remove();
    if (inside && this.#before instanceof HTMLElement && this.#before.isConnected)
      this.#before.focus({ preventScroll: true });
    this.#onClose?.();
  }
}

/**
 * A menu that arrow keys walk through.
 * @param {(Item | "line" | { title: string })[]} items
 * @param {Popover} popover
 * @returns {HTMLElement}
 */
export function menuList(items, popover) {
  const list = h("div", { role: "presentation" });
  for (const item of items) {
    if (item === "line") list.append(h("hr"));
    else if ("title" in item) list.append(h("div", { class: "nbt-pop-title", role: "presentation" }, item.title));
    else list.append(menuItem(item, popover));
  }
  list.addEventListener("keydown", (event) => walk(event, list, "[role^=menuitem]"));
  return list;
}

/** @param {Item} item @param {Popover} popover */
function menuItem({ label, act, icon: picture, detail, checked, disabled }, popover) {
  const tick = checked === undefined ? null : h("span", { class: "nbt-tick" }, checked ? icon("check", 13) : null);
  return h(
    "button",
    {
      class: "nbt-item",
      type: "button",
      role: checked === undefined ? "menuitem" : "menuitemcheckbox",
      "aria-checked": checked === undefined ? null : String(checked),
      "aria-disabled": disabled ? "true" : null,
      tabindex: -1,
      title: label.length > LONG ? label : null,
      on: {
        click: () => {
          if (disabled) return;
          popover.close();
          act?.();
        },
      },
    },
    tick,
    picture ? icon(picture) : null,
    h("span", {}, label),
    detail ? h("span", { class: "nbt-detail" }, detail) : null,
  );
}

/**
 * Open a menu below an element, with its first item in focus.
 * @param {Popover} popover
 * @param {(Item | "line" | { title: string })[]} items
 * @param {Opening} opening
 */
export function openMenu(popover, items, opening) {
  const el = popover.open([menuList(items, popover)], { role: "menu", ...opening });
  /** @type {HTMLElement | null} */ (el.querySelector("[role^=menuitem]"))?.focus({ preventScroll: true });
}

/**
 * Up, Down, Home and End move the focus among the elements that match.
 * @param {KeyboardEvent} event
 * @param {Element} inside
 * @param {string} selector
 * @param {boolean} [sideways] Left and Right do, too
 */
export function walk(event, inside, selector, sideways = false) {
  const all = /** @type {HTMLElement[]} */ ([...inside.querySelectorAll(selector)]);
  const at = all.indexOf(/** @type {HTMLElement} */ (focused(inside)));
  /** @type {Record<string, number>} */
  const beside = sideways ? { ArrowRight: at + 1, ArrowLeft: at - 1 } : {};
  /** @type {Record<string, number>} */
  const places = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1, ...beside };
  const to = places[event.key];
  if (to === undefined || !all.length) return;
  event.preventDefault();
  event.stopPropagation();
  all[(to + all.length) % all.length]?.focus();
}
