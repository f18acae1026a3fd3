"""Notes in a small part of Markdown, as HTML in which nothing that a person wrote is markup.

Headings, paragraphs, lists, quotes, code, emphasis and links to http(s) and mailto; everything else stays the text that it is.
"""

from __future__ import annotations

import html
import re

_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_BULLET = re.compile(r"\s*[-*+]\s+(.*)")
_NUMBERED = re.compile(r"\s*\d+[.)]\s+(.*)")
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[([^\]\n]+)\]\(((?:https?://|mailto:)[^\s()<>]+)\)")
_STRONG = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_EMPHASIS = re.compile(r"(?<![\w*])[*_](?=\S)([^*_\n]+?)(?<=\S)[*_](?![\w*])")
_FENCE = "```"


def markdown(text: str, *, first_heading: int = 2) -> str:
    """Return HTML.

    Parameters
    ----------
    text : str
        What a person wrote.
    first_heading : int
        Level of the element that ``#`` becomes.
    """
    parts: list[str] = []
    lines = text.replace("\r\n", "\n").split("\n")
    while lines:
        if not lines[0].strip():
            lines.pop(0)
        elif lines[0].startswith(_FENCE):
            parts.append(_fenced(lines))
        elif found := _HEADING.match(lines[0]):
            lines.pop(0)
            level = min(6, first_heading + len(found[1]) - 1)
            parts.append(f"<h{level}>{_inline(found[2])}</h{level}>")
        elif _BULLET.match(lines[0]):
            parts.append(_list(lines, _BULLET, "ul"))
        elif _NUMBERED.match(lines[0]):
            parts.append(_list(lines, _NUMBERED, "ol"))
        elif lines[0].startswith(">"):
            parts.append(_quote(lines))
        else:
            parts.append(_paragraph(lines))
    return "\n".join(parts)


def _fenced(lines: list[str]) -> str:
    lines.pop(0)
    code = []
    while lines and not lines[0].startswith(_FENCE):
        code.append(lines.pop(0))
    if lines:
        lines.pop(0)
    return f"<pre><code>{html.escape(chr(10).join(code))}</code></pre>"


def _list(lines: list[str], item: re.Pattern[str], tag: str) -> str:
    items = []
    while lines and (found := item.match(lines[0])):
        items.append(f"<li>{_inline(found[1])}</li>")
        lines.pop(0)
    return f"<{tag}>{''.join(items)}</{tag}>"


def _quote(lines: list[str]) -> str:
    quoted = []
    while lines and lines[0].startswith(">"):
        quoted.append(lines.pop(0)[1:].strip())
    return f"<blockquote><p>{_inline(' '.join(quoted))}</p></blockquote>"


def _paragraph(lines: list[str]) -> str:
    taken = [lines.pop(0)]
    while lines and lines[0].strip() and not _begins_block(lines[0]):
        taken.append(lines.pop(0))
    return f"<p>{_inline(chr(10).join(taken))}</p>"


def _begins_block(line: str) -> bool:
    return line.startswith((_FENCE, ">")) or any(p.match(line) for p in (_HEADING, _BULLET, _NUMBERED))


def _inline(text: str) -> str:
    """Escape everything first; what the patterns then add is the only markup."""
    kept: list[str] = []

    def keep(element: str) -> str:
        kept.append(element)
        return f"\0{len(kept) - 1}\0"

    plain = html.escape(text.replace("\0", "\N{REPLACEMENT CHARACTER}"))
    plain = _CODE.sub(lambda m: keep(f"<code>{m[1]}</code>"), plain)
    plain = _LINK.sub(lambda m: keep(f'<a href="{m[2]}" rel="noopener noreferrer">') + m[1] + keep("</a>"), plain)
    plain = _STRONG.sub(r"<strong>\1</strong>", plain)
    plain = _EMPHASIS.sub(r"<em>\1</em>", plain)
    return re.sub("\0(\\d+)\0", lambda m: kept[int(m[1])], plain)
