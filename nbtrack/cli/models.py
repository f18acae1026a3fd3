"""``nbtrack models``: the model registry: list, show, history, register, alias, stage, tag, expect, rollback, delete."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nbtrack.cli import options
from nbtrack.cli.output import clean, say, show_json
from nbtrack.cli.progress import fold
from nbtrack.cli.units import count
from nbtrack.errors import NotFoundError

if TYPE_CHECKING:
    from nbtrack.registry.registry import Registry
    from nbtrack.store.protocol import Store

app = typer.Typer(
    help="Registered models: list, show, history, register, alias, stage, tag, expect, rollback, delete.",
    epilog="Example: nbtrack models show fraud",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The registered model.", show_default=False)]
Version = Annotated[int, typer.Argument(metavar="VERSION", help="Its version.", min=1, show_default=False)]
MaybeVersion = Annotated[
    int | None, typer.Argument(metavar="VERSION", help="One of its versions.", min=1, show_default=False)
]
OnVersion = Annotated[
    int | None, typer.Option("--version", metavar="N", min=1, help="Of this version.", show_default=False)
]
Comment = Annotated[
    str, typer.Option("--comment", "-m", metavar="TEXT", help="Why; it stands in the history.", show_default=False)
]
Alias = Annotated[str, typer.Argument(metavar="ALIAS", help="Such as champion.", show_default=False)]
Tags = Annotated[list[str] | None, typer.Option("--tag", metavar="KEY=VALUE", help="A tag; give it again for more.")]


@app.command("list", epilog="Example: nbtrack models list --filter \"tags.team = 'risk'\"")
def list_models(
    filter_string: options.Filter = "",
    order_by: options.OrderBy = None,
    limit: options.Limit = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """List registered models: how many versions, and where each alias points."""
    from nbtrack.store.registry_protocol import ModelQuery  # noqa: PLC0415 - help is quick

    opened = options.open_store(store)
    n_rows = options.rows_wanted(limit, as_json=as_json)
    found = opened.registry.search(
        ModelQuery(filter_string, tuple(order_by or ()), None if n_rows is None else n_rows + 1)
    )
    more = n_rows is not None and len(found) > n_rows
    found = found[:n_rows]
    if as_json:
        show_json(found)
        return
    from nbtrack.cli import models_shown  # noqa: PLC0415 - brings rich's tables

    models_shown.show_models(found)
    ending = ", and there are more: --limit 0 shows all" if more else ""
    say(f"{count(len(found), 'registered model')} in {opened.title}{ending}", "dim")


@app.command("show", epilog="Example: nbtrack models show fraud 3")
def show_model(
    name: Name, version: MaybeVersion = None, store: options.Store = None, as_json: options.Json = False
) -> None:
    """Show a registered model with its versions, or one version with what it came from."""
    from nbtrack.cli import models_shown  # noqa: PLC0415
    from nbtrack.registry.lineage import lineage_of  # noqa: PLC0415
    from nbtrack.store.registry_protocol import ModelQuery  # noqa: PLC0415

    opened = options.open_store(store)
    if version is not None:
        found = lineage_of(opened, opened.registry.version(name, version))
        show_json(found) if as_json else models_shown.show_lineage(found)
        return
    model = opened.registry.get(name)
    quoted = name.replace("'", "''")
    versions = opened.registry.search_versions(ModelQuery(f"name = '{quoted}'", ("version DESC",)))
    if as_json:
        show_json({"model": model, "versions": versions})
        return
    values = opened.registry.run_values([v.run_id for v in versions if v.run_id])
    models_shown.show_model(model, versions, {run_id: found["metrics"] for run_id, found in values.items()})


@app.command(epilog="Example: nbtrack models history fraud --alias champion")
def history(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="The registered model; all without.", show_default=False)
    ] = None,
    alias: Annotated[
        str | None, typer.Option("--alias", metavar="ALIAS", help="Only moves of this alias.", show_default=False)
    ] = None,
    limit: options.Limit = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Show what happened to a model, the newest first: who, what, from what to what, and why."""
    opened = options.open_store(store)
    events = [e for e in opened.registry.history(name) if alias is None or e.alias == alias][::-1]
    n_rows = options.rows_wanted(limit, as_json=as_json)
    if as_json:
        show_json(events[:n_rows])
        return
    from nbtrack.cli import models_shown  # noqa: PLC0415

    models_shown.show_events(events[:n_rows], of_one=name is not None)
    shown = "" if n_rows is None or len(events) <= n_rows else f" of {len(events)}; --limit 0 shows all"
    say(f"{count(len(events[:n_rows]), 'change')}{shown}", "dim")


