"""What runs used and made: data sets and logged models, with MLflow's verbs; of the active run, and by run id for the client."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from nbtrack.entities import Dataset, DatasetInput
from nbtrack.errors import InvalidValueError
from nbtrack.tracking import active, fluent, logged_models, model_search
from nbtrack.tracking.experiments import get_experiment_by_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbtrack.registry.pages import Page
    from nbtrack.store.protocol import Record, Store
    from nbtrack.tracking.model_search import LoggedModel

CONTEXT = "mlflow.data.context"
"""The tag in which MLflow keeps what a dataset is used for."""

# -- of the active run ---------------------------------------------------------------------------------------------------


def get_logged_model(model_id: str) -> LoggedModel:
    """Return what is known of a logged model by its id, ``m-…``: params, tags, metrics. Raises ``NotFoundError``."""
    return model_search.get(active.get_store(), model_id)


def search_logged_models(
    experiment_ids: Sequence[str] | None = None,
    filter_string: str | None = None,
    datasets: Sequence[Mapping[str, str]] | None = None,
    max_results: int | None = None,
    order_by: Sequence[Mapping[str, Any]] | None = None,
    output_format: str = "pandas",
) -> Any:
    """Return the logged models that match, of the experiment in use by default; see :func:`nbtrack.tracking.model_search.search`.

    Parameters
    ----------
    output_format : {"pandas", "list"}

    Returns
    -------
    DataFrame or list of LoggedModel
    """
    if output_format not in ("pandas", "list"):
        raise InvalidValueError(f"output_format is {output_format!r}; use 'pandas' or 'list'.")
    store = active.get_store()
    if experiment_ids is None:
        here = get_experiment_by_name(active.experiment_name())
        experiment_ids = [here.experiment_id] if here else []
    found = model_search.search(store, experiment_ids, filter_string, datasets, max_results, order_by)
    if output_format == "list":
        return [*found]
    import pandas as pd  # noqa: PLC0415 - only for those who want tables

    return pd.DataFrame(
        [model.to_dictionary() for model in found], columns=[*model_search.LoggedModel.__dataclass_fields__]
    )


def log_input(
    dataset: Any = None,
    context: str | None = None,
    tags: dict[str, str] | None = None,
    model: Any = None,
    **about: Any,
) -> None:
    """Record a dataset that the active run uses: pandas, numpy, or one made by ``nbtrack.data``; or a logged `model`, or both.

    A model is given by its id, or by what has a `model_id`, such as the info that ``log_model`` returned.
    """
    if dataset is None and model is None:
        raise InvalidValueError("log_input needs a dataset, a model, or both.")
    run = fluent._run()  # noqa: SLF001 - the same floor's way of finding the run
    if dataset is not None:
        run.log_input(dataset, context, tags, **about)
    if model is not None:
        run.store.append(_used(run.store, run.id, model, "input"))


def log_inputs(
    datasets: Sequence[Any] | None = None,
    contexts: Sequence[str | None] | None = None,
    tags_list: Sequence[dict[str, str] | None] | None = None,
    models: Sequence[Any] | None = None,
) -> None:
    """Record several datasets, each with its context and tags, and several logged models that the active run uses."""
    sets = list(datasets or ())
    for name, given in (("contexts", contexts), ("tags_list", tags_list)):
        if given is not None and len(given) != len(sets):
            raise InvalidValueError(f"{name} has {len(given)} entries for {len(sets)} datasets; give one for each.")
    run = fluent._run()  # noqa: SLF001
    used = [_used(run.store, run.id, model, "input") for model in models or ()]
    for dataset, context, tags in zip(
        sets, contexts or [None] * len(sets), tags_list or [None] * len(sets), strict=True
    ):
        run.log_input(dataset, context, tags)
    if used:
        run.store.append(*used)


def log_outputs(models: Sequence[Any] | None = None) -> None:
    """Record logged models that the active run made, each an id or what has a `model_id` and maybe a `step`."""
    run = fluent._run()  # noqa: SLF001
    made = [_used(run.store, run.id, model, "output") for model in models or ()]
    if made:
        run.store.append(*made)


def _used(store: Store, run_id: str, model: Any, side: str) -> Record:
    ident = model if isinstance(model, str) else getattr(model, "model_id", None)
    if not isinstance(ident, str):
        raise InvalidValueError(
            f"A model is given by its id, m-…, or by what has a model_id; got {type(model).__name__}."
        )
    logged_models.find(store, ident)
    return logged_models.used(run_id, ident, side, int(getattr(model, "step", 0) or 0))


def _given(found: Any) -> DatasetInput:
    """Return a dataset with its context as a run has it, also one of MLflow's."""
    tags = found.tags if isinstance(found.tags, dict) else {tag.key: tag.value for tag in found.tags or ()}
    own = {each.name: str(getattr(found.dataset, each.name) or each.default) for each in fields(Dataset)}
    context = getattr(found, "context", "") or tags.get(CONTEXT, "")
    return DatasetInput(Dataset(**own), context, {key: value for key, value in tags.items() if key != CONTEXT})


# -- by run id -----------------------------------------------------------------------------------------------------------


class ModelVerbs:
    """The verbs of ``MlflowClient`` for logged models."""

    @property
    def store(self) -> Store:
        """Return the store that this client works on."""
        raise NotImplementedError

    def get_logged_model(self, model_id: str) -> LoggedModel:
        """Return what is known of a logged model. Raises ``NotFoundError``."""
        return model_search.get(self.store, model_id)

    def search_logged_models(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        datasets: Sequence[Mapping[str, str]] | None = None,
        max_results: int | None = None,
        order_by: Sequence[Mapping[str, Any]] | None = None,
        page_token: str | None = None,
    ) -> Page[LoggedModel]:
        """Return a page of the logged models that match (100 by default); its ``token`` asks for the next one."""
        limit = model_search.PAGE if max_results is None else max_results
        return model_search.search(self.store, experiment_ids, filter_string, datasets, limit, order_by, page_token)

    def log_inputs(
        self, run_id: str, datasets: Sequence[Any] | None = None, models: Sequence[Any] | None = None
    ) -> None:
        """Record datasets (as ``run.inputs.dataset_inputs`` has them, or data itself) and logged models that a run uses."""
        from nbtrack.tracking.starting import check_known, join  # noqa: PLC0415

        check_known(self.store, run_id)
        run = join(self.store, run_id)
        run.is_strict = True
        used = [_used(self.store, run_id, model, "input") for model in models or ()]
        for each in datasets or ():
            if hasattr(each, "dataset"):
                run._log_input(_given(each), {})  # noqa: SLF001
            else:
                run.log_input(each)
        if used:
            self.store.append(*used)

    def log_outputs(self, run_id: str, models: Sequence[Any]) -> None:
        """Record logged models that a run made, each an id or what has a `model_id` and maybe a `step`."""
        from nbtrack.tracking.starting import check_known  # noqa: PLC0415

        check_known(self.store, run_id)
        made = [_used(self.store, run_id, model, "output") for model in models]
        if made:
            self.store.append(*made)
