"""``python -m benchmarks.server_load URL N CONNECTIONS``: sends the requests on stdin, ``[method, path, body]``, in turn, as JSON says."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from benchmarks.load import Asker

if TYPE_CHECKING:
    from collections.abc import Iterator


class Mixed(Asker):
    """One connection whose requests differ; all connections take from one row of them."""

    def __init__(self, requests: Iterator[bytes], left: list[int], took: list[float]) -> None:
        super().__init__(b"", left, took)
        self._requests = requests

    def _ask(self) -> None:
        self._request = next(self._requests)
        super()._ask()


def written(host: str, method: str, path: str, body: Any) -> bytes:
    """Return a request as it is sent."""
    data = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    return head.encode() + data


async def load(url: str, requests: list[tuple[str, str, Any]], n: int, connections: int) -> dict[str, float]:
    """Send `n` requests over so many connections at once; return p50 and p99 in seconds, and requests a second."""
    where = urlsplit(url)
    texts = itertools.cycle([written(where.netloc, *each) for each in requests])
    left, took = [n], []  # type: ignore[var-annotated]
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    made = [
        await loop.create_connection(lambda: Mixed(texts, left, took), where.hostname, where.port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(asker.done for _, asker in made))
    seconds = time.perf_counter() - began
    took.sort()
    return {"p50": took[n // 2], "p99": took[min(n - 1, int(n * 0.99))], "rate": n / seconds}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(load(sys.argv[1], json.load(sys.stdin), int(sys.argv[2]), int(sys.argv[3])))))
