// The `_esm` of every nbtrack widget. It is small on purpose: a notebook that saves widget state saves this file once
// per widget, while the bundle (every view) travels once a page and is never saved.

/**
 * @typedef {{ render: (context: any) => any }} View
 * @typedef {{ fed: boolean, done: Promise<Record<string, View>>, resolve: (views: any) => void, reject: (cause: unknown) => void }} Slot
 */

const KEY = Symbol.for("nbtrack.bundles");
const page = /** @type {Record<symbol, Map<string, Slot> | undefined>} */ (/** @type {unknown} */ (globalThis));

/**
 * The place of a bundle in the cache of this page; several widgets wait on one slot.
 * @param {string} hash
 * @returns {Slot}
 */
function slotOf(hash) {
  page[KEY] ??= new Map();
  const bundles = page[KEY];
  let slot = bundles.get(hash);
  if (!slot) {
    /** @type {any} */
    const fresh = { fed: false };
    fresh.done = new Promise((resolve, reject) => Object.assign(fresh, { resolve, reject }));
    fresh.done.catch(() => bundles.delete(hash)); // a bundle that failed may be sent again
    slot = /** @type {Slot} */ (fresh);
    bundles.set(hash, slot);
  }
  return slot;
}

/**
 * @param {Slot} slot
 * @param {any} bytes
 */
function feed(slot, bytes) {
  if (slot.fed || !bytes?.byteLength) return;
  slot.fed = true;
  evaluate(bytes).then((bundle) => slot.resolve(bundle.default), slot.reject);
}

/** @param {any} bytes a gzipped ES module */
async function evaluate(bytes) {
  const unpacked = new DecompressionStream("gzip");
  const writer = unpacked.writable.getWriter();
  const written = writer.write(bytes).then(() => writer.close());
  const [script] = await Promise.all([new Response(unpacked.readable).arrayBuffer(), written]);
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  try {
    return await import(/* @vite-ignore */ url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** @param {any} model @returns {Promise<Record<string, View>>} */
async function viewsOf(model) {
  const slot = slotOf(model.get("_hash"));
  const fromTrait = () => feed(slot, model.get("_bundle"));
  /** @param {any} message @param {any[]} buffers */
  const fromMessage = (message, buffers) => message?.kind === "bundle" && feed(slot, buffers?.[0]);
  model.on("change:_bundle", fromTrait);
  model.on("msg:custom", fromMessage);
  fromTrait();
  if (!slot.fed) model.send({ kind: "need", bundle: true });
  try {
    return await slot.done;
  } finally {
    model.off("change:_bundle", fromTrait);
    model.off("msg:custom", fromMessage);
  }
}

/** @param {any} context what anywidget hands over: model, el, signal */
async function render(context) {
  const { model, el } = context;
  const name = model.get("_view");
  try {
    const view = (await viewsOf(model))[name];
    if (!view) throw new Error(`this bundle has no view named "${name}"`);
    const cleanup = await view.render(context);
    el.classList.add("nbt-root"); // the style of the summary output hides that output from now on
    const summary = document.getElementById(model.get("_fallback_id") || "nbt-none");
    if (summary) summary.style.display = "none";
    return cleanup;
  } catch (cause) {
    el.textContent = `nbtrack could not draw this: ${cause instanceof Error ? cause.message : cause}`;
    return undefined;
  }
}

export default { render };
