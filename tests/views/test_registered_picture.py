"""Models over time, as a picture for who has no kernel."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest

from nbtrack.views.registered_picture import lanes, model_picture, models_picture, places

DAY = 86_400_000


def version(number: int, created: int, *aliases: str) -> dict[str, Any]:
    return {"version": number, "created": created, "aliases": list(aliases)}


def found(versions: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    aliases = {alias: each["version"] for each in versions for alias in each["aliases"]}
    return {"model": {"aliases": aliases}, "versions": versions[::-1], "holders": [], **more}


def texts(picture: str) -> list[str]:
    (data,) = re.findall(r"base64,([^\"]+)", picture)
    return re.findall(r"<text[^>]*>([^<]*)</text>", base64.b64decode(data).decode())


def test_moments_keep_their_order_and_a_distance_when_they_come_close() -> None:
    at = places([0, 1, 2, 30 * DAY])
    assert list(at.values()) == sorted(at.values())
    assert at[1] - at[0] > 0.1
    assert at[30 * DAY] - at[2] > 0.4
    assert places([5]) == {5: 0.0}
    assert places([]) == {}


def test_aliases_that_point_somewhere_come_first() -> None:
    holders = [{"alias": alias} for alias in ("old", "shadow", "challenger", "champion")]
    model = {"aliases": {"shadow": 1, "champion": 2, "challenger": 3}}
    assert lanes({"holders": holders, "model": model}) == ["champion", "challenger", "shadow", "old"]


def test_a_picture_has_versions_what_aliases_pointed_at_and_days() -> None:
    holders = [
        {"alias": "champion", "version": 1, "since": DAY, "until": 5 * DAY},
        {"alias": "champion", "version": 2, "since": 5 * DAY, "until": None},
    ]
    picture = model_picture(found([version(1, 0), version(2, 4 * DAY, "champion")], holders=holders))
    assert texts(picture) == ["versions", "1", "2", "@champion", "1", "2", "1970-01-01", "1970-01-06"]
    assert 'alt="2 versions over time; now @champion at 2"' in picture


def test_a_crowd_of_versions_stays_small_and_readable() -> None:
    picture = model_picture(found([version(number, number * DAY) for number in range(2000)]))
    assert len(picture) < 40_000
    assert texts(picture)[1:-2] == ["1999"]


def test_one_version_alone_is_no_picture() -> None:
    assert model_picture(found([version(1, 0)])) == ""
    assert models_picture({"fraud": []}) == ""


@pytest.mark.parametrize("name", ["</text><script>x</script>", "a" * 300])
def test_names_stay_texts(name: str) -> None:
    picture = models_picture({name: [version(1, 0)]})
    assert texts(picture)[0].startswith(("&lt;/text&gt;", "a" * 15))
    assert "<script" not in base64.b64decode(picture.split("base64,")[1].split('"')[0]).decode()
