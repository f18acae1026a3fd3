// The `_esm` of every nbtrack widget. It is as small as can be, because a notebook that saves widget state saves it once per
// widget: it waits for the bundle, which travels when the widget is shown and is never saved, and hands over to it (widget.js).

/** @typedef {{ bundle?: Promise<any>, feed?: (bytes: any) => void }} Slot several widgets wait on one slot */

const page = /** @type {Record<string, Slot>} */ (/** @type {unknown} */ (globalThis));

/** @param {any} bytes a gzipped ES module @returns {Promise<any>} what it exports */
async function unpack(bytes) {
  const stream = /** @type {any} */ (new Response(bytes)).body.pipeThrough(new DecompressionStream("gzip"));
  const script = await new Response(stream, { headers: { "content-type": "text/javascript" } }).blob();
  return (await import(/* @vite-ignore */ URL.createObjectURL(script))).default;
}

/** @param {{ model: any, el: HTMLElement }} context what anywidget hands over */
async function render({ model, el }) {
  const name = `nbtrack ${model.get("_hash")}`;
  page[name] ??= {};
  const slot = page[name];
  slot.bundle ??= new Promise((resolve) => {
    slot.feed = resolve;
  }).then(unpack);
  model.on("msg:custom", (/** @type {any} */ message, /** @type {any} */ buffers) => {
    if (message.kind === "bundle") slot.feed?.(buffers[0]);
  });
  const bytes = model.get("_bundle");
  if (bytes?.byteLength) slot.feed?.(bytes);
  else model.send({ kind: "need", bundle: true });
  try {
    const use = await slot.bundle;
    return await use("widget").render(model, el, use, unpack);
  } catch (cause) {
    delete page[name]; // it may be sent again
    el.textContent = `nbtrack could not draw this: ${cause}`;
  }
}

export default { render };
