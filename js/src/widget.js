// A view in a notebook, once its bundle is there: what the loader hands over to.

/** @typedef {import("./link.js").Use} Use */

/**
 * @param {any} model
 * @param {HTMLElement} el
 * @param {Use} use
 * @param {(bytes: any) => Promise<Use>} unpack
 * @returns {Promise<(() => void) | undefined>} takes the view away
 */
export async function render(model, el, use, unpack) {
  const name = model.get("_view");
  const view = use(name);
  if (!view) throw new Error(`this bundle has no view named "${name}"`);
  // Saved with the notebook on an earlier day, it may have no kernel behind it: its summary stays until the kernel answers. What was
  // shown just now has its bundle, and must not wait for the end of a running cell.
  if (!model.get("_bundle")?.byteLength)
    await reply(model, { kind: "need", sign: true }, ({ kind }) => kind === "sign");
  const cleanup = await view.render({ model, el, load: (/** @type {string} */ part) => use(part) ?? fetched(part) });
  el.classList.add("nbt-root"); // the style of the summary output hides that output from now on
  const summary = document.getElementById(model.get("_fallback_id") || "nbt-none");
  if (summary) summary.style.display = "none";
  return cleanup;

  /** What was not needed at once: a busy kernel sends it when its cell ends. @param {string} part */
  async function fetched(part) {
    const isIt = (/** @type {any} */ message) => message.kind === "part" && message.name === part;
    const [bytes] = await reply(model, { kind: "need", part }, isIt);
    return (await unpack(bytes))(part);
  }
}

/**
 * @param {any} model
 * @param {any} question
 * @param {(message: any) => boolean} isIt
 * @returns {Promise<any[]>} the buffers of the reply
 */
function reply(model, question, isIt) {
  return new Promise((resolve) => {
    const hear = (/** @type {any} */ message, /** @type {any[]} */ buffers) => {
      if (!isIt(message ?? {})) return;
      model.off("msg:custom", hear);
      resolve(buffers);
    };
    model.on("msg:custom", hear);
    model.send(question);
  });
}
