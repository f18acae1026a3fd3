"""Notes: a small part of Markdown, and never anybody's HTML."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbtrack.exports.markdown import markdown

ALLOWED = {"a", "blockquote", "code", "em", "h2", "h3", "h4", "h5", "h6", "li", "ol", "p", "pre", "strong", "ul"}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\ntwo\n\nthree", "<p>one\ntwo</p>\n<p>three</p>"),
        ("# A\n## B", "<h2>A</h2>\n<h3>B</h3>"),
        ("- a\n- **b**", "<ul><li>a</li><li><strong>b</strong></li></ul>"),
        ("1. a\n2) b", "<ol><li>a</li><li>b</li></ol>"),
        ("> said\n> so", "<blockquote><p>said so</p></blockquote>"),
        ("*a* _b_ 2*3*4 snake_case_name", "<p><em>a</em> <em>b</em> 2*3*4 snake_case_name</p>"),
        ("`a*b*<c>`", "<p><code>a*b*&lt;c&gt;</code></p>"),
        ("```py\n**x** < 1\n```\nend", "<pre><code>**x** &lt; 1</code></pre>\n<p>end</p>"),
        ("```\nopen", "<pre><code>open</code></pre>"),
        (
            "[**a**](https://b.c/d_e_f?x=1&y=2)",
            '<p><a href="https://b.c/d_e_f?x=1&amp;y=2" rel="noopener noreferrer"><strong>a</strong></a></p>',
        ),
        ("[a](javascript:alert(1)) [b](//c)", "<p>[a](javascript:alert(1)) [b](//c)</p>"),
        ("<b>x</b> & y", "<p>&lt;b&gt;x&lt;/b&gt; &amp; y</p>"),
        ("\0" + "0" + "\0", "<p>\N{REPLACEMENT CHARACTER}0\N{REPLACEMENT CHARACTER}</p>"),
        ("", ""),
    ],
)
def test_it_reads(text: str, html: str) -> None:
    assert markdown(text) == html


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        assert {name for name, _ in attrs} <= {"href", "rel"}
        for name, value in attrs:
            assert name != "href" or (value or "").startswith(("https://", "http://", "mailto:"))
        self.open.append(tag)


PIECES = [
    "<img src=x onerror=a>",
    "[a](https://x.y)",
    "[",
    "](",
    "javascript:x)",
    "**",
    "*",
    "_",
    "`",
    "```",
    "\n",
    "# ",
    "- ",
    "1. ",
    "> ",
    '"',
    "'",
    "<",
    ">",
    "&",
    "a b",
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3)).map("".join))
def test_whatever_is_written_only_known_elements_come_out(text: str) -> None:
    Tags(markdown(text))
