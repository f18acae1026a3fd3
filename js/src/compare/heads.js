// The heads of the columns: which run, which one is the base, and dragging them into another order.

import { h, icon } from "../kit/dom.js";
import { openMenu } from "../kit/popover.js";

/** @typedef {import("./compare.js").Compare} Compare */

const FAR_ENOUGH = 5; // px

/**
 * @param {Compare} compare
 * @param {import("./window.js").Shape} shape
 * @param {{ first: number, last: number }} columns
 */
export function headCells(compare, shape, { first, last }) {
  const { state } = compare;
  const runs = state.runs.value;
  const corner = h(
    "div",
    {
      class: "nbt-cmp-key nbt-cmp-corner",
      role: "columnheader",
      "aria-colindex": 1,
      style: { width: `${shape.key}px` },
    },
    h("span", {}, runs.length === 1 ? "1 run" : `${runs.length} runs`),
    state.removed.value.length
      ? h(
          "button",
          {
            class: "nbt-plain",
            type: "button",
            title: "Bring back the run removed last",
            on: { click: () => state.bringBack() },
          },
          icon("undo", 12),
          "Bring back",
        )
      : null,
  );
  const cells = [corner];
  for (let column = 0; column < shape.frozen; column += 1) cells.push(headCell(compare, shape, column));
  if (first > shape.frozen)
    cells.push(h("div", { class: "nbt-cmp-gap", style: { width: `${(first - shape.frozen) * shape.column}px` } }));
  for (let column = first; column < last; column += 1) cells.push(headCell(compare, shape, column));
  return cells;
}

/**
 * @param {Compare} compare
 * @param {import("./window.js").Shape} shape
 * @param {number} column
 */
function headCell(compare, shape, column) {
  const { state } = compare;
  const run = state.runs.value[column] ?? "";
  const head = state.data.heads.get(run);
  const label = state.data.label(run);
  const isBase = run === state.base.value;
  const fixed = column < shape.frozen;
  const more = h(
    "button",
    {
      class: "nbt-plain nbt-cmp-more",
      type: "button",
      tabindex: -1,
      "aria-label": `Run ${label}`,
      "aria-haspopup": "menu",
      on: {
        click: (/** @type {MouseEvent} */ event) =>
          openHeadMenu(compare, run, /** @type {Element} */ (event.currentTarget)),
      },
    },
    icon("more", 13),
  );
  const choose = h(
    "button",
    {
      class: "nbt-cmp-pill nbt-cmp-choose",
      type: "button",
      tabindex: -1,
      title: `Compare with ${label}`,
      on: { click: () => state.setBase(run) },
    },
    "set as base",
  );
  return h(
    "div",
    {
      class: `nbt-cmp-th${fixed ? " nbt-cmp-fixed" : ""}${isBase ? " nbt-cmp-base" : ""}`,
      role: "columnheader",
      "aria-colindex": column + 2,
      title: isBase ? `${head?.name ?? label}: the others are compared with this run` : (head?.name ?? label),
      style: { width: `${shape.column}px`, ...(fixed ? { left: `${shape.key}px` } : {}) },
      data: { run, column: column + 1 },
    },
    h(
      "div",
      { class: "nbt-cmp-run" },
      h("span", {
        class: "nbt-cmp-dot",
        title: (head?.status ?? "").toLowerCase(),
        data: { status: head?.status ?? "" },
      }),
      h("b", {}, label),
      isBase ? h("span", { class: "nbt-cmp-pill" }, "base") : null,
    ),
    h("div", { class: "nbt-cmp-run-name" }, head && head.number !== null ? head.name : ""),
    h("div", { class: "nbt-cmp-acts" }, isBase ? null : choose, more),
  );
}

/** @param {Compare} compare @param {string} run @param {Element} at */
export function openHeadMenu(compare, run, at) {
  const { state } = compare;
  const place = state.runs.value.indexOf(run);
  const isBase = place === 0;
  const last = state.runs.value.length - 1;
  openMenu(
    compare.popover,
    [
      { title: state.data.heads.get(run)?.name ?? state.data.label(run) },
      { label: "Compare with this run", icon: "pin", detail: "b", disabled: isBase, act: () => state.setBase(run) },
      {
        label: "Move left",
        icon: "left",
        detail: "Alt ←",
        disabled: place <= 1,
        act: () => state.move(run, place - 1),
      },
      {
        label: "Move right",
        icon: "right",
        detail: "Alt →",
        disabled: isBase || place === last,
        act: () => state.move(run, place + 1),
      },
      "line",
      { label: "Copy run id", icon: "copy", act: () => void compare.copy(run, "Run id copied") },
      {
        label: "Remove from the comparison",
        icon: "close",
        detail: "Del",
        disabled: last === 0,
        act: () => state.remove(run),
      },
    ],
    { at, label: `Run ${state.data.label(run)}`, alignEnd: true },
  );
}

/**
 * Drag a head to another place. The row of heads listens, not the head: it may be drawn anew under the pointer.
 * @param {Compare} compare
 * @param {HTMLElement} heads
 */
export function listenDrag(compare, heads) {
  const { state } = compare;
  heads.addEventListener("pointerdown", (down) => {
    const target = down.target instanceof Element ? down.target : null;
    const run = /** @type {HTMLElement | null} */ (target?.closest("[data-run]"))?.dataset.run;
    if (!run || run === state.base.value || down.button !== 0 || target?.closest("button")) return;
    const from = state.runs.value.indexOf(run);
    let to = from;
    let far = 0;
    const letGo = new AbortController();
    const { signal } = letGo;
    const head = () => /** @type {HTMLElement | null} */ (heads.querySelector(`[data-run="${run}"]`));
    heads.setPointerCapture?.(down.pointerId);
    const moved = (/** @type {PointerEvent} */ event) => {
      far =
        Math.abs(far) >= FAR_ENOUGH || Math.abs(event.clientX - down.clientX) >= FAR_ENOUGH
          ? event.clientX - down.clientX
          : 0;
      if (!far) return;
      const el = head();
      el?.classList.add("nbt-cmp-dragged");
      el?.style.setProperty("transform", `translateX(${far}px)`);
      to = Math.max(1, Math.min(state.runs.value.length - 1, from + Math.round(far / compare.grid.shape.column)));
    };
    const ended = (/** @type {PointerEvent} */ event) => {
      letGo.abort();
      const el = head();
      el?.classList.remove("nbt-cmp-dragged");
      el?.style.removeProperty("transform");
      if (event.type === "pointerup" && to !== from) state.move(run, to);
    };
    heads.addEventListener("pointermove", moved, { signal });
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"]))
      heads.addEventListener(name, ended, { signal });
  });
}
