// Pictures of runs: beside each other, one over the other, what differs, or in turns. Series move by step, all together.

import { h, replace } from "../kit/dom.js";
import { differencePixels, stepAt } from "./image-pixels.js";

/**
 * @typedef {"side" | "swipe" | "difference" | "blink"} Mode
 * @typedef {{ run: string, label: string, steps: number[], url: (step: number | null) => Promise<string> }} Source
 *   `steps` is empty for a single picture
 */

/** @type {[Mode, string][]} */
const MODES = [
  ["side", "Side by side"],
  ["swipe", "Swipe"],
  ["difference", "Difference"],
  ["blink", "Blink"],
];
const BLINK = 700;
const SMALL = 128; // pixels

export class ImageView {
  #turn = 0;
  #gain = 4;
  #share = 50;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #blinking;

  /**
   * @param {Source[]} sources the base first, then the run beside it, then others
   * @param {AbortSignal} until
   */
  constructor(sources, until) {
    this.sources = sources;
    /** @type {Mode} */
    this.mode = "side";
    const steps = [...new Set(sources.flatMap((source) => source.steps))].sort((a, b) => a - b);
    this.steps = steps;
    this.step = steps.at(-1) ?? null;
    this.stage = h("div", { class: "nbt-cmp-stage" });
    this.bar = h("div", { class: "nbt-cmp-modes", role: "group", "aria-label": "How the pictures are shown" });
    this.el = h("div", {}, this.bar, this.#stepBar(), this.stage);
    until.addEventListener("abort", () => clearInterval(this.#blinking), { once: true });
    this.draw();
  }

  #stepBar() {
    if (this.steps.length < 2) return null;
    const said = h("output", { class: "nbt-cmp-count" }, `step ${this.step}`);
    const slider = h("input", {
      type: "range",
      min: 0,
      max: this.steps.length - 1,
      value: String(this.steps.length - 1),
      "aria-label": "Step",
      on: {
        input: () => {
          this.step = this.steps[Number(slider.value)] ?? null;
          replace(said, `step ${this.step}`);
          slider.setAttribute("aria-valuetext", `step ${this.step}`);
          this.draw();
        },
      },
    });
    return h("label", { class: "nbt-cmp-steps" }, "Step", slider, said);
  }

  draw() {
    clearInterval(this.#blinking);
    const two = this.sources.length > 1;
    replace(
      this.bar,
      MODES.filter(([mode]) => two || mode === "side").map(([mode, label]) =>
        h(
          "button",
          {
            class: `nbt-cmp-chip${mode === this.mode ? " nbt-on" : ""}`,
            type: "button",
            "aria-pressed": String(mode === this.mode),
            on: {
              click: () => {
                this.mode = mode;
                this.draw();
              },
            },
          },
          label,
        ),
      ),
    );
    this.#turn += 1;
    const turn = this.#turn;
    this.#show(turn).catch((cause) => {
      if (turn === this.#turn)
        replace(this.stage, h("p", { class: "nbt-cmp-note", role: "alert" }, String(cause.message)));
    });
  }

  /** @param {number} turn */
  async #show(turn) {
    const sources = this.mode === "side" ? this.sources : this.sources.slice(0, 2);
    const shown = await Promise.all(sources.map((source) => this.#load(source)));
    if (turn !== this.#turn) return;
    const [a, b] = shown;
    if (this.mode === "side" || !a || !b) {
      replace(this.stage, h("div", { class: "nbt-cmp-side" }, shown.map(figure)));
    } else if (this.mode === "swipe") replace(this.stage, this.#swipe(a, b));
    else if (this.mode === "blink") replace(this.stage, this.#blink(a, b));
    else {
      const figure = await this.#difference(a, b);
      if (turn === this.#turn) replace(this.stage, figure);
    }
  }

  /** @param {Source} source */
  async #load(source) {
    const step = this.step === null ? null : stepAt(source.steps, this.step);
    const img = h("img", { alt: `${source.label}${step === null ? "" : `, step ${step}`}` });
    img.addEventListener("load", () => img.classList.toggle("nbt-cmp-small", img.naturalWidth <= SMALL), {
      once: true,
    });
    img.src = await source.url(step);
    return { img, label: source.label, step, wanted: this.step };
  }

  /** @param {Shown} a @param {Shown} b */
  #swipe(a, b) {
    const over = h("div", { class: "nbt-cmp-over" }, a.img, b.img);
    const place = () => {
      b.img.style.clipPath = `inset(0 0 0 ${this.#share}%)`;
      over.style.setProperty("--at", `${this.#share}%`);
    };
    const slider = h("input", {
      type: "range",
      class: "nbt-cmp-slide",
      min: 0,
      max: 100,
      step: 0.5,
      value: String(this.#share),
      "aria-label": `${a.label} at the left, ${b.label} at the right`,
      on: {
        input: () => {
          this.#share = Number(slider.value);
          place();
        },
      },
    });
    over.append(slider);
    place();
    return h("figure", { class: "nbt-cmp-figure" }, over, h("figcaption", {}, `${a.label} │ ${b.label}`));
  }

  /** @param {Shown} a @param {Shown} b */
  #blink(a, b) {
    const over = h("div", { class: "nbt-cmp-over" }, a.img, b.img);
    const said = h("b", {}, a.label);
    let second = false;
    const turn = () => {
      second = !second;
      b.img.style.visibility = second ? "visible" : "hidden";
      replace(said, second ? b.label : a.label);
    };
    b.img.style.visibility = "hidden";
    const still = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;
    const button = h("button", { class: "nbt-plain", type: "button" });
    const start = (/** @type {boolean} */ on) => {
      clearInterval(this.#blinking);
      this.#blinking = on ? setInterval(turn, BLINK) : undefined;
      replace(button, on ? "Hold" : "Show the other");
    };
    button.addEventListener("click", () => {
      if (this.#blinking) start(false);
      else turn();
    });
    start(!still);
    return h("figure", { class: "nbt-cmp-figure" }, over, h("figcaption", {}, said, button));
  }

  /** @param {Shown} a @param {Shown} b */
  async #difference(a, b) {
    const canvas = h("canvas", { role: "img" });
    const said = h("span", {});
    const paint = () => {
      const found = difference(canvas, a.img, b.img, this.#gain);
      const text = !found
        ? "This browser cannot compare the pictures."
        : found.most === 0
          ? "No pixel differs."
          : `${(100 * found.share).toPrecision(3)} % of the pixels differ, by up to ${found.most} of 255.`;
      const sizes = a.img.naturalWidth === b.img.naturalWidth && a.img.naturalHeight === b.img.naturalHeight;
      replace(said, text, sizes ? "" : " The pictures differ in size.");
      canvas.setAttribute("aria-label", text);
    };
    const slider = h("input", {
      type: "range",
      min: 1,
      max: 32,
      value: String(this.#gain),
      "aria-label": "Amplify the difference",
      on: {
        input: () => {
          this.#gain = Number(slider.value);
          paint();
        },
      },
    });
    await Promise.all([loaded(a.img), loaded(b.img)]);
    canvas.width = Math.max(a.img.naturalWidth, b.img.naturalWidth, 1);
    canvas.height = Math.max(a.img.naturalHeight, b.img.naturalHeight, 1);
    paint();
    return h(
      "figure",
      { class: "nbt-cmp-figure" },
      canvas,
      h("figcaption", {}, said, h("label", { class: "nbt-cmp-steps" }, "Amplify", slider)),
    );
  }
}

/** A broken picture has loaded, too. @param {HTMLImageElement} img */
function loaded(img) {
  if (img.complete) return Promise.resolve();
  return new Promise((resolve) => {
    for (const event of ["load", "error"]) img.addEventListener(event, () => resolve(undefined), { once: true });
  });
}

/** @typedef {{ img: HTMLImageElement, label: string, step: number | null, wanted: number | null }} Shown */

/** @param {Shown} shown */
function figure({ img, label, step, wanted }) {
  const other = step !== wanted && step !== null ? ` (step ${step})` : "";
  return h("figure", { class: "nbt-cmp-figure" }, img, h("figcaption", {}, h("b", {}, label), other));
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLImageElement} a
 * @param {HTMLImageElement} b
 * @param {number} gain
 */
function difference(canvas, a, b, gain) {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return null;
  const { width, height } = canvas;
  const pixels = (/** @type {HTMLImageElement} */ img) => {
    context.clearRect(0, 0, width, height);
    context.drawImage(img, 0, 0);
    return context.getImageData(0, 0, width, height);
  };
  try {
    const [first, second] = [pixels(a), pixels(b)];
    const found = differencePixels(first.data, second.data, first.data, gain);
    context.putImageData(first, 0, 0);
    return found;
  } catch {
    return null; // a broken picture
  }
}
