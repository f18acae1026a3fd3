// Images: fit or zoom, a chequered ground where they are transparent, sharp pixels when small, a slider over steps.

import { h, icon } from "../../kit/dom.js";
import { bytesOf } from "../bytes.js";
import { messageOf, toolRow } from "./parts.js";

const TYPES = /^image\/(png|jpeg|gif|webp|svg\+xml|avif|bmp|apng|x-icon|vnd\.microsoft\.icon)$/;
const ZOOMS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32];
const SMALL = 100;
const GRID_FROM = 8;

/** @param {import("../preview.js").Look} look */
export function drawImage(look) {
  return new ImageView(look).parts;
}

class ImageView {
  /** @type {number | "fit"} */
  zoom = "fit";

  /** @param {import("../preview.js").Look} look */
  constructor(look) {
    this.look = look;
    this.image = h("img", { class: "nbt-image", alt: look.facts.path, draggable: "false" });
    this.frame = h(
      "div",
      { class: "nbt-image-frame" },
      this.image,
      h("div", { class: "nbt-image-grid", hidden: true }),
    );
    this.stage = h("div", { class: "nbt-image-stage", tabindex: 0, role: "group", "aria-label": "Image" }, this.frame);
    this.size = h("span", { class: "nbt-image-size" });
    this.image.addEventListener("load", () => this.#fit());
    this.image.addEventListener("error", () => {
      this.size.textContent = "The browser cannot show this image; it may be damaged.";
      this.frame.hidden = true;
    });
    this.stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.stage.addEventListener("keydown", (event) => this.#press(event));
    this.stage.addEventListener("dblclick", () => this.set(this.zoom === "fit" ? 1 : "fit"));
    const watch = new ResizeObserver(() => this.zoom === "fit" && this.#fit());
    watch.observe(this.stage);
    look.until.addEventListener("abort", () => watch.disconnect(), { once: true });
    this.#take(look.facts.type, look.buffers[0]);
    const button = (/** @type {string} */ text, /** @type {string} */ label, /** @type {() => void} */ act) =>
      h(
        "button",
        { class: "nbt-button nbt-look-button", type: "button", "aria-label": label, title: label, on: { click: act } },
        text,
      );
    const tools = toolRow(
      button("Fit", "Fit into view (0)", () => this.set("fit")),
      button("1:1", "One to one (1)", () => this.set(1)),
      button("−", "Smaller (−)", () => this.step(-1)),
      button("+", "Larger (+)", () => this.step(1)),
      this.size,
    );
    this.parts = [tools, ...(look.facts.series?.length ? [this.#slider(look.facts.series)] : []), this.stage];
  }

  /** @param {string} type @param {any} buffer */
  #take(type, buffer) {
    // an <img> runs no script of an SVG and loads nothing for it
    const blob = new Blob([bytesOf(buffer)], { type: TYPES.test(type) ? type : "image/png" });
    this.image.src = this.look.url(blob);
  }

  /** @param {number | "fit"} zoom */
  set(zoom) {
    this.zoom = zoom;
    this.#fit();
  }

  /** @param {number} by */
  step(by) {
    const now = this.#scale();
    const next = by > 0 ? ZOOMS.find((each) => each > now * 1.01) : ZOOMS.findLast((each) => each < now * 0.99);
    if (next) this.set(next);
  }

  #scale() {
    if (this.zoom !== "fit") return this.zoom;
    const { naturalWidth: width, naturalHeight: height } = this.image;
    const room = Math.min((this.stage.clientWidth - 24) / (width || 1), (this.stage.clientHeight - 24) / (height || 1));
    const whole = Math.max(width, height) <= SMALL ? Math.max(1, Math.floor(room)) : 1;
    return room > 0 ? Math.min(room, Math.min(16, whole)) : 1;
  }

  #fit() {
    const { naturalWidth: width, naturalHeight: height } = this.image;
    if (!width || !height) return;
    const scale = this.#scale();
    const isSmall = Math.max(width, height) <= SMALL;
    this.frame.hidden = false;
    this.frame.style.width = `${width * scale}px`;
    this.frame.style.height = `${height * scale}px`;
    this.frame.style.setProperty("--nbt-pixel", `${scale}px`);
    this.image.classList.toggle("nbt-pixels", scale > 1 && (isSmall || scale >= 4));
    const [, grid] = this.frame.children;
    if (grid instanceof HTMLElement) grid.hidden = scale < GRID_FROM;
    this.size.textContent = `${width} × ${height} px · ${Math.round(scale * 100)} %`;
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.step(event.deltaY < 0 ? 1 : -1);
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    /** @type {Record<string, () => void>} */
    const keys = {
      0: () => this.set("fit"),
      1: () => this.set(1),
      "+": () => this.step(1),
      "=": () => this.step(1),
      "-": () => this.step(-1),
    };
    const act = keys[event.key];
    if (!act) return;
    act();
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {{ step: number, path: string }[]} series */
  #slider(series) {
    const here = series.findIndex(({ path }) => path === this.look.facts.path);
    const label = h("output", {});
    const input = h("input", {
      type: "range",
      min: 0,
      max: series.length - 1,
      step: 1,
      value: String(Math.max(0, here)),
      "aria-label": "Step",
    });
    let asked = 0;
    const show = async () => {
      const at = series[Number(input.value)];
      if (!at) return;
      asked += 1;
      const mine = asked;
      this.#sayStep(label, input, at.step, series);
      try {
        const { content, buffers } = await this.look.other(at.path);
        if (mine === asked) this.#take(content.type, buffers[0]);
      } catch (cause) {
        if (mine === asked) this.look.say(this.look.offline ? "This step is not in this page." : messageOf(cause));
      }
    };
    const move = (/** @type {number} */ by) => {
      input.value = String(Number(input.value) + by);
      void show();
    };
    input.addEventListener("input", () => void show());
    // JupyterLab takes the arrow keys from a slider
    input.addEventListener("keydown", (event) => {
      const now = Number(input.value);
      const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, Home: -now, End: series.length - 1 - now }[
        event.key
      ];
      if (by === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      move(by);
    });
    this.#sayStep(label, input, series[Math.max(0, here)]?.step ?? 0, series);
    const button = (/** @type {string} */ text, /** @type {"left" | "right"} */ picture, /** @type {number} */ by) =>
      h(
        "button",
        { class: "nbt-button nbt-look-button", type: "button", "aria-label": text, on: { click: () => move(by) } },
        icon(picture),
      );
    return h(
      "div",
      { class: "nbt-look-tools nbt-image-steps" },
      button("Earlier step", "left", -1),
      input,
      button("Later step", "right", 1),
      label,
    );
  }

  /** @param {HTMLElement} label @param {HTMLInputElement} input @param {number} step @param {{ step: number }[]} series */
  #sayStep(label, input, step, series) {
    label.textContent = `Step ${step} of ${series.at(-1)?.step}`;
    input.setAttribute("aria-valuetext", `Step ${step}`);
  }
}
