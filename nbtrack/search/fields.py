"""What can be asked of a run or an experiment: ``metrics.K``, ``params.K``, attributes and their other names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from nbtrack.errors import SearchSyntaxError
from nbtrack.search.tokens import MAX_SHOWN, Token, one_line, short, unquote
from nbtrack.search.tree import Field, Kind, Place, SubjectName

STATS = ("last", "min", "max", "count", "step", "best")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is searched: its entities by every name they go by, its attributes with what they compare with."""

    name: SubjectName
    entities: dict[str, str]
    attributes: dict[str, Kind]
    aliases: dict[str, str]


RUN = Subject(
    "run",
    {
        **dict.fromkeys(("metrics", "metric"), "metrics"),
        **dict.fromkeys(("params", "param", "parameters", "parameter"), "params"),
        **dict.fromkeys(("tags", "tag"), "tags"),
        **dict.fromkeys(("attributes", "attribute", "attr", "run"), "attributes"),
        **dict.fromkeys(("datasets", "dataset"), "datasets"),
    },
    {
        "run_id": "text",
        "name": "text",
        "status": "status",
        "user_id": "text",
        "artifact_uri": "text",
        "start_time": "time",
        "end_time": "time",
        "duration": "seconds",
        "number": "number",
        "experiment_id": "id",
        "experiment": "text",
        "lifecycle_stage": "text",
        "parent_run_id": "text",
    },
    {"run_name": "name", "user": "user_id", "created": "start_time", "parent": "parent_run_id"},
)
EXPERIMENT = Subject(
    "experiment",
    {
        **dict.fromkeys(("tags", "tag"), "tags"),
        **dict.fromkeys(("attributes", "attribute", "attr", "experiment"), "attributes"),
    },
    {
        "name": "text",
        "experiment_id": "id",
        "creation_time": "time",
        "last_update_time": "time",
        "lifecycle_stage": "text",
    },
    {"created": "creation_time", "updated": "last_update_time"},
)
MODEL = Subject(
    "model",
    {
        **dict.fromkeys(("tags", "tag"), "tags"),
        **dict.fromkeys(("attributes", "attribute", "attr", "model"), "attributes"),
    },
    {
        "name": "text",
        "description": "text",
        "user_id": "text",
        "creation_time": "time",
        "last_update_time": "time",
        "versions": "number",
    },
    {
        "user": "user_id",
        **dict.fromkeys(("created", "creation_timestamp"), "creation_time"),
        **dict.fromkeys(("updated", "last_updated_timestamp"), "last_update_time"),
    },
)
MODEL_VERSION = Subject(
    "model version",
    {
        **dict.fromkeys(("metrics", "metric"), "metrics"),
        **dict.fromkeys(("params", "param", "parameters", "parameter"), "params"),
        **dict.fromkeys(("tags", "tag"), "tags"),
        **dict.fromkeys(("attributes", "attribute", "attr", "version"), "attributes"),
    },
    {
        "name": "text",
        "version": "number",
        "run_id": "text",
        "source": "text",
        "model_id": "text",
        "stage": "text",
        "status": "text",
        "alias": "text",
        "description": "text",
        "user_id": "text",
        "creation_time": "time",
        "last_update_time": "time",
    },
    {
        "version_number": "version",
        "source_path": "source",
        "current_stage": "stage",
        "aliases": "alias",
        **MODEL.aliases,
    },
)
LOGGED_MODEL = Subject(
    "logged model",
    {
        **dict.fromkeys(("metrics", "metric"), "metrics"),
        **dict.fromkeys(("params", "param", "parameters", "parameter"), "params"),
        **dict.fromkeys(("tags", "tag"), "tags"),
        **dict.fromkeys(("attributes", "attribute", "attr", "model"), "attributes"),
    },
    {
        "name": "text",
        "model_id": "text",
        "model_type": "text",
        "status": "text",
        "source_run_id": "text",
        "experiment_id": "id",
        "creation_time": "time",
        "last_update_time": "time",
    },
    {**MODEL.aliases, "last_updated_time": "last_update_time"},
)
SUBJECTS: dict[str, Subject] = {each.name: each for each in (RUN, EXPERIMENT, MODEL, MODEL_VERSION, LOGGED_MODEL)}

_DATASET_KEYS = ("name", "digest", "context")
_ENTITY_KINDS: dict[str, Kind] = {"metrics": "number", "params": "param", "tags": "text", "datasets": "text"}
_NAME = re.compile(r"(?P<head>[^.`\"]*)(?:\.(?P<rest>.*))?", re.DOTALL)
_QUOTED_KEY = re.compile(r"(?P<key>[`\"].*[`\"])(?:\.(?P<stat>\w+))?", re.DOTALL)


