// A view in a notebook, once its bundle is there: what the loader hands over to.

/**
 * @param {any} model
 * @param {HTMLElement} el
 * @param {import("./link.js").Use} use
 * @param {(bytes: any) => Promise<import("./link.js").Use>} unpack
 * @returns {Promise<(() => void) | undefined>} takes the view away
 */
export async function render(model, el, use, unpack) {
  const name = model.get("_view");
  const view = use(name);
  if (!view) throw new Error(`this bundle has no view named "${name}"`);
  const cleanup = await view.render({ model, el, load: (/** @type {string} */ part) => use(part) ?? ask(part) });
  el.classList.add("nbt-root"); // the style of the summary output hides that output from now on
  const summary = document.getElementById(model.get("_fallback_id") || "nbt-none");
  if (summary) summary.style.display = "none";
  return cleanup;

  /** What was not needed at once: a busy kernel sends it when its cell ends. @param {string} part */
  function ask(part) {
    return new Promise((resolve, reject) => {
      const hear = (/** @type {any} */ message, /** @type {any[]} */ buffers) => {
        if (message?.kind !== "part" || message.name !== part) return;
        model.off("msg:custom", hear);
        unpack(buffers[0]).then((found) => resolve(found(part)), reject);
      };
      model.on("msg:custom", hear);
      model.send({ kind: "need", part });
    });
  }
}
