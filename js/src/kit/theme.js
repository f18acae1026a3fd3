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
      found[name] = getComputedStyle(probe).color || grey[name];
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
 * Relative brightness, 0 to 1, of `rgb(…)` or `color(srgb …)` as browsers compute them.
 * @param {string} colour
 */
export function lightness(colour) {
  const parts = (colour.match(/[\d.]+/g) ?? []).map(Number);
  const [r = 255, g = 255, b = 255] = colour.startsWith("color") ? parts.map((part) => part * 255) : parts;
  return (0.299 * r + 0.587 * g + 0.114 * b) / 255;
}