@app.command(epilog="Example: nbtrack models register runs:/0192f3…/model fraud --tag data=november")
def register(
    uri: Annotated[
        str,
        typer.Argument(metavar="URI", help="runs:/RUN/PATH, models:/NAME/VERSION or models:/m-ID.", show_default=False),
    ],
    name: Name,
    tag: Tags = None,
    description: Annotated[
        str, typer.Option("--description", metavar="MARKDOWN", help="Of the version.", show_default=False)
    ] = "",
    comment: Comment = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Register a logged model as the next version; RUN may also be a number or a name."""
    from nbtrack.tracking import registered  # noqa: PLC0415

    opened = options.open_store(store)
    made = registered.register(
        opened, _with_run_id(opened, uri), name, tags=_pairs(tag), description=description, comment=comment
    )
    _done(opened, f"Registered version {made.version} of {made.name}.", made, as_json=as_json)


def _with_run_id(store: "Store", uri: str) -> str:
    """Return a URI in which a run that is named as people do has its id."""
    scheme, slash, rest = uri.partition(":/")
    run, second, path = rest.partition("/")
    return f"runs:/{store.resolve_run(run)}/{path}" if scheme == "runs" and slash and second and run else uri


@app.command(epilog="Example: nbtrack models alias fraud champion 3 -m 'better on November'")
def alias(
    name: Name,
    alias: Alias,
    version: Annotated[
        int | None, typer.Argument(metavar="VERSION", help="Where it is to point.", min=1, show_default=False)
    ] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Take the alias away.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Although a gate does not hold; says why with -m.")] = False,
    comment: Comment = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Let an alias point at a version, if the gates of the model let it."""
    if (version is None) != delete:
        raise typer.BadParameter("Say a version, or --delete.", param_hint="VERSION")
    opened, registry = _registry(store)
    if delete:
        registry.delete_alias(name, alias, comment=comment)
        _done(opened, f"{name}@{alias} points nowhere.", registry.get(name), as_json=as_json)
        return
    before = registry.get(name).aliases.get(alias)
    registry.set_alias(name, alias, version, comment=comment, force=force)
    was = "" if before in (None, version) else f"; it was {before}"
    _done(opened, f"{name}@{alias} is version {version}{was}.", registry.version(name, version), as_json=as_json)


@app.command(epilog="Example: nbtrack models rollback fraud -m 'alarms since noon'")
def rollback(
    name: Name,
    alias: Annotated[str, typer.Argument(metavar="ALIAS", help="Which alias.")] = "champion",
    comment: Comment = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Let an alias point again at the version that had it before; once more goes back further."""
    opened, registry = _registry(store)
    before = registry.get(name).aliases.get(alias)
    found = registry.rollback(name, alias, comment=comment)
    was = "" if before is None else f"; it was {before}"
    _done(opened, f"{name}@{alias} is version {found.version} again{was}.", found, as_json=as_json)


@app.command(epilog="Example: nbtrack models stage fraud 3 Production --archive")
def stage(
    name: Name,
    version: Version,
    stage: Annotated[
        str, typer.Argument(metavar="STAGE", help="None, Staging, Production or Archived.", show_default=False)
    ],
    archive: Annotated[bool, typer.Option("--archive", help="Archive the versions that are there.")] = False,
    comment: Comment = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Move a version to a stage. Aliases do the same with names of your own."""
    opened, registry = _registry(store)
    found = registry.set_stage(name, version, stage, archive_existing_versions=archive, comment=comment)
    _done(opened, f"Version {version} of {name} is in {found.current_stage}.", found, as_json=as_json)


@app.command(epilog="Example: nbtrack models tag fraud team=risk reviewed- --version 3")
def tag(
    name: Name,
    words: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE|KEY-...", help="Tags to set, and to remove.", show_default=False)
    ],
    version: OnVersion = None,
    comment: Comment = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Set and remove tags of a registered model, or of one version."""
    gone = [word[:-1] for word in words if "=" not in word and word.endswith("-") and len(word) > 1]
    new = _pairs([word for word in words if word[:-1] not in gone or "=" in word], hint="KEY=VALUE")
    opened, registry = _registry(store)
    has = (registry.get(name) if version is None else registry.version(name, version)).tags
    missing = [key for key in gone if key not in has]
    if missing:
        raise NotFoundError("Tag", missing[0], has, where=f"registered model {name!r}")
    if new:
        registry.set_tags(name, new, version, comment=comment)
    for key in gone:
        registry.delete_tag(name, key, version, comment=comment)
    found = registry.get(name) if version is None else registry.version(name, version)
    which = name if version is None else f"version {version} of {name}"
    told = [f"set {', '.join(new)}"] * bool(new) + [f"removed {', '.join(gone)}"] * bool(gone)
    text = " and ".join(told)
    _done(opened, f"{text[0].upper()}{text[1:]} on {which}.", found, as_json=as_json)


@app.command(epilog="Example: nbtrack models expect fraud 'auc >= champion.auc - 0.005' --alias champion")
def expect(
    name: Name,
    gate: Annotated[
        str, typer.Argument(metavar="GATE", help="What must hold before an alias moves.", show_default=False)
    ],
    alias: Annotated[
        str | None, typer.Option("--alias", metavar="ALIAS", help="Only for this alias.", show_default=False)
    ] = None,
    version: OnVersion = None,
    delete: Annotated[bool, typer.Option("--delete", help="Expect it no more.")] = False,
    comment: Comment = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Put up a gate: a metric of the new version against a number, or against that of the present holder of an alias."""
    opened, registry = _registry(store)
    if delete:
        registry.unexpect(name, gate, alias=alias, version=version, comment=comment)
    else:
        registry.expect(name, gate, alias=alias, version=version, comment=comment)
    told = "is expected no more" if delete else "must hold before an alias moves"
    _done(opened, f"{name}: {gate} {told}.", registry.get(name), as_json=as_json)


@app.command(epilog="Example: nbtrack models delete fraud 2 --yes")
def delete(
    name: Name,
    version: MaybeVersion = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    comment: Comment = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Delete a registered model with all its versions, or one version; runs, files and the history stay."""
    opened, registry = _registry(store)
    model = registry.get(name)
    what = f"{name} with {count(model.n_versions, 'version')}" if version is None else f"version {version} of {name}"
    if version is not None:
        registry.version(name, version)
    if not yes:
        if as_json or not _someone_is_there():
            raise typer.BadParameter("Nobody is there to be asked; say --yes.", param_hint="--yes")
        pointing = [a for a, number in model.aliases.items() if version in (None, number)]
        also = f" {', '.join(f'@{a}' for a in pointing)} will point nowhere." if pointing else ""
        typer.confirm(f"Delete {clean(what)}?{also}", abort=True, err=True)
    registry.delete(name, version, comment=comment)
    _done(
        opened, f"Deleted {what}; its history stays.", {"deleted": {"name": name, "version": version}}, as_json=as_json
    )


def _someone_is_there() -> bool:
    return sys.stdin.isatty()


def _registry(store: str | None) -> "tuple[Store, Registry]":
    from nbtrack.registry.remote import registry_of  # noqa: PLC0415

    opened = options.open_store(store)
    return opened, registry_of(opened)


def _pairs(pairs: list[str] | None, *, hint: str = "--tag") -> dict[str, str]:
    wrong = [pair for pair in pairs or () if not pair.partition("=")[1] or not pair.partition("=")[0]]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]!r} is not KEY=VALUE.", param_hint=hint)
    return dict(pair.split("=", maxsplit=1) for pair in pairs or ())


def _done(store: "Store", message: str, found: Any, *, as_json: bool) -> None:
    if as_json:
        show_json(found)
    else:
        say(message)
    fold(store)
