"""The page of a served model: one document, its script allowed by digest, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import html
from functools import cache
from typing import TYPE_CHECKING

from nbtrack.serving.description import columns_of, example_of, listed, params_of
from nbtrack.version import __version__
from nbtrack.views import bundle
from nbtrack.wire import safe_json

if TYPE_CHECKING:
    from nbtrack.serving.held import Served


def page(served: Served) -> tuple[str, str]:
    """Return the HTML, and the base64 SHA-256 of its script for the content security policy."""
    script, digest = _script()
    facts = {
        "uri": served.uri,
        "key": served.key,
        "version": __version__,
        "inputs": columns_of(served),
        "outputs": listed(getattr(served.signature, "outputs", None)),
        "params": params_of(served),
        "example": example_of(served),
    }
    text = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>{html.escape(served.key)}</title></head><body>"
        '<div id="model"><noscript>This page needs scripts; <code>POST /invocations</code> does not.</noscript></div>'
        f'<script type="application/json" id="facts">{safe_json(facts)}</script>'
        f'<script type="module">{script}</script></body></html>\n'
    )
    return text, digest


@cache
def _script() -> tuple[str, str]:
    script = f'const use={bundle.script("serving")};use("serving").open()'.replace("</script", "<\\/script")
    return script, base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
