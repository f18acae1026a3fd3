"""nbtrack: an experiment tracker that lives in the notebook.

Every public name is loaded when it is first used, so that ``import nbtrack`` is as light as a bare Python.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from nbtrack.version import __version__

if TYPE_CHECKING:
    from nbtrack import (
        lightgbm,
        models,
        onnx,
        optuna,
        plots,
        projects,
        pyfunc,
        pytorch,
        sklearn,
        statsmodels,
        sweeps,
        xgboost,
    )
    from nbtrack.autologging.switch import autolog
    from nbtrack.entities import ViewType
    from nbtrack.expectations.checking import check
    from nbtrack.exports.html import export
    from nbtrack.exports.story import slides, story
    from nbtrack.moving.verbs import backup, copy_runs, import_runs, merge_stores
    from nbtrack.registry.hooks import off_registry_change, on_registry_change
    from nbtrack.reruns.fork import fork
    from nbtrack.reruns.reproduce import reproduce
    from nbtrack.server.running import ui
    from nbtrack.sweeps.sweep import sweep
    from nbtrack.tracking import data
    from nbtrack.tracking.active import get_tracking_uri, set_tracking_uri
    from nbtrack.tracking.client import Client
    from nbtrack.tracking.experiments import (
        create_experiment,
        delete_experiment,
        get_experiment,
        get_experiment_by_name,
        rename_experiment,
        restore_experiment,
        search_experiments,
        set_experiment,
        set_experiment_tag,
        set_experiment_tags,
    )
    from nbtrack.tracking.fluent import (
        active_run,
        delete_run,
        delete_tag,
        end_run,
        get_artifact_uri,
        get_parent_run,
        get_run,
        last_active_run,
        load_table,
        log_artifact,
        log_artifacts,
        log_dict,
        log_figure,
        log_image,
        log_metric,
        log_metrics,
        log_param,
        log_params,
        log_table,
        log_text,
        purge,
        restore_run,
        set_tag,
        set_tags,
    )
    from nbtrack.tracking.model_verbs import get_logged_model, log_input, log_inputs, log_outputs, search_logged_models
    from nbtrack.tracking.models import log_model
    from nbtrack.tracking.registered import (
        comment_model,
        copy_model_version,
        create_registered_model,
        delete_model_version,
        delete_model_version_tag,
        delete_registered_model,
        delete_registered_model_alias,
        delete_registered_model_tag,
        expect,
        get_model_version,
        get_model_version_by_alias,
        get_registered_model,
        model_lineage,
        promote,
        register_model,
        registry_at,
        registry_history,
        rename_registered_model,
        rollback,
        search_model_versions,
        search_registered_models,
        set_model_version_tag,
        set_registered_model_alias,
        set_registered_model_tag,
        transition_model_version_stage,
        unexpect,
        update_model_version,
        update_registered_model,
    )
    from nbtrack.tracking.run import ActiveRun
    from nbtrack.tracking.searching import metric_history, search_runs, set_goal, sql
    from nbtrack.tracking.starting import start_run
    from nbtrack.tracking.stop import StopRun
    from nbtrack.widgets.artifacts import artifacts
    from nbtrack.widgets.board import runs
    from nbtrack.widgets.compare import compare
    from nbtrack.widgets.curves import curves
    from nbtrack.widgets.environment import env
    from nbtrack.widgets.live import live
    from nbtrack.widgets.parallel import parallel
    from nbtrack.widgets.registry import registry

_ROOMS = {
    "autologging.switch": ["autolog"],
    "entities": ["ViewType"],
    "expectations.checking": ["check"],
    "exports.html": ["export"],
    "exports.story": ["slides", "story"],
    "moving.verbs": ["backup", "copy_runs", "import_runs", "merge_stores"],
    "registry.hooks": ["off_registry_change", "on_registry_change"],
    "reruns.fork": ["fork"],
    "reruns.reproduce": ["reproduce"],
    "server.running": ["ui"],
    "sweeps.sweep": ["sweep"],
    "tracking.active": ["get_tracking_uri", "set_tracking_uri"],
    "tracking.client": ["Client"],
    "tracking.experiments": [
        "create_experiment",
        "delete_experiment",
        "get_experiment",
        "get_experiment_by_name",
        "rename_experiment",
        "restore_experiment",
        "search_experiments",
        "set_experiment",
        "set_experiment_tag",
        "set_experiment_tags",
    ],
    "tracking.fluent": [
        "active_run",
        "delete_run",
        "delete_tag",
        "end_run",
        "get_artifact_uri",
        "get_parent_run",
        "get_run",
        "last_active_run",
        "load_table",
        "log_artifact",
        "log_artifacts",
        "log_dict",
        "log_figure",
        "log_image",
        "log_metric",
        "log_metrics",
        "log_param",
        "log_params",
        "log_table",
        "log_text",
        "purge",
        "restore_run",
        "set_tag",
        "set_tags",
    ],
    "tracking.model_verbs": ["get_logged_model", "log_input", "log_inputs", "log_outputs", "search_logged_models"],
    "tracking.models": ["log_model"],
    "tracking.registered": [
        "comment_model",
        "copy_model_version",
        "create_registered_model",
        "delete_model_version",
        "delete_model_version_tag",
        "delete_registered_model",
        "delete_registered_model_alias",
        "delete_registered_model_tag",
        "expect",
        "get_model_version",
        "get_model_version_by_alias",
        "get_registered_model",
        "model_lineage",
        "promote",
        "register_model",
        "registry_at",
        "registry_history",
        "rename_registered_model",
        "rollback",
        "search_model_versions",
        "search_registered_models",
        "set_model_version_tag",
        "set_registered_model_alias",
        "set_registered_model_tag",
        "transition_model_version_stage",
        "unexpect",
        "update_model_version",
        "update_registered_model",
    ],
    "tracking.run": ["ActiveRun"],
    "tracking.searching": ["metric_history", "search_runs", "set_goal", "sql"],
    "tracking.starting": ["start_run"],
    "tracking.stop": ["StopRun"],
    "widgets.compare": ["compare"],
    "widgets.curves": ["curves"],
    "widgets.live": ["live"],
    "widgets.parallel": ["parallel"],
    "widgets.environment": ["env"],
    "widgets.board": ["runs"],
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}
_MODULES = {
    "artifacts": "artifacts",
    "data": "tracking.data",
    **{name: name for name in ("models", "plots", "projects", "pyfunc")},
    "registry": "registry",
    "sweeps": "sweeps",
    **{name: name for name in ("lightgbm", "onnx", "optuna", "pytorch", "sklearn", "statsmodels", "xgboost")},
}

__all__ = [
    "ActiveRun",
    "Client",
    "StopRun",
    "ViewType",
    "__version__",
    "active_run",
    "artifacts",
    "autolog",
    "backup",
    "check",
    "comment_model",
    "compare",
    "copy_model_version",
    "copy_runs",
    "create_experiment",
    "create_registered_model",
    "curves",
    "data",
    "delete_experiment",
    "delete_model_version",
    "delete_model_version_tag",
    "delete_registered_model",
    "delete_registered_model_alias",
    "delete_registered_model_tag",
    "delete_run",
    "delete_tag",
    "end_run",
    "env",
    "expect",
    "export",
    "fork",
    "get_artifact_uri",
    "get_experiment",
    "get_experiment_by_name",
    "get_logged_model",
    "get_model_version",
    "get_model_version_by_alias",
    "get_parent_run",
    "get_registered_model",
    "get_run",
    "get_tracking_uri",
    "import_runs",
    "last_active_run",
    "lightgbm",
    "live",
    "load_table",
    "log_artifact",
    "log_artifacts",
    "log_dict",
    "log_figure",
    "log_image",
    "log_input",
    "log_inputs",
    "log_metric",
    "log_metrics",
    "log_model",
    "log_outputs",
    "log_param",
    "log_params",
    "log_table",
    "log_text",
    "merge_stores",
    "metric_history",
    "model_lineage",
    "models",
    "off_registry_change",
    "on_registry_change",
    "onnx",
    "optuna",
    "parallel",
    "plots",
    "projects",
    "promote",
    "purge",
    "pyfunc",
    "pytorch",
    "register_model",
    "registry",
    "registry_at",
    "registry_history",
    "rename_experiment",
    "rename_registered_model",
    "reproduce",
    "restore_experiment",
    "restore_run",
    "rollback",
    "runs",
    "search_experiments",
    "search_logged_models",
    "search_model_versions",
    "search_registered_models",
    "search_runs",
    "set_experiment",
    "set_experiment_tag",
    "set_experiment_tags",
    "set_goal",
    "set_model_version_tag",
    "set_registered_model_alias",
    "set_registered_model_tag",
    "set_tag",
    "set_tags",
    "set_tracking_uri",
    "sklearn",
    "slides",
    "sql",
    "start_run",
    "statsmodels",
    "story",
    "sweep",
    "sweeps",
    "transition_model_version_stage",
    "ui",
    "unexpect",
    "update_model_version",
    "update_registered_model",
    "xgboost",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its room."""
    if name in ("start_run", "sweep"):
        _meet_notebook()
    if name in _HOME:
        value = getattr(import_module(f"nbtrack.{_HOME[name]}"), name)
    elif name in _MODULES:
        value = import_module(f"nbtrack.{_MODULES[name]}")
    elif name == "MlflowClient":
        value = import_module("nbtrack.tracking.client").Client
    else:
        message = f"module 'nbtrack' has no attribute {name!r}"
        raise AttributeError(message)
    globals()[name] = value
    return value


def _meet_notebook() -> None:
    """In a notebook, runs are shown as they go on, also without ``%load_ext nbtrack``; IPython is only asked when it is there."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None
    if getattr(shell, "kernel", None) is not None:
        import_module("nbtrack.magics.live_cells").watch_cells(shell)


def __dir__() -> list[str]:
    """List the public names."""
    return __all__


def load_ipython_extension(shell: Any) -> None:
    """Answer ``%load_ext nbtrack``."""
    import_module("nbtrack.magics.extension").load_ipython_extension(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Answer ``%unload_ext nbtrack``."""
    import_module("nbtrack.magics.extension").unload_ipython_extension(shell)
