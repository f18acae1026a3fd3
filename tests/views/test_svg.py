"""Pictures for summaries."""

import base64
import re
from xml.etree import ElementTree as ET

from nbtrack.views import svg
from nbtrack.views.svg import path, picture, tag, words


def test_a_picture_is_well_formed_whatever_was_logged():
    shown = picture(
        100,
        50,
        tag("text", words('<b> & "c"'), x=1, text_anchor="end"),
        tag("path", d=path([(0, 1), (2, 3.14)])),
        alt='a "b" <c>',
    )
    assert 'alt="a &quot;b&quot; &lt;c&gt;"' in shown
    found = re.search(r"base64,([^\"]+)", shown)
    assert found
    svg = ET.fromstring(base64.b64decode(found[1]))
    text, line = svg
    assert (text.text, text.get("text-anchor"), line.get("d")) == ('<b> & "c"', "end", "M0.0,1.0L2.0,3.1")


def test_a_long_name_keeps_its_end() -> None:
    assert svg.ending("train/loss", 10) == "train/loss"
    assert svg.ending("a/train/loss", 10) == "…rain/loss"
