import { describe, expect, it } from "vitest";
import { frames, HttpTransport } from "../../src/page/transport.js";
import { packFrame, packParcel } from "./pack.js";

/** @param {Uint8Array[]} pieces */
function body(pieces) {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}

describe("frames", () => {
  it("come whole however the network cuts them", async () => {
    const all = [...packFrame({ n: 1 }), 0, 0, 0, 0, ...packFrame({ n: 2 }, [Uint8Array.of(7)])];
    for (const size of [1, 3, 8, all.length]) {
      const pieces = [];
      for (let at = 0; at < all.length; at += size) pieces.push(Uint8Array.from(all.slice(at, at + size)));
      const lengths = [];
      for await (const frame of frames(body(pieces))) lengths.push(frame.length);
      expect(lengths).toEqual([packParcel({ n: 1 }).length, 0, packParcel({ n: 2 }, [Uint8Array.of(7)]).length]);
    }
  });
});

/** @param {(path: string, options: any) => Promise<any>} answer */
function connected(answer) {
  const closing = new AbortController();
  /** @type {any[]} */
  const sent = [];
  /** @type {any[]} */
  const heard = [];
  const transport = new HttpTransport({
    until: closing.signal,
    fetch: /** @type {any} */ (
      (/** @type {string} */ path, /** @type {any} */ options) => {
        sent.push([path, options.body && JSON.parse(options.body)]);
        return answer(path, options);
      }
    ),
  });
  transport.open((message, buffers) => heard.push([message, buffers?.map((each) => [...each])]));
  return { transport, sent, heard, close: () => closing.abort() };
}

const data = { method: "custom", content: { kind: "data" } };
const stream = () =>
  new Response(body([packFrame({ method: "hello", session: "s1" }), packFrame(data, [Uint8Array.of(1)])]));
const open = () =>
  new Response(new ReadableStream({ start: (c) => c.enqueue(packFrame({ method: "hello", session: "s1" })) }));
const wait = (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms));

describe("the way to nbtrack ui", () => {
  it("hears runs, and says when the stream ends", async () => {
    const { heard, close } = connected(async () => stream());
    await wait();
    expect(heard).toEqual([
      [data, [[1]]],
      [{ method: "close" }, undefined],
    ]);
    close();
  });

  it("sends questions with its session and gives answers back", async () => {
    const reply = () => new Response(packParcel({ kind: "answer", id: 5, ok: true }, [Uint8Array.of(4)]));
    const { transport, sent, heard, close } = connected(async (path) => (path === "./api/stream" ? open() : reply()));
    await transport.send({ method: "custom", content: { kind: "ask", id: 5, what: "x" } });
    expect(sent.at(-1)).toEqual(["./api/message", { session: "s1", content: { kind: "ask", id: 5, what: "x" } }]);
    expect(heard).toEqual([[{ method: "custom", content: { kind: "answer", id: 5, ok: true } }, [[4]]]]);
    close();
  });

  it("says why a question was refused or got lost", async () => {
    const refused = connected(async (path) =>
      path === "./api/stream" ? open() : new Response("no\n", { status: 410 }),
    );
    await refused.transport.send({ method: "custom", content: { kind: "ask", id: 1 } });
    expect(refused.heard[0][0].content).toEqual({ kind: "answer", id: 1, ok: false, error: "no" });
    refused.close();
    const lost = connected((path) =>
      path === "./api/stream" ? Promise.resolve(open()) : Promise.reject(new Error("net")),
    );
    await lost.transport.send({ method: "custom", content: { kind: "ask", id: 2 } });
    expect(lost.heard[0][0].content.error).toBe("nbtrack ui did not answer: net");
    lost.close();
  });

  it("keeps state in the page and does not ask for what the stream begins with", async () => {
    const { transport, sent, close } = connected(async () => open());
    await transport.send({ method: "update", state: { filter: "x" } });
    await transport.send({ method: "custom", content: { kind: "need", data: true } });
    expect(sent.map(([path]) => path)).toEqual(["./api/stream"]);
    close();
  });

  it("gives up when the server has another token", async () => {
    const { sent, heard, close } = connected(async () => new Response("", { status: 403 }));
    await wait(40);
    expect(sent.length).toBe(1);
    expect(heard).toEqual([[{ method: "close" }, undefined]]);
    close();
  });
});
