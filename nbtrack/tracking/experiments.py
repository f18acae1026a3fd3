"""The verbs of ``import nbtrack`` for experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack import config
from nbtrack.entities import Experiment, LifecycleStage, ViewType
from nbtrack.errors import InvalidValueError, UnreachableError
from nbtrack.names import check_name
from nbtrack.tracking import active

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.store.protocol import Store


def set_experiment(experiment_name: str | None = None, *, experiment_id: str | None = None) -> Experiment:
    """Choose the experiment for new runs, made on first use; a server that does not answer makes it, and its id, when they arrive."""
    store = active.writable_store()
    if experiment_id is not None:
        found = store.get_experiment(str(experiment_id))
    else:
        found = _named(store, check_name(experiment_name or config.DEFAULT_EXPERIMENT, "Experiment name"))
    active.set_experiment_name(found.name)
    return found


def _named(store: Store, name: str) -> Experiment:
    """Return the experiment of a name, made on first use; without an id while the server does not answer."""
    experiment_id = store.experiment_id(name)
    if experiment_id is None:
        return Experiment("", name)
    try:
        return store.get_experiment(str(experiment_id))
    except UnreachableError:  # since just now
        return Experiment(str(experiment_id), name)


def create_experiment(name: str, artifact_location: str | None = None, tags: dict[str, str] | None = None) -> str:
    """Create an experiment and return its id. Raises ``AlreadyExistsError``."""
    if artifact_location is not None:
        message = (
            f"artifact_location {artifact_location!r} cannot be chosen here: artifacts are kept beside the DuckDB file."
        )
        raise InvalidValueError(message)
    return active.get_store().create_experiment(name, tags)


def get_experiment(experiment_id: str) -> Experiment:
    """Return an experiment by id. Raises ``NotFoundError``."""
    return active.get_store().get_experiment(str(experiment_id))


def get_experiment_by_name(name: str) -> Experiment | None:
    """Return an experiment by name (the one in use before one in the trash), or None."""
    found = [e for e in active.get_store().search_experiments(view=ViewType.ALL) if e.name == name]
    return min(found, key=lambda e: e.lifecycle_stage == LifecycleStage.DELETED, default=None)


def search_experiments(
    view_type: ViewType | str = ViewType.ACTIVE_ONLY,
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: Sequence[str] | None = None,
) -> list[Experiment]:
    """Return the experiments that match a filter such as ``"name LIKE 'digits%'"``; a text in the first place is the filter, too."""
    if isinstance(view_type, str):
        filter_string, view_type = filter_string or str(view_type), ViewType.ACTIVE_ONLY
    return active.get_store().search_experiments(
        filter_string or "", view=view_type, order_by=order_by or (), max_results=max_results
    )


def delete_experiment(experiment_id: str) -> None:
    """Put an experiment with its runs in the trash; its name is free again."""
    active.get_store().delete_experiment(str(experiment_id))


def restore_experiment(experiment_id: str) -> None:
    """Take an experiment out of the trash."""
    active.get_store().restore_experiment(str(experiment_id))


def rename_experiment(experiment_id: str, new_name: str) -> None:
    """Give an experiment another name."""
    active.get_store().rename_experiment(str(experiment_id), new_name)


def set_experiment_tags(tags: dict[str, str]) -> None:
    """Set tags of the experiment in use."""
    store = active.get_store()
    found = store.experiment_id(active.experiment_name())
    if found is None:
        message = f"{store.uri} does not answer; tags of an experiment are set there, so do it when it does."
        raise UnreachableError(message)
    store.set_experiment_tags(str(found), {k: str(v) for k, v in tags.items()})


def set_experiment_tag(key: str, value: Any) -> None:
    """Set a tag of the experiment in use."""
    set_experiment_tags({key: value})