def read_field(token: Token, source: str, subject: Subject) -> Field:
    """Return the field that a name token means.

    ::

        field = entity "." key [ "." statistic ] | attribute
        key   = letters, digits, _ - / .  |  "`" any "`"  |  '"' any '"'

    Raises
    ------
    SearchSyntaxError
        No such entity, attribute or statistic; close names are suggested.
    """
    place = Place(one_line(source), token.start, token.end)
    if token.text[0] in '`"':
        return _attribute(unquote(token.text), place, subject)
    match = _NAME.fullmatch(token.text)
    assert match is not None
    head, rest = match["head"], match["rest"]
    entity = subject.entities.get(head.lower()) if rest is not None else None
    if entity is None:
        if rest is None and head.lower() in subject.entities and head.lower() not in subject.attributes:
            _fail(f"A key follows {head!r}, as in {head}.{_example(head, subject)}.", place)
        return _attribute(token.text, place, subject)
    return _keyed(entity, head, rest, place, subject)


def _keyed(entity: str, head: str, rest: str, place: Place, subject: Subject) -> Field:
    key, stat = _key_and_stat(entity, rest, place)
    if not key:
        _fail(f"A key follows {head + '.'!r}, as in {head}.{_example(head, subject)}.", place)
    if entity == "attributes":
        return _attribute(key, place, subject)
    if entity == "datasets" and key not in _DATASET_KEYS:
        _fail(f"A dataset has name, digest and context, but no {short(key)}; write datasets.name.", place)
    return Field(entity, key, stat, _ENTITY_KINDS[entity], subject.name, place)


def _key_and_stat(entity: str, rest: str, place: Place) -> tuple[str, str]:
    default = "last" if entity == "metrics" else ""
    quoted = _QUOTED_KEY.fullmatch(rest)
    if quoted:
        stat = quoted["stat"] or default
        if quoted["stat"] and (entity != "metrics" or stat not in STATS):
            _fail(f"{stat!r} is not a statistic of a metric; write {', '.join(STATS[:-1])} or {STATS[-1]}.", place)
        return unquote(quoted["key"]), stat
    if rest.endswith("."):
        _fail("A key that ends with a dot is written in backticks, as in metrics.`loss.`.", place)
    key, dot, last = rest.rpartition(".")
    return (key, last) if dot and entity == "metrics" and last in STATS else (rest, default)


def _attribute(name: str, place: Place, subject: Subject) -> Field:
    plain = name.lower().replace(" ", "_")
    key = subject.aliases.get(plain, plain)
    kind = subject.attributes.get(key)
    if kind is None:
        _fail(_unknown(name, subject), place)
    # A version has any number of aliases, as a run has datasets.
    entity = "aliases" if (subject.name, key) == ("model version", "alias") else "attributes"
    return Field(entity, key, "", kind, subject.name, place)


def _unknown(name: str, subject: Subject) -> str:
    head, dot, rest = name.partition(".")
    entity = closest(head.lower(), subject.entities) if dot else None
    if entity:
        return f"Unknown attribute {short(name)}; did you mean {short(f'{entity}.{rest}')}?"
    near = closest(name.lower(), {**subject.attributes, **subject.aliases})
    key = short(name)[1:-1] if re.fullmatch(r"[\w/.-]+", name) else f"`{short(name)[1:-1]}`"
    forms = f"metrics.{key} or params.{key}" if subject.name == "run" else f"tags.{key}"
    if near:
        what = "A metric or param" if subject.name == "run" else "A tag"
        return f"Unknown attribute {short(name)}; did you mean {near!r}? {what} is written {forms}."
    return f"Unknown attribute {short(name)}: write {forms}."


def no_goal(key: str) -> str:
    """Say that ``.best`` of a metric has no meaning yet, and how to give it one."""
    name = short(key)
    return (
        f"No goal is set for metric {name}; say whether less or more is better with "
        f"nbtrack.set_goal({name}, 'min'), or write .min or .max instead of .best."
    )


def closest(name: str, known: dict[str, str] | dict[str, Kind]) -> str | None:
    """Return the first of the known names with the fewest edits, at most two (one in a short name), or None."""
    if len(name) > MAX_SHOWN:
        return None
    allowed = 1 if len(name) < 5 else 2  # noqa: PLR2004 - two edits make any four letters look alike
    best = min(known, key=lambda other: _edits(name, other))
    return best if _edits(name, best) <= allowed else None


def _edits(a: str, b: str) -> int:
    """Return the Levenshtein distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]


def _example(head: str, subject: Subject) -> str:
    entity = subject.entities[head.lower()]
    return {"metrics": "loss", "params": "lr", "tags": "team", "datasets": "name"}.get(entity, "name")


def _fail(problem: str, place: Place) -> NoReturn:
    raise SearchSyntaxError(problem, place.source, place.start, place.end)
