// The script of every page outside Jupyter: exported files, slides, `nbtrack ui`. The page says in `#nbt-page` what it is.

import views from "../index.js";
import { openExport } from "./export.js";
import { openStory } from "./story.js";
import { openInterface } from "./ui.js";

const kinds = { export: openExport, story: openStory, ui: openInterface };

async function open() {
  const page = JSON.parse(document.getElementById("nbt-page")?.textContent ?? "{}");
  const root = document.getElementById("nbt-stage") ?? document.body;
  const start = kinds[/** @type {keyof typeof kinds} */ (page.kind)];
  try {
    await start(page, root, views);
    document.documentElement.dataset.nbtReady = "true";
  } catch (cause) {
    root.textContent = `nbtrack could not draw this page: ${cause instanceof Error ? cause.message : cause}`;
  }
}

open();
