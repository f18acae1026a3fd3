"""GeoJSON: its geometries as lines of coordinates, thinned to what a picture can show."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.views.previews.file import MB, Answer, File, Part, UnreadableError, clip

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 64 * MB
MAX_FEATURES = 20_000
MAX_POINTS = 200_000
MAX_NAMED = 2000
MAX_PROPERTIES = 12
MAX_DEPTH = 20

_FORMS = {"Point": 0, "MultiPoint": 0, "LineString": 1, "MultiLineString": 1, "Polygon": 2, "MultiPolygon": 2}
Chain = tuple[int, int, list[Any]]
"""Feature, form (0 points, 1 line, 2 ring) and positions."""


def preview(file: File, _: Part) -> Answer:
    """Return ``{features, counts, box}`` and two buffers: int32 of shape (n, 3) ``feature, form, length`` and float32 (points, 2) degrees.

    ``features`` are the properties of each (the first 2000), ``[[name, value], …]``; ``box`` is ``[west, south, east, north]``.
    """
    document = json.loads(file.whole(MAX_BYTES, "The map"))
    if not isinstance(document, dict):
        message = "it is no JSON object."
        raise UnreadableError(message)
    features = list(_features(document))
    if not features:
        message = "it has no features and no geometries."
        raise UnreadableError(message)
    counts: dict[str, int] = {}
    chains: list[Chain] = []
    for index, feature in enumerate(features[:MAX_FEATURES]):
        geometry = feature.get("geometry") if feature.get("type") == "Feature" else feature
        for kind, chain in _chains(geometry, 0):
            counts[kind] = counts.get(kind, 0) + (chain is None)
            if chain is not None:
                chains.append((index, _FORMS[kind], chain))
    arrays, is_thinned = _thinned(chains)
    points = np.concatenate([xy for _, _, xy in arrays]) if arrays else np.empty((0, 2))
    parts = np.array([(index, form, len(xy)) for index, form, xy in arrays], dtype="<i4").reshape(-1, 3)
    notes = [
        f"The first {MAX_FEATURES:,} of {len(features):,} features." if len(features) > MAX_FEATURES else "",
        "Lines are thinned for the picture." if is_thinned else "",
    ]
    return {
        "features": [_properties(feature) for feature in features[:MAX_NAMED]],
        "n_features": len(features),
        "counts": counts,
        "box": [*points.min(axis=0).tolist(), *points.max(axis=0).tolist()] if len(points) else None,
        "notes": notes,
    }, [parts.tobytes(), points.astype("<f4").tobytes()]


def _features(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    found = document.get("features")
    if isinstance(found, list):
        yield from (each for each in found if isinstance(each, dict))
    elif document.get("type") in (*_FORMS, "Feature", "GeometryCollection"):
        yield document


def _chains(geometry: Any, depth: int) -> Iterator[tuple[str, list[Any] | None]]:
    """Yield ``(type, None)`` once for each geometry and ``(type, positions)`` for each of its lines."""
    if not isinstance(geometry, dict) or depth > MAX_DEPTH:
        return
    kind = geometry.get("type")
    if kind == "GeometryCollection":
        for inner in geometry.get("geometries") or []:
            yield from _chains(inner, depth + 1)
    elif kind in _FORMS:
        yield str(kind), None
        coordinates = geometry.get("coordinates") or []
        nested = {
            "Point": [[coordinates]],
            "MultiPoint": [[each] for each in coordinates],
            "LineString": [coordinates],
            "MultiLineString": coordinates,
            "Polygon": coordinates,
        }.get(str(kind))
        lines = [ring for polygon in coordinates for ring in polygon] if nested is None else nested
        yield from ((str(kind), line) for line in lines if line)


def _thinned(chains: list[Chain]) -> tuple[list[tuple[int, int, np.ndarray[Any, Any]]], bool]:
    """Return the chains as arrays of finite positions, every n-th kept where there are too many; ends stay."""
    total = sum(len(chain) for _, _, chain in chains)
    every = -(-total // MAX_POINTS)
    found = []
    for index, form, chain in chains:
        kept = chain if every == 1 or len(chain) <= 4 else [*chain[:-1:every], chain[-1]]  # noqa: PLR2004
        xy = np.array([[float(p[0]), float(p[1])] for p in kept], dtype=np.float64)
        xy = xy[np.isfinite(xy).all(axis=1)]
        if len(xy):
            found.append((index, form, xy))
    return found, every > 1


def _properties(feature: dict[str, Any]) -> list[list[str]]:
    properties = feature.get("properties")
    if not isinstance(properties, dict):
        return []
    pairs = list(properties.items())[:MAX_PROPERTIES]
    return [[clip(key, 60), clip("" if value is None else value, 120)] for key, value in pairs]
