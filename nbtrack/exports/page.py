"""One HTML page with everything in it: views, runs, answers, and a policy that lets nothing else in."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import AlreadyExistsError, NotFoundError
from nbtrack.version import __version__
from nbtrack.views.bundle import page_script, page_style
from nbtrack.wire import safe_json

if TYPE_CHECKING:
    from collections.abc import Sequence

MARK = '<meta name="generator" content="nbtrack'
"""What the head of every page of ours has: such a file may be replaced by the next export."""
HEAD_BYTES = 2000
POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data: blob:; media-src data: blob:; "
    "font-src data:; frame-src data: blob:; base-uri 'none'; form-action 'none'"
)
"""No address at all may be fetched; of scripts, only the one whose digest stands here."""

TAKE_PIECE = "function nbtPiece(id,text){document.getElementById(id).textContent=text}"
"""What a piece of data in a file of its own calls, see `nbtrack.exports.folder`."""


@dataclass
class Page:
    """What goes into a page.

    Attributes
    ----------
    kind : {"export", "story"}
        What the script makes of it.
    title : str
    facts : dict
        JSON for the script: the views and their state, or the steps.
    views : sequence of str
        Parts of the front end that the page needs, see `nbtrack.views.bundle`.
    runs : bytes
        All runs as a table blob.
    parcels : sequence of bytes
        Stored answers, see `nbtrack.views.parcel`.
    header, body : str
        HTML above the views, and in their place where there are no scripts; every text in it is escaped already.
    linked : dict
        Files that hold the blocks of data in a folder export, by id of the block.
    sizes : dict
        Bytes by part, once :meth:`html` has made the page.
    """

    kind: str
    title: str
    facts: dict[str, Any]
    views: Sequence[str]
    runs: bytes
    parcels: Sequence[bytes] = ()
    header: str = ""
    body: str = ""
    linked: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def html(self) -> str:
        """Return the page."""
        script = page_script(self.kind, *self.views).replace("</script", r"<\/script").replace("<!--", r"<\!--")
        blocks = [self._block("nbt-runs", self.runs)]
        blocks += [self._block(f"nbt-answers-{i}", data, "data-nbt-answers") for i, data in enumerate(self.parcels)]
        self.sizes = {
            "script": len(script.encode()),
            "runs": len(blocks[0]),
            "answers": sum(map(len, blocks[1:])),
        }
        facts = safe_json({"kind": self.kind, "title": self.title, **self.facts})
        policy = POLICY.format(scripts=f"'{digest(script)}'")
        if self.linked:
            policy = policy.replace("script-src ", f"script-src 'self' file: '{digest(TAKE_PIECE)}' ")
            blocks.insert(0, f"<script>{TAKE_PIECE}</script>\n")
        return "".join(
            [
                '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n',
                f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">\n',
                f'{MARK} {__version__}">\n',
                '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
                '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">\n',
                f"<title>{html.escape(self.title)}</title>\n<style>{page_style()}</style></head>\n",
                f'<body class="nbt-page nbt-page-{self.kind}">\n{self.header}\n',
                f'<main id="nbt-stage">{self.body}</main>\n',
                f'<script type="application/json" id="nbt-page">{facts}</script>\n',
                *blocks,
                f'<script type="module">{script}</script>\n</body></html>\n',
            ]
        )

    def _block(self, element_id: str, data: bytes, *attributes: str) -> str:
        """Return bytes as an element that holds them as text; the browser does not run it."""
        source = self.linked.get(element_id)
        text = "" if source else packed(data)
        block = f'<script type="text/plain" id="{element_id}" {" ".join(attributes)}>{text}</script>\n'
        return block + (f'<script src="{source}" defer></script>\n' if source else "")


def digest(script: str) -> str:
    """Return what a content security policy calls a script that may run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def packed(data: bytes) -> str:
    """Return bytes as text for a page: base64 of gzip, "" for nothing."""
    return base64.b64encode(gzip.compress(data, 6, mtime=0)).decode() if data else ""


def write(path: Path, text: str, *, overwrite: bool) -> int:
    """Write a page in one step, so that no half of it is ever seen; return its size in bytes."""
    check_place(path, overwrite=overwrite)
    data = text.encode("utf-8", "replace")
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return len(data)


def check_place(path: Path, *, overwrite: bool) -> None:
    """Raise before any work is done when a page cannot go to `path`.

    A page of ours may be replaced, because cells run again; any other file only with ``overwrite=True``.

    Raises
    ------
    NotFoundError
        The folder is not there.
    AlreadyExistsError
        Something else is there.
    """
    if not path.parent.is_dir():
        raise NotFoundError(
            "Folder", str(path.parent), where="this machine", hint=" Make it first, or export elsewhere."
        )
    if path.is_dir():
        raise AlreadyExistsError("Folder", str(path), "Name a file in it, such as demo.html.")
    if not path.exists() or overwrite:
        return
    with path.open("rb") as file:
        is_ours = MARK.encode() in file.read(HEAD_BYTES)
    if not is_ours:
        raise AlreadyExistsError("File", str(path), "It is no page of nbtrack; overwrite=True replaces it.")
