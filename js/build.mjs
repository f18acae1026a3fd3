// Bundle the front end into nbtrack/static/: `node build.mjs [--watch]`.
//
// nbtrack.js  every widget as one self-contained ES module
// loader.js   the small `_esm` of each widget: fetches nbtrack.js once a page
// page.js     the same views and what mounts them outside Jupyter: exported files, slides, `nbtrack ui`; page.css its style

import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const outdir = join(here, "..", "nbtrack", "static");

/** @type {Record<string, string>} output name -> source; a source still to be written is left out */
const entries = { nbtrack: "src/index.js", loader: "src/loader.js", page: "src/page/index.js" };
const entryPoints = Object.fromEntries(Object.entries(entries).filter(([, source]) => existsSync(join(here, source))));

/** @type {esbuild.Plugin} */
const sizes = {
  name: "sizes",
  setup(build) {
    build.onEnd((result) => {
      for (const file of Object.keys(result.metafile?.outputs ?? {})) {
        const path = join(here, file);
        const { size } = statSync(path);
        const zipped = gzipSync(readFileSync(path)).length;
        console.log(`${relative(join(here, ".."), path)}  ${kilobytes(size)} (${kilobytes(zipped)} gzip)`);
      }
    });
  },
};

/** Style sheets are imported as text; esbuild minifies only those it bundles as style. @type {esbuild.Plugin} */
const styles = {
  name: "styles",
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const { code } = await esbuild.transform(source, { loader: "css", minify: true, legalComments: "none" });
      return { contents: code, loader: "text" };
    });
  },
};

/** Pages are styled without scripts too: their style sheet is a file of its own. */
async function writePageStyle() {
  const parts = ["page", "story"].map((name) => readFileSync(join(here, "src", "page", `${name}.css`), "utf8"));
  const { code } = await esbuild.transform(parts.join(""), { loader: "css", minify: true, legalComments: "none" });
  mkdirSync(outdir, { recursive: true });
  writeFileSync(join(outdir, "page.css"), code);
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

/** @type {esbuild.BuildOptions} */
const options = {
  absWorkingDir: here,
  entryPoints,
  outdir,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  metafile: true,
  charset: "utf8",
  legalComments: "inline",
  loader: { ".svg": "text" },
  logLevel: "warning",
  plugins: [styles, sizes],
};

await writePageStyle();
if (process.argv.includes("--watch")) {
  const context = await esbuild.context({ ...options, minify: false, sourcemap: "inline" });
  await context.watch();
  console.log("watching js/src (Ctrl+C ends)");
} else {
  await esbuild.build(options);
}
