// Audio and video in the player of the browser.

import { h } from "../../kit/dom.js";
import { bytesOf } from "../bytes.js";

/** @param {import("../preview.js").Look} look */
export function drawMedia(look) {
  const kind = look.facts.view === "audio" ? "audio" : "video";
  const type = new RegExp(`^${kind}/[\\w.+-]+$`).test(look.facts.mime) ? look.facts.mime : `${kind}/mp4`;
  const player = h(kind, { class: "nbt-media", controls: true, preload: "metadata", "aria-label": look.facts.name });
  const problem = h(
    "p",
    { class: "nbt-look-empty", hidden: true },
    "The browser cannot play this; save it to hear or see it.",
  );
  player.addEventListener("error", () => {
    problem.hidden = false;
  });
  player.src = look.url(new Blob([bytesOf(look.buffers[0])], { type }));
  look.until.addEventListener("abort", () => player.pause?.(), { once: true });
  return [player, problem];
}
