// The theme's colours as a canvas needs them: resolved, and told again when the theme changes.

import { signal } from "@preact/signals-core";

const THEME_ATTRIBUTES = ["class", "style", "data-jp-theme-light", "data-jp-theme-name", "data-vscode-theme-kind"];

/**
 * @template {string} Name
 * @param {HTMLElement} root inside which the variables hold
 * @param {Record<Name, string>} variables such as `{ line: "--nbt-spark" }`
 * @param {AbortSignal} until
 * @returns {import("@preact/signals-core").ReadonlySignal<Record<Name, string> & { dark: boolean }>} changes with the theme
 */
export function themeColours(root, variables, until) {
  const names = /** @type {Name[]} */ (Object.keys(variables));
  const grey = /** @type {Record<Name, string> & { dark: boolean }} */ ({ dark: false });
  for (const name of names) /** @type {any} */ (grey)[name] = "rgb(136, 136, 136)";
  const colours = signal(grey);
  const probe = document.createElement("span");
  const read = () => {
    if (!root.isConnected) return;
    root.append(probe);
    /** @type {any} */
    const found = {};
    for (const name of names) {
      probe.style.color = `var(${variables[name]})`;
      found[name] = plain(getComputedStyle(probe).color) || grey[name];
    }
    probe.style.color = "var(--nbt-bg)";
    found.dark = lightness(getComputedStyle(probe).color) < 0.5;
    probe.remove();
    if (JSON.stringify(found) !== JSON.stringify(colours.peek())) colours.value = found;
  };
  requestAnimationFrame(read);
  const watch = new MutationObserver(read);
  for (const el of [document.documentElement, document.body]) {
    watch.observe(el, { attributes: true, attributeFilter: THEME_ATTRIBUTES });
  }
  const scheme = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
  scheme?.addEventListener?.("change", read);
  until.addEventListener("abort", () => {
    watch.disconnect();
    scheme?.removeEventListener?.("change", read);
  });
  return colours;
}

/**
 * `color(srgb 0.1 0.1 0.1)`, as browsers compute mixed colours, as the `rgb(26, 26, 26)` that every program reads that opens an SVG.
 * @param {string} colour
 */
export function plain(colour) {
  if (!colour.startsWith("color(srgb ")) return colour;
  const [r = 0, g = 0, b = 0, alpha = 1] = (colour.match(/[\d.]+(?:e[-+]?\d+)?/g) ?? []).map(Number);
  const parts = [r, g, b].map((part) => Math.round(part * 255)).join(", ");
  return alpha < 1 ? `rgba(${parts}, ${alpha})` : `rgb(${parts})`;
}

/**
 * Relative brightness, 0 to 1, of a colour as browsers compute it.
 * @param {string} colour
 */
export function lightness(colour) {
  const [r = 255, g = 255, b = 255] = (plain(colour).match(/[\d.]+/g) ?? []).map(Number);
  return (0.299 * r + 0.587 * g + 0.114 * b) / 255;
}
