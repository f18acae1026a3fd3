"""One record is one JSON line; its crc32 covers every byte before ``,"c"``."""

from __future__ import annotations

import json
import re
import zlib
from functools import lru_cache
from typing import Any

from nbtrack.wire import number_to_json

FORMAT = 1
MAX_BYTES = 8 << 20
_CRC_TAIL = len(',"c":"01234567"}')
_SURROGATE = re.compile("[\ud800-\udfff]")
_BEGIN = re.compile(rb'\{"q":\d+,')
_END = re.compile(rb',"c":"[0-9a-f]{8}"\}')


def text(value: Any) -> str:
    r"""Return compact JSON text, always UTF-8.

    Lone surrogates (they stand for odd bytes in file names) become visible text such as ``\udc80``: no reader of JSON takes them.
    """
    out = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return out if out.isascii() else _SURROGATE.sub(lambda found: f"\\\\u{ord(found[0]):04x}", out)


@lru_cache(maxsize=4096)
def key_text(key: str) -> str:
    """Return a metric key as JSON text; keys recur, so each is spelled once."""
    return text(key)


def metrics_body(run_id: str, t: int, step: int, values: dict[str, float]) -> str:
    """Return a metrics record without its sequence number; the hot path, so it is put together by hand."""
    points = ",".join(
        [f"{key_text(k)}:{v!r}" if v - v == 0 else f'{key_text(k)}:"{number_to_json(v)}"' for k, v in values.items()]
    )
    return f'"k":"m","t":{t},"r":"{run_id}","s":{step},"m":{{{points}}}'


def event_body(kind: str, t: int, run_id: str | None, p: dict[str, str] | None = None, o: Any = None) -> str:
    """Return any other record without its sequence number."""
    parts = [f'"k":"{kind}","t":{t}']
    if run_id is not None:
        parts.append(f'"r":"{run_id}"')
    if p is not None:
        parts.append(f'"p":{text(p)}')
    if o is not None:
        parts.append(f'"o":{text(o)}')
    return ",".join(parts)


def line(seq: int, body: str) -> bytes:
    """Return the whole line: sequence number, body, checksum, newline."""
    checked = f'{{"q":{seq},{body}'.encode()
    return checked + b',"c":"%08x"}\n' % zlib.crc32(checked)


def is_whole(raw: bytes) -> bool:
    """Say whether a line (without its newline) is undamaged."""
    cut = len(raw) - _CRC_TAIL
    return cut > 0 and raw[cut:] == b',"c":"%08x"}' % zlib.crc32(raw[:cut])


def whole_pieces(raw: bytes) -> list[bytes]:
    """Return the undamaged records within a damaged line: a lost newline joins two of them."""
    found: list[bytes] = []
    done = 0
    for begin in _BEGIN.finditer(raw):
        if begin.start() < done:
            continue
        for end in _END.finditer(raw, begin.end()):
            if is_whole(raw[begin.start() : end.end()]):
                found.append(raw[begin.start() : end.end()])
                done = end.end()
                break
    return found
