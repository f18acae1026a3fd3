// Bundle the front end into nbtrack/static/: `node build.mjs [--watch]`.
//
// parts.json  every view, and what mounts views outside Jupyter, in parts that nbtrack.views.bundle puts together (see parts.mjs)
// loader.js   the small `_esm` of each widget: waits for a bundle of parts
// page.css    the style of pages outside Jupyter: exported files, slides, `nbtrack ui`

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { partsOf } from "./parts.mjs";
import { trimmed } from "./trim-uplot.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const outdir = join(here, "..", "nbtrack", "static");
const isWatching = process.argv.includes("--watch");

/** Every room with an index.js is a view; `page` is what opens views outside Jupyter. */
const rooms = readdirSync(join(here, "src")).filter((name) => existsSync(join(here, "src", name, "index.js")));
const pages = ["export", "story", "ui"];
const entryPoints = {
  link: "src/link.js",
  widget: "src/widget.js",
  ...Object.fromEntries(rooms.map((name) => [name, `src/${name}/index.js`])),
  ...Object.fromEntries(pages.map((name) => [name, `src/page/${name}.js`])),
};

/** Style sheets are imported as text; esbuild minifies only those it bundles as style. @type {esbuild.Plugin} */
const styles = {
  name: "styles",
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const { code } = await esbuild.transform(source, { loader: "css", minify: true, legalComments: "none" });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

/** @type {esbuild.Plugin} */
const uplot = {
  name: "uplot",
  setup(build) {
    build.onLoad({ filter: /uPlot\.esm\.js$/ }, async ({ path }) => ({
      contents: trimmed(await readFile(path, "utf8")),
    }));
  },
};

/** @type {esbuild.Plugin} */
const parts = {
  name: "parts",
  setup(build) {
    build.onEnd((result) => {
      if (result.errors.length) return;
      const made = partsOf(/** @type {any} */ (result));
      write("parts.json", JSON.stringify(made));
      for (const [name, ids] of Object.entries(made.entries)) say(name, ids.map((id) => made.parts[id]).join());
      say("everything", Object.values(made.parts).join());
    });
  },
};

/** Pages are styled without scripts too: their style sheet is a file of its own. */
async function writePageStyle() {
  const sheets = ["page", "story"].map((name) => readFileSync(join(here, "src", "page", `${name}.css`), "utf8"));
  const { code } = await esbuild.transform(sheets.join(""), { loader: "css", minify: true, legalComments: "none" });
  write("page.css", code);
}

/** In one step: whoever reads meanwhile has the old file. @param {string} name @param {string} text */
function write(name, text) {
  const path = join(outdir, name);
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

/** @param {string} name @param {string} text */
function say(name, text) {
  const kilobytes = (/** @type {number} */ bytes) => `${(bytes / 1000).toFixed(1).padStart(6)} kB`;
  console.log(`${name.padEnd(10)} ${kilobytes(text.length)}, ${kilobytes(gzipSync(text, { level: 9 }).length)} gzip`);
}

/** @type {esbuild.BuildOptions} */
const options = {
  absWorkingDir: here,
  outdir,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: !isWatching,
  charset: "utf8",
  legalComments: "none", // they stand in nbtrack/static/notices.txt
  loader: { ".svg": "text" },
  logLevel: "warning",
};

mkdirSync(outdir, { recursive: true });
await writePageStyle();
await esbuild.build({ ...options, minify: true, entryPoints: ["src/loader.js"] });
const inParts = await esbuild.context({
  ...options,
  entryPoints,
  splitting: true,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  metafile: true,
  write: false,
  plugins: [styles, uplot, parts],
});
if (isWatching) {
  await inParts.watch();
  console.log("watching js/src (Ctrl+C ends)");
} else {
  await inParts.rebuild();
  await inParts.dispose();
}
