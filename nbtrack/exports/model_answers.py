"""Registered models for an exported page: to read, with versions to compare, without who and where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nbtrack.store.registry_protocol import ModelQuery
from nbtrack.tracking import active
from nbtrack.views import registered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.entities import ModelVersion
    from nbtrack.exports.wanted import Entry, Wanted

MAX_MODELS = 100
MAX_VERSIONS = 400
"""Versions that can be looked into and compared; those that aliases point at go first, then the newest."""
INSIDE = ("runs:/", "models:/")
"""Beginnings of sources that tell of no machine."""
_PLACE = re.compile(r"file:|://|^-|(^|[\s@])[~./\\]|[A-Za-z]:\\")
"""A requirement that names a place and not a package."""


def models(wanted: Wanted, state: dict[str, Any]) -> Iterator[Entry]:
    """Yield the models of a page, each with its versions and history, and what is known of the versions one by one."""
    names = chosen_models(wanted, str(state.get("model") or ""))
    found = [each for each in registered.overview(wanted.store) if each["name"] in names]
    yield {"what": "models"}, {"models": [_brief(each, wanted) for each in found]}, []
    versions = []
    for each in found:
        wanted.say(f"model {each['name']}")
        for question, content, buffers in wanted.ask({"what": "model", "name": each["name"]}):
            versions += [(not v["aliases"], -v["created"], each["name"], v["version"]) for v in content["versions"]]
            yield question, _model(content, wanted), buffers
    if len(versions) > MAX_VERSIONS:
        wanted.leave_out(f"{MAX_VERSIONS} of {len(versions):,} versions of models can be looked into.")
    shown = [(name, version) for _, _, name, version in sorted(versions)[:MAX_VERSIONS]]
    wanted.say("versions of models")
    for name, version, content in registered.about_versions(wanted.store, shown):
        yield {"what": "model-version", "name": name, "version": version}, _version(content, wanted), []


def chosen_models(wanted: Wanted, opened: str = "") -> list[str]:
    """Return the models that go into a page: those of its runs and the one that is open; where all runs go in, all models.

    A step of a story shows the open model alone.
    """
    known = [model.name for model in wanted.store.registry.search(_NEWEST)]
    if not wanted.may_choose and opened:
        return [name for name in known if name == opened]
    runs = set(wanted.run_ids)
    versions = wanted.store.registry.search_versions(ModelQuery())
    own = {version.name for version in versions if version.run_id in runs}
    if not wanted.condition and active.chosen_experiment() is None:
        own |= set(known) - {version.name for version in versions if _is_of_a_run(version)}
    chosen = [name for name in known if name == opened or name in own]
    if len(chosen) < len(known):
        wanted.leave_out(f"Models that were not made by these runs stay out: {len(known) - len(chosen)}.")
    if len(chosen) > MAX_MODELS:
        wanted.leave_out(f"{MAX_MODELS} of {len(chosen)} models go in, those changed last.")
    return sorted(chosen, key=lambda name: name != opened)[:MAX_MODELS]


_NEWEST = ModelQuery(order_by=("last_updated_timestamp DESC",))


def _is_of_a_run(version: ModelVersion) -> bool:
    return version.run_id is not None


# -- what is given away --------------------------------------------------------------------------------------------------


def _brief(model: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    return model if wanted.captured else {**model, "user": ""}


def _model(found: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    """Return a model without users, and without the places that versions were registered from."""
    if wanted.captured:
        return found
    return {
        **found,
        "model": _brief(found["model"], wanted),
        "versions": [{**each, "user": ""} for each in found["versions"]],
        "history": [
            {**each, "user": "", "after": _inside(each["after"]) if each["op"] == "version" else each["after"]}
            for each in found["history"]
        ],
    }


def _version(found: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    """Return a version without what tells of machine, paths and git; the code of its cell is a file like others."""
    cell = found["cell"] if wanted.artifacts else None
    if wanted.captured:
        return {**found, "cell": cell}
    folder = found["folder"]
    if "problem" in folder:
        folder = {"problem": "Its files are not in the store that this page was made from."}
    else:
        folder = {**folder, "mlmodel": "", "metadata": {}}
        folder["requirements"] = [line for line in folder["requirements"] if not _PLACE.search(line)]
    return {**found, "source": _inside(found["source"]), "code": {}, "cell": cell, "folder": folder}


def _inside(source: str | None) -> str:
    """Return where a version came from when that is a run or a model, "" when it is a place."""
    return source if source is not None and source.startswith(INSIDE) else ""
