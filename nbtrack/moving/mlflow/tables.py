"""MLflow's database, as MLflow 2 and 3 have it: what a version does not have yet is not asked for."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.errors import InvalidValueError
from nbtrack.moving.mlflow import words
from nbtrack.moving.mlflow.files import Artifacts
from nbtrack.moving.mlflow.models import carrier, described
from nbtrack.moving.moved import MovedExperiment, MovedModel, MovedRegistered, MovedRun, Points
from nbtrack.names import PARENT, RUN_NAME

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from nbtrack.entities import DatasetInput
    from nbtrack.moving.mlflow.files import Skip
    from nbtrack.moving.mlflow.rows import Rows

BATCH = 400
BLOCK = 50_000
DEFAULT = "default"
Texts = dict[str, dict[str, str]]


class Tables:
    """A source: experiments, runs and registered models in a database.

    Parameters
    ----------
    rows : Rows
    artifacts : str, optional
        Where artifacts are, when they are neither where it says nor beside it.
    skip : callable
        Told what is left out, and why.
    """

    def __init__(self, rows: Rows, artifacts: str | None, skip: Skip) -> None:
        self.title = rows.title
        self._rows = rows
        self._skip = skip
        self._artifacts = Artifacts(rows.home, artifacts, skip)
        self._ids: dict[str, tuple[int, str]] = {}
        if not {"experiment_id", "name"} <= rows.columns("experiments"):
            message = f"{rows.title} is no database of MLflow: it has no table of experiments."
            raise InvalidValueError(message)

    def _all(
        self, table: str, wanted: Sequence[str], rest: str = "", values: Sequence[Any] = ()
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table as dicts of the columns that it has of those wanted; nothing when there is no such table."""
        there = self._rows.columns(table)
        names = [name for name in wanted if name in there]
        if names:
            query = f"SELECT {', '.join(f'[{name}]' for name in names)} FROM {table} {rest}"
            for row in self._rows.rows(query, values):
                yield dict(zip(names, row, strict=True))

    # -- experiments -------------------------------------------------------------------------------------------------

    def experiments(self) -> Iterator[MovedExperiment]:
        """Yield the experiments."""
        tags: dict[int, dict[str, str]] = defaultdict(dict)
        for row in self._all("experiment_tags", ("experiment_id", "key", "value")):
            tags[row["experiment_id"]][row["key"]] = row["value"] or ""
        wanted = ("experiment_id", "name", "workspace", "artifact_location", "lifecycle_stage", "creation_time")
        for row in self._all("experiments", wanted, "ORDER BY experiment_id"):
            name = _in_workspace(row, "/")
            self._ids[name] = row["experiment_id"], row.get("artifact_location") or ""
            yield MovedExperiment(
                name,
                tags[row["experiment_id"]],
                int(row.get("creation_time") or 0),
                words.stage_of(row["lifecycle_stage"]),
            )

    # -- runs --------------------------------------------------------------------------------------------------------

    def count(self, names: Collection[str]) -> int:
        """Return how many runs there are in some experiments."""
        found = dict(self._rows.rows("SELECT experiment_id, count(*) FROM runs GROUP BY experiment_id"))
        return sum(int(found.get(self._ids[name][0], 0)) for name in names)

    def runs(self, names: Collection[str]) -> Iterator[MovedRun]:
        """Yield the runs of some experiments, each experiment's by their beginning."""
        models = self._models(names)
        for name in names:
            ids = self._rows.rows(
                "SELECT run_uuid FROM runs WHERE experiment_id = ? ORDER BY start_time, run_uuid", [self._ids[name][0]]
            )
            everything = [run_id for (run_id,) in ids]
            for begin in range(0, len(everything), BATCH):
                yield from self._batch(name, everything[begin : begin + BATCH], models)
        for left in models.values():
            yield from (carrier(model, experiment) for model, experiment in left)

    def _batch(
        self, experiment: str, run_ids: list[str], models: dict[str, list[tuple[MovedModel, str]]]
    ) -> Iterator[MovedRun]:
        some = f"WHERE run_uuid IN ({', '.join('?' * len(run_ids))})"
        params, tags = (self._texts(table, "run_uuid", some, run_ids) for table in ("params", "tags"))
        counts: dict[str, dict[str, int]] = defaultdict(dict)
        for run_id, key, count in self._rows.rows(
            f"SELECT run_uuid, [key], count(*) FROM metrics {some} GROUP BY run_uuid, [key]", run_ids
        ):
            counts[run_id][key] = count
        inputs, links = self._inputs(run_ids)
        wanted = (
            "run_uuid", "name", "user_id", "status", "start_time", "end_time", "deleted_time", "lifecycle_stage", "artifact_uri",
        )  # fmt: skip
        for row in self._all("runs", wanted, f"{some} ORDER BY start_time, run_uuid", run_ids):
            run_id = row["run_uuid"]
            logged = tuple(model for model, _ in models.pop(run_id, []))
            said = tags.get(run_id, {})
            own = f"{self._ids[experiment][0]}/{run_id}/artifacts"
            yield MovedRun(
                run_id,
                experiment,
                row.get("name") or said.get(RUN_NAME) or "",
                words.us(row["start_time"]) or 0,
                words.status_of(row["status"]),
                words.us(row["end_time"]),
                user=row["user_id"] or "",
                params=params.get(run_id, {}),
                tags=said,
                parent=said.get(PARENT),
                stage=words.stage_of(row["lifecycle_stage"]),
                deleted_us=words.us(row.get("deleted_time")),
                metrics=partial(self._points, run_id),
                counts=counts[run_id],
                files=partial(self._artifacts.files, row["artifact_uri"] or "", own),
                inputs=tuple(inputs[run_id]),
                models=(*logged, *words.history_models(said, {model.model_id for model in logged})),
                links=tuple(links[run_id]),
            )

    def _texts(self, table: str, of: str, rest: str, values: Sequence[Any], names: str = "[key], [value]") -> Texts:
        found: Texts = defaultdict(dict)
        for owner, key, value in self._rows.rows(f"SELECT {of}, {names} FROM {table} {rest}", values):
            found[owner][key] = value or ""
        return found

    def _points(self, run_id: str) -> Iterator[Points]:
        rows = self._rows.rows(
            "SELECT [key], step, timestamp, value, is_nan FROM metrics WHERE run_uuid = ? ORDER BY [key], step, timestamp",
            [run_id],
        )
        for key, of_key in groupby(rows, key=lambda row: row[0]):
            for block in _blocks(of_key):
                _, step, t, value, is_nan = zip(*block, strict=True)
                values = np.array([words.value_of(*each) for each in zip(value, is_nan, strict=True)], dtype=np.float64)
                yield Points(key, np.array(step, dtype=np.int64), np.array(t, dtype=np.int64) * words.US, values)

    def _inputs(
        self, run_ids: list[str]
    ) -> tuple[dict[str, list[DatasetInput]], dict[str, list[tuple[str, str, int]]]]:
        """Return the data sets that runs used, and the models that they used and made."""
        datasets: dict[str, list[DatasetInput]] = defaultdict(list)
        links: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
        marks = ", ".join("?" * len(run_ids))
        wanted = ("input_uuid", "source_type", "source_id", "destination_type", "destination_id", "step")
        rest = f"WHERE destination_id IN ({marks}) OR source_id IN ({marks}) ORDER BY input_uuid"
        rows = list(self._all("inputs", wanted, rest, [*run_ids, *run_ids]))
        known = self._datasets([row["source_id"] for row in rows if row["source_type"] == "DATASET"])
        of = [row["input_uuid"] for row in rows]
        tags: Texts = {}
        if of:
            some = f"WHERE input_uuid IN ({', '.join('?' * len(of))})"
            tags = self._texts("input_tags", "input_uuid", some, of, "[name], [value]")
        for row in rows:
            match row["source_type"], row["destination_type"]:
                case "DATASET", "RUN" if row["source_id"] in known:
                    found = words.dataset_input(known[row["source_id"]], tags.get(row["input_uuid"], {}))
                    datasets[row["destination_id"]].append(found)
                case "RUN_INPUT", "MODEL_INPUT":
                    links[row["source_id"]].append(("input", row["destination_id"], 0))
                case "RUN_OUTPUT", "MODEL_OUTPUT":
                    links[row["source_id"]].append(("output", row["destination_id"], int(row.get("step") or 0)))
        return datasets, links

    def _datasets(self, ids: list[str]) -> dict[str, dict[str, Any]]:
        columns = (
            "dataset_uuid",
            "name",
            "digest",
            "dataset_source_type",
            "dataset_source",
            "dataset_schema",
            "dataset_profile",
        )
        if not ids:
            return {}
        some = f"WHERE dataset_uuid IN ({', '.join('?' * len(ids))})"
        return {
            row["dataset_uuid"]: {key.removeprefix("dataset_"): value for key, value in row.items()}
            for row in self._all("datasets", columns, some, ids)
        }

    # -- logged models -----------------------------------------------------------------------------------------------

    def _models(self, names: Collection[str]) -> dict[str, list[tuple[MovedModel, str]]]:
        """Return the logged models by the run that made them, each with its experiment."""
        found: dict[str, list[tuple[MovedModel, str]]] = {}
        by_id = {self._ids[name][0]: name for name in names}
        columns = (
            "model_id", "experiment_id", "name", "artifact_location", "creation_timestamp_ms", "last_updated_timestamp_ms", "status",
            "lifecycle_stage", "model_type", "source_run_id",
        )  # fmt: skip
        if not self._rows.columns("logged_models"):
            return found
        params = self._texts("logged_model_params", "model_id", "", (), "param_key, param_value")
        tags = self._texts("logged_model_tags", "model_id", "", (), "tag_key, tag_value")
        metrics: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for model_id, *point in self._rows.rows(
            "SELECT model_id, metric_name, metric_value, metric_timestamp_ms, metric_step, dataset_name, dataset_digest, run_id "
            "FROM logged_model_metrics ORDER BY metric_timestamp_ms, metric_step"
        ):
            metrics[model_id].append((point[0], words.value_of(point[1]), *point[2:]))
        for row in self._all("logged_models", columns, "ORDER BY creation_timestamp_ms, model_id"):
            if row["experiment_id"] not in by_id:
                continue
            model_id = row["model_id"]
            said = {key.removesuffix("_ms"): value for key, value in row.items()}
            own = f"{row['experiment_id']}/models/{model_id}/artifacts"
            try:
                model = described(
                    said | {"deleted": row["lifecycle_stage"] == "deleted"},
                    params=params.get(model_id, {}),
                    tags=tags.get(model_id, {}),
                    metrics=tuple(metrics[model_id]),
                    files=partial(self._artifacts.files, row["artifact_location"], own),
                    mlmodel=self._artifacts.at_hand(row["artifact_location"], own, "MLmodel"),
                )
            except ValueError as error:
                self._skip(f"logged model {model_id}", error)
                continue
            key = row["source_run_id"] or f"alone {model_id}"
            found.setdefault(key, []).append((model, by_id[row["experiment_id"]]))
        return found

    # -- registered models -------------------------------------------------------------------------------------------

    def registered(self) -> Iterator[MovedRegistered]:
        """Yield the registered models."""

        def of_model(table: str, columns: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
            found: dict[str, list[dict[str, Any]]] = defaultdict(list)
            for row in self._all(table, ("workspace", "name", *columns)):
                found[_in_workspace(row, ".")].append(row)
            return found

        tags = of_model("registered_model_tags", ("key", "value"))
        aliases = of_model("registered_model_aliases", ("alias", "version"))
        version_tags = of_model("model_version_tags", ("version", "key", "value"))
        versions = of_model("model_versions", (
            "version", "creation_time", "last_updated_time", "description", "user_id", "current_stage", "source", "run_id", "run_link",
        ))  # fmt: skip
        columns = ("workspace", "name", "creation_time", "last_updated_time", "description")
        for row in self._all("registered_models", columns, "ORDER BY name"):
            name = _in_workspace(row, ".")
            found = []
            for each in versions[name]:
                if each["current_stage"] == words.GONE:
                    continue
                own = {t["key"]: t["value"] or "" for t in version_tags[name] if t["version"] == each["version"]}
                found.append(words.version_of(_stamped(each), own))
            said = _stamped(row)
            yield MovedRegistered(
                name,
                row["description"] or "",
                created=int(said["creation_timestamp"] or 0),
                updated=int(said["last_updated_timestamp"] or 0),
                tags={each["key"]: each["value"] or "" for each in tags[name]},
                versions=tuple(sorted(found, key=lambda version: version.version)),
                aliases={each["alias"]: int(each["version"]) for each in aliases[name]},
            )


def _in_workspace(row: dict[str, Any], between: str) -> str:
    """Return a name; one of another workspace than the usual one is told with it."""
    workspace = row.get("workspace") or DEFAULT
    return str(row["name"]) if workspace == DEFAULT else f"{workspace}{between}{row['name']}"


def _stamped(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"creation_timestamp": row["creation_time"], "last_updated_timestamp": row["last_updated_time"]}


def _blocks(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    block: list[tuple[Any, ...]] = []
    for row in rows:
        block.append(row)
        if len(block) == BLOCK:
            yield block
            block = []
    if block:
        yield block
