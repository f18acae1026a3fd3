"""``python -m benchmarks.load URL N CONNECTIONS``: sends the body on stdin again and again; a JSON line says how long answers took.

A process of its own, so that it does not share the server's interpreter. Each connection is kept open and asks again as soon as it has its
answer. Plain asyncio and a parser that knows just what these servers answer: a request costs 0.05 ms here, where HTTP clients take 0.3 ms
and more, which on two cores would be taken from the server.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from urllib.parse import urlsplit

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


class Asker(asyncio.Protocol):
    """One connection.

    Parameters
    ----------
    request : bytes
        Head and body, the same each time.
    left : list
        One number: requests still to send, by all connections together.
    took : list
        Seconds of each request are put here.
    """

    def __init__(self, request: bytes, left: list[int], took: list[float]) -> None:
        self._request = request
        self._left = left
        self._took = took
        self._answer = b""
        self._sent = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first time."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        if self._left[0] <= 0:
            self.done.set_result(None)
            self._transport.close()
            return
        self._left[0] -= 1
        self._answer = b""
        self._sent = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Ask again when the answer is whole."""
        self._answer += data
        head, end, body = self._answer.partition(HEAD_END)
        if not end:
            return
        length = int(head.lower().split(LENGTH, 1)[1].split(b"\r\n", 1)[0])
        if len(body) < length:
            return
        self._took.append(time.perf_counter() - self._sent)
        if b" 200 " not in head[:16]:
            self.done.set_exception(RuntimeError(self._answer[:500].decode(errors="replace")))
            self._transport.close()
            return
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        """Say so, when it was not us who closed it."""
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))


async def load(url: str, body: bytes, n: int, connections: int) -> dict[str, float]:
    """Send `n` requests over so many connections at once; return p50, p99 in seconds, requests a second, and the CPU time of one here."""
    where = urlsplit(url)
    host, port = where.hostname or "", where.port or 80
    head = f"POST {where.path} HTTP/1.1\r\nhost: {where.netloc}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    request, left, took = head.encode() + body, [n], []  # type: ignore[var-annotated]
    loop = asyncio.get_running_loop()
    began, used = time.perf_counter(), time.process_time()
    made = [await loop.create_connection(lambda: Asker(request, left, took), host, port) for _ in range(connections)]
    await asyncio.gather(*(asker.done for _, asker in made))
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    took.sort()
    return {
        "p50": took[n // 2],
        "p99": took[min(n - 1, int(n * 0.99))],
        "rate": n / seconds,
        "load_cpu": cpu / n,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(load(sys.argv[1], sys.stdin.buffer.read(), int(sys.argv[2]), int(sys.argv[3])))))
