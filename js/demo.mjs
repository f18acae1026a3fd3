// A page with made-up runs, to look at the widgets without Jupyter: `node demo.mjs [out.html]`, then open
// out.html?n=10000&theme=dark&live=1 in a browser.

import { writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, "demo.html"));
const { outputFiles } = await esbuild.build({
  absWorkingDir: here,
  entryPoints: ["test/demo-page.js"],
  bundle: true,
  format: "esm",
  write: false,
  loader: { ".css": "text" },
});
const script = outputFiles[0].text.replaceAll("</script", "<\\/script");
writeFileSync(
  out,
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>nbtrack</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root{color-scheme:light dark}body{margin:16px;background:light-dark(#fff,#15171c)}</style></head>
<body><script type="module">${script}</script></body></html>\n`,
);
console.log(out);
