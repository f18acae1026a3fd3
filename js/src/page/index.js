// What opens every page outside Jupyter: exported files, slides, `nbtrack ui`. The page says in `#nbt-page` what it is.

/**
 * @param {import("../link.js").Use} use finds what is in the script of the page
 */
export async function start(use) {
  const page = JSON.parse(document.getElementById("nbt-page")?.textContent ?? "{}");
  const root = document.getElementById("nbt-stage") ?? document.body;
  /** @type {import("./stage.js").Load} */
  const load = (name) => use(name) ?? (page.code?.[name] ? fetched(page.code[name], name) : undefined);
  try {
    await use(page.kind).open(page, root, load);
    document.documentElement.dataset.nbtReady = "true";
  } catch (cause) {
    root.textContent = `nbtrack could not draw this page: ${cause instanceof Error ? cause.message : cause}`;
  }
}

/** @param {string} address of a bundle @param {string} name */
async function fetched(address, name) {
  const { default: use } = await import(/* @vite-ignore */ address);
  return use(name);
}
