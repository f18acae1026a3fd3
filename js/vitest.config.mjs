import { defineConfig } from "vitest/config";

/** CSS arrives as text, as esbuild's loader gives it. */
const cssAsText = {
  name: "css-as-text",
  enforce: /** @type {const} */ ("pre"),
  /** @param {string} code @param {string} id */
  transform(code, id) {
    return id.endsWith(".css") ? { code: `export default ${JSON.stringify(code)};`, map: null } : undefined;
  },
};

export default defineConfig({
  plugins: [cssAsText],
  test: {
    environment: "happy-dom",
    // One page for all files of a thread: making one for each took longer than the tests in it.
    pool: "threads",
    isolate: false,
    include: ["test/**/*.test.js"],
    passWithNoTests: true,
    css: true,
  },
});
