"""What the page of a comparison asks: the rows, one sentence, the files, two tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.artifacts.kinds import HEAD_BYTES, kind_of, mime_of_content
from nbtrack.errors import InvalidValueError
from nbtrack.names import check_artifact_path, is_run_id
from nbtrack.views.compare_facts import overview_sentence, run_sentence
from nbtrack.views.compare_pack import header_of, pack, packed_sections, parts_json
from nbtrack.views.compare_rows import check_ids, compare_runs
from nbtrack.views.compare_table import DEFAULT_ROWS, compare_tables
from nbtrack.views.previews.pixels import HEAD_BYTES as PIXEL_BYTES
from nbtrack.views.previews.pixels import too_large

if TYPE_CHECKING:
    from nbtrack.store.protocol import TrackingStore
    from nbtrack.views.compare_pack import Sentences
    from nbtrack.views.compare_rows import Comparison

Answer = tuple[dict[str, Any], list[bytes]]

MAX_SENTENCES = 12
MAX_IMAGE_BYTES = 5_000_000
MAX_TEXT_BYTES = 1_000_000
MAX_NOTEBOOK_BYTES = 20_000_000
PAIR = 2


def answer(store: TrackingStore, question: dict[str, Any]) -> Answer:
    """Answer one of these.

    ``compare`` {runs, base}: one blob, see :mod:`nbtrack.views.compare_pack`.
    ``compare_sentence`` {run, base}: what one run changed.
    ``compare_file`` {run, path}: the bytes of one file, up to a size that depends on its kind; longer texts are cut.
    ``compare_table`` {runs: [base, run], path, keys, limit}: which rows and cells of a table differ.
    """
    what = question.get("what")
    if what == "compare":
        found = compare_runs(store, check_ids(question.get("runs")))
        base = base_of(found, str(question.get("base") or ""))
        header = {"mode": "full", **header_of(found, base, sentences_of(store, found, base))}
        return {}, [pack(header, packed_sections(found))]
    if what == "compare_sentence":
        run, base = _run(question.get("run")), _run(question.get("base"))
        return {"parts": parts_json(run_sentence(store, compare_runs(store, [run, base]), run, base))}, []
    if what == "compare_file":
        return _file(store, _run(question.get("run")), check_artifact_path(str(question.get("path"))))
    runs = check_ids(question.get("runs"))
    if len(runs) != PAIR:
        message = f"A table is compared in two runs, not in {len(runs)}; name the base and the other run."
        raise InvalidValueError(message)
    path, keys = check_artifact_path(str(question.get("path"))), question.get("keys")
    limit = question.get("limit")
    return compare_tables(
        store,
        (runs[0], runs[1]),
        path,
        keys=[str(key) for key in keys] if isinstance(keys, list) else None,
        limit=limit if isinstance(limit, int) else DEFAULT_ROWS,
    ), []


def base_of(found: Comparison, base: str) -> str:
    """Return the base, when it is among the runs, else the first of them."""
    ids = [run.run_id for run in found.runs]
    return base if base in ids else (ids[0] if ids else "")


def sentences_of(store: TrackingStore, found: Comparison, base: str) -> Sentences:
    """Return the sentence about all runs, and those about each of the first dozen."""
    if not base:
        return {}
    others = [run.run_id for run in found.runs if run.run_id != base][:MAX_SENTENCES]
    told: Sentences = {run_id: run_sentence(store, found, run_id, base) for run_id in others}
    return {"": told[others[0]] if len(found.runs) == PAIR else overview_sentence(found, base)} | told


def _file(store: TrackingStore, run_id: str, path: str) -> Answer:
    info = next((i for i in store.list_artifacts(run_id, path.rpartition("/")[0]) if i.path == path), None)
    file = store.artifact_file(run_id, path)
    size = file.stat().st_size
    with file.open("rb") as opened:
        head = opened.read(HEAD_BYTES)
        mime = (info.mime if info else None) or mime_of_content(head)
        kind = kind_of(mime)
        limit = {"image": MAX_IMAGE_BYTES, "notebook": MAX_NOTEBOOK_BYTES}.get(kind, MAX_TEXT_BYTES)
        facts = {"mime": mime, "size": size, "sha256": info.sha256 if info else None, "limit": limit}
        is_text = b"\0" not in head and kind not in ("image", "audio", "video", "pdf", "array")
        if size > limit and (kind in ("image", "notebook", "json") or not is_text):
            return {**facts, "is_text": is_text, "is_cut": True}, []
        data = head + opened.read(max(0, limit - len(head))) if is_text or kind == "image" else b""
    if kind == "image" and (problem := too_large(data[:PIXEL_BYTES])):
        message = f"{path!r} is not shown: {problem}"
        raise InvalidValueError(message)
    return {**facts, "is_text": is_text, "is_cut": size > limit}, [data]


def _run(given: Any) -> str:
    if not is_run_id(given):
        message = f"Run {str(given)[:80]!r} is not named by 32 hexadecimal digits."
        raise InvalidValueError(message)
    return str(given)
