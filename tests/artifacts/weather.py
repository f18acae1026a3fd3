"""Bad weather before an object store: answers of 503, cut connections, silence, by what is asked."""

from __future__ import annotations

import http.client
import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


@dataclass
class Weather:
    """A proxy whose state can be changed while it runs.

    Attributes
    ----------
    bad : callable
        ``(method, path) -> "" | "503" | "403" | "reset" | "half" | "slow" | "damaged"``; "half" breaks an answer off in its middle.
    asked : list of str
        ``METHOD path?query`` of each request.
    """

    url: str = ""
    bad: Callable[[str, str], str] = lambda _method, _path: ""
    asked: list[str] = field(default_factory=list)
    slow_s: float = 0.3

    def methods(self, word: str = "") -> list[str]:
        """Return the methods of the requests with a word in them."""
        return [each.split(" ")[0] for each in self.asked if word in each]

    def clear_up(self) -> None:
        """Let everything through again."""
        self.bad = lambda _method, _path: ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    weather: Weather
    host: str

    def _do(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.weather.asked.append(f"{self.command} {self.path}")
        state = self.weather.bad(self.command, self.path)
        if state == "slow":
            time.sleep(self.weather.slow_s)
        if state == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
        elif state.isdigit():
            self._say(int(state), [], b"<Error><Code>SlowDown</Code></Error>")
        else:
            self._pass_on(body, state)

    def _pass_on(self, body: bytes, state: str) -> None:
        connection = http.client.HTTPConnection(self.host, timeout=30)
        given = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        connection.request(self.command, self.path, body, given)
        answer = connection.getresponse()
        data, headers = answer.read(), [(k, v) for k, v in answer.getheaders() if k.lower() not in HOP]
        length = answer.getheader("content-length") if self.command == "HEAD" else None
        connection.close()
        data = b"#" * len(data) if state == "damaged" else data
        self._say(answer.status, headers, data, length, is_half=state == "half")

    def _say(
        self,
        status: int,
        headers: list[tuple[str, str]],
        data: bytes,
        length: str | None = None,
        *,
        is_half: bool = False,
    ) -> None:
        with suppress(OSError):
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", length or str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data[: len(data) // 2] if is_half else data)
            self.close_connection = self.close_connection or is_half

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


for _method in ("GET", "PUT", "POST", "DELETE", "HEAD"):
    setattr(_Handler, f"do_{_method}", _Handler._do)


@contextmanager
def weather_before(url: str) -> Iterator[Weather]:
    """Stand before the server at `url`."""
    weather = Weather()
    handler = type("Handler", (_Handler,), {"weather": weather, "host": url.removeprefix("http://")})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    weather.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="weather")
    thread.start()
    try:
        yield weather
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
