// Made-up runs for tests and the demo page: the same seed gives the same runs.

import { encodeTable } from "./encode-table.js";

/** @typedef {import("./encode-table.js").ColumnSpec} ColumnSpec */

const MODELS = ["resnet18", "resnet50", "vit-small", "convnext", "mlp-mixer"];
const OPTIMIZERS = ["adam", "sgd", "adamw"];
const NAMES = ["baseline", "wide", "deep", "dropout", "no-aug", "warmup", "cosine", "label-smooth", "mixup", "long"];
const RATES = ["0.1", "0.03", "0.01", "0.003", "0.001", "0.0003"];

/** @param {number} seed @returns {() => number} numbers in [0, 1) (mulberry32) */
export function randomFrom(seed) {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** @param {number} i */
export function runId(i) {
  return i.toString(16).padStart(32, "0");
}

/** @template T @param {T[]} list @param {number} share @returns {T} */
function pick(list, share) {
  return /** @type {T} */ (list[Math.min(list.length - 1, Math.floor(share * list.length))]);
}

/**
 * @param {{ count: number, now?: number, extra?: number, version?: number }} options
 *   `extra`: more params and metrics, to have many columns
 * @returns {{ blob: ArrayBuffer, columns: ColumnSpec[] }}
 */
export function fakeRuns({ count, now = Date.UTC(2026, 10, 23, 6, 30), extra = 0, version = 1 }) {
  const columns = fakeColumns({ count, now, extra });
  return {
    blob: encodeTable({ version, mode: "full", rows: count, columns, goals: { loss: "min", acc: "max" } }),
    columns,
  };
}

/**
 * @param {{ count: number, now: number, extra?: number }} options
 * @returns {ColumnSpec[]}
 */
export function fakeColumns({ count, now, extra = 0 }) {
  const random = randomFrom(7);
  /** @type {Map<string, ColumnSpec>} */
  const columns = new Map();
  const column = (/** @type {string} */ id, /** @type {"dict" | "f64" | "time"} */ type) => {
    const spec = columns.get(id) ?? { id, type, values: new Array(count).fill(null) };
    columns.set(id, spec);
    return spec.values;
  };
  const text = (/** @type {string} */ id) => column(id, "dict");
  const number = (/** @type {string} */ id) => column(id, "f64");
  for (let i = 0; i < count; i += 1) {
    const model = pick(MODELS, random());
    const rate = pick(RATES, random());
    const quality = 0.62 + 0.05 * MODELS.indexOf(model) + 0.16 * random() - (rate === "0.1" ? 0.2 : 0);
    const acc = Math.min(0.993, quality);
    const start = now - (count - i) * 1000 * (count > 2000 ? 97 : 611) - Math.floor(random() * 60_000);
    const recent = count - i;
    const failed = i % 17 === 5;
    const status = recent <= 2 ? "RUNNING" : failed ? "FAILED" : i % 41 === 9 ? "KILLED" : "FINISHED";
    const seconds = 20 + random() * 900;
    text("run_id")[i] = runId(i + 1);
    number("number")[i] = i + 1;
    text("name")[i] = i % 6 === 0 ? `${pick(NAMES, random())}-${model}` : pick(NAMES, random());
    text("experiment_id")[i] = "1";
    text("experiment")[i] = "cifar";
    text("status")[i] = status;
    column("start_time", "time")[i] = recent <= 2 ? now - recent * 47_000 : start;
    column("end_time", "time")[i] = status === "RUNNING" ? null : start + seconds * 1000;
    number("duration")[i] = status === "RUNNING" ? null : seconds;
    text("user_id")[i] = "ada";
    text("parent_run_id")[i] = i % 9 > 5 && i > 9 ? runId(i - (i % 9) + 1) : null;
    text("lifecycle_stage")[i] = i % 29 === 11 ? "deleted" : "active";
    column("last_seen", "time")[i] = now - 500;
    number("lost")[i] = 0;
    text("params.lr")[i] = rate;
    text("params.model")[i] = model;
    text("params.optimizer")[i] = pick(OPTIMIZERS, random());
    text("params.batch_size")[i] = "32";
    text("params.augment")[i] = "true";
    text("params.epochs")[i] = "30";
    text("params.weight_decay")[i] = random() > 0.3 ? pick(["0.0", "0.0001", "0.01"], random()) : null;
    text("params.seed")[i] = String(Math.floor(random() * 5));
    const steps = status === "RUNNING" ? 14 + (i % 5) : 30;
    const diverged = failed && i % 2 === 1;
    for (const [key, value, low, high] of /** @type {[string, number, number, number][]} */ ([
      ["acc", acc - 0.01 * random(), 0.1, acc],
      ["loss", diverged ? Number.NaN : 2.4 * (1 - acc) + 0.05 * random(), 2.4 * (1 - acc), 2.31],
      ["val_acc", acc - 0.03 - 0.02 * random(), 0.1, acc - 0.03],
      ["throughput", 900 + 2200 * random(), 700, 3200],
    ])) {
      if (status === "FAILED" && key === "val_acc") continue;
      number(`metrics.${key}.last`)[i] = value;
      number(`metrics.${key}.min`)[i] = Number.isNaN(value) ? low : Math.min(low, value);
      number(`metrics.${key}.max`)[i] = Number.isNaN(value) ? high : Math.max(high, value);
      number(`metrics.${key}.count`)[i] = steps;
    }
    for (let k = 0; k < extra; k += 1) {
      text(`params.extra_${k}`)[i] = String(Math.floor(random() * 8));
      number(`metrics.extra_${k}.last`)[i] = random() * 10 ** (k % 5);
      number(`metrics.extra_${k}.count`)[i] = 1;
    }
    text("tags.team")[i] = random() > 0.5 ? pick(["vision", "speech"], random()) : null;
    text("tags.candidate")[i] = i % 23 === 3 ? "true" : null;
    text("tags.mlflow.note.content")[i] = i % 13 === 4 ? "augmentation off by mistake, compare with care" : null;
    text("tags.mlflow.source.name")[i] = "train.ipynb";
  }
  return [...columns.values()];
}
