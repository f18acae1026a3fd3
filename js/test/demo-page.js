// The demo page: the runs table over made-up runs. `?n=10000&theme=dark&live=1&extra=20&…` (any trait as JSON).

import views, { StaticModel } from "../src/index.js";
import { FakeKernel } from "./fake-kernel.js";
import { fakeColumns } from "./fake-runs.js";

const query = new URLSearchParams(location.search);
const count = Number(query.get("n") ?? 300);
const theme = query.get("theme");
if (theme) document.documentElement.style.colorScheme = theme;
const width = query.get("width");

/** @type {Record<string, any>} */
const state = { _view: "run-table", height: 0 };
for (const [name, value] of query) {
  if (["n", "theme", "live", "extra", "width", "empty", "snapshot", "hostile"].includes(name)) continue;
  state[name] = JSON.parse(value);
}

const kernel = new FakeKernel(fakeColumns({ count, now: Date.now(), extra: Number(query.get("extra") ?? 0) }));
kernel.snapshot = query.get("snapshot");
if (query.has("hostile")) {
  kernel.column("name").values[count - 1] = '<img src=x onerror="document.title=`broken`">';
  kernel.column("params.model").values[count - 1] = "</style><script>document.title='broken'</script>";
}
const model = new StaticModel(state, kernel);
const el = document.createElement("div");
if (width) el.style.width = `${width}px`;
document.body.append(el);

const data = kernel.blob();
const begin = performance.now();
model.state._data = new DataView(data);
const view = views["run-table"];
view.render({ model, el });
const rendered = performance.now();
requestAnimationFrame(() => {
  requestAnimationFrame(() => {
    Object.assign(globalThis, {
      nbt: { model, kernel, el, view, times: { render: rendered - begin, painted: performance.now() - begin } },
    });
  });
});

if (query.has("live")) {
  setInterval(() => kernel.step(Date.now()), 700);
  setInterval(() => kernel.start(Date.now()), 4000);
}
