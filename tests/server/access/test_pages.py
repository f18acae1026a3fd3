"""The web interface of somebody who has roles by pattern: their runs and models, and nothing of others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from nbtrack.errors import InvalidValueError, NbtrackError, NotFoundError
from nbtrack.server.access.judge import Judge
from nbtrack.server.access.partial import PartialStore
from nbtrack.server.access.roles import Role, User
from nbtrack.server.session import Session
from nbtrack.store.protocol import RunQuery
from nbtrack.store.registry_protocol import ModelQuery
from nbtrack.views.questions import ROOMS
from nbtrack.wire.parcel import open_parcel
from tests.server.access.conftest import USERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server.access.conftest import Team

MINE = USERS[3]


@pytest.fixture(scope="module")
def models(server: Team) -> None:
    for name in ("mine", "theirs"):
        server.ask("boss", "POST", "/api/2.0/mlflow/registered-models/create", json={"name": name})
        server.store.add_artifact(server.runs[name], "notes.txt", name.encode())


@pytest.fixture
def partial(server: Team, models: None) -> PartialStore:
    return partial_of(server, MINE)


def partial_of(server: Team, user: User) -> PartialStore:
    desk: Any = server.http.app.state.desk  # type: ignore[attr-defined]
    return PartialStore(server.store, Judge(desk, user), user)


@pytest.fixture
def sheet(partial: PartialStore) -> Iterator[Any]:
    """Answer messages of a page; what it says in numbers is under `buffers`."""

    async def made() -> Session:
        return Session(partial, MINE)

    session = anyio.run(made)

    def ask(**content: Any) -> dict[str, Any]:
        found, buffers = open_parcel(session.answer(content))
        return {**found, "buffers": b"".join(map(bytes, buffers))}

    yield ask
    session.close()


def test_runs_and_models_of_others_are_not_there(server: Team, partial: PartialStore):
    mine, theirs = server.runs["mine"], server.runs["theirs"]
    assert {run.info.run_id for run in partial.search_runs(RunQuery())} >= {mine, server.runs["open"]}
    assert theirs not in partial.run_columns(RunQuery()).attributes["run_id"]
    assert theirs not in partial.run_columns(RunQuery(run_ids=(theirs,))).attributes["run_id"]
    assert "theirs" not in {model.name for model in partial.registry.search(ModelQuery())}
    assert partial.registry.run_values([mine, theirs]).keys() <= {mine}
    assert partial.get_run(mine).info.run_id == mine
    for ask in (
        lambda: partial.get_run(theirs),
        lambda: partial.curves(theirs, 10),
        lambda: partial.sparks([mine, theirs], "a", 8),
        lambda: partial.list_artifacts(theirs),
        lambda: partial.artifact_file(theirs, "notes.txt"),
        lambda: partial.live_state(theirs),
        lambda: partial.follow(theirs, {}),
        lambda: partial.sql("SELECT path FROM artifacts WHERE run_id = ?", [theirs]),
        lambda: partial.sql("SELECT path FROM artifacts WHERE list_contains(?, run_id)", [[mine, theirs]]),
        lambda: partial.registry.get("theirs"),
        lambda: partial.registry.history("theirs"),
        lambda: partial.registry.set_tags("theirs", {"a": "b"}),
        lambda: partial.append(("tags", theirs, {"a": "b"}, None)),
    ):
        with pytest.raises(NotFoundError):
            ask()
    for refused in (
        lambda: partial.sql("SELECT * FROM runs"),
        partial.registry.history,
        lambda: partial.registry.delete("mine"),
        lambda: partial.registry.take("mine", []),
        lambda: partial.append(("tags", server.runs["open"], {"a": "b"}, None)),
        lambda: partial.append(("setting", None, None, {"name": "goal/a", "value": "min"})),
        lambda: partial.post_order(server.runs["open"], {"do": "stop"}),
        lambda: partial.purge(older_than_s=0.0),
        lambda: partial.blobs,
        lambda: partial.folder,
        lambda: partial.resolve_run("theirs"),
    ):
        with pytest.raises(InvalidValueError):
            refused()
    with pytest.raises(NotFoundError) as told:
        partial.registry.get("mine or not")
    assert told.value.known == []


QUESTIONS: dict[str, Any] = {
    "artifacts": {"run": "@", "path": ""},
    "compare": {"runs": ["@", "@mine"]},
    "compare_file": {"runs": ["@", "@mine"], "path": "notes.txt"},
    "compare_sentence": {"runs": ["@", "@mine"]},
    "compare_table": {"runs": ["@", "@mine"], "path": "notes.txt"},
    "curves": {"series": [["@", "a"]], "x": "step", "buckets": 10},
    "importance": {"runs": ["@", "@mine"], "metric": "a", "params": ["b"]},
    "live": {"run": "@"},
    "model": {"name": "theirs"},
    "model-move": {"name": "theirs", "version": 1, "to": 0, "alias": "a"},
    "model-version": {"name": "theirs", "version": 1},
    "preview": {"run": "@", "path": "notes.txt"},
    "sparks": {"runs": ["@"], "key": "a", "points": 8},
}


@pytest.mark.parametrize("what", sorted(ROOMS))
def test_no_question_of_a_page_tells_of_others(server: Team, sheet: Any, what: str):
    theirs, mine = server.runs["theirs"], server.runs["mine"]
    asked = json.loads(json.dumps(QUESTIONS.get(what, {"run": "@"})).replace("@mine", mine).replace("@", theirs))
    found = sheet(kind="ask", what=what, **asked)
    if what in QUESTIONS and what not in ("compare", "importance"):  # these show what is left
        assert found["ok"] is False, found
    told = json.dumps({key: value for key, value in found.items() if key not in ("error", "buffers")})
    assert "theirs" not in told
    assert theirs not in told
    assert b"theirs" not in found["buffers"]
    assert theirs.encode() not in found["buffers"]


def test_a_page_shows_and_changes_ones_own(server: Team, sheet: Any):
    mine = server.runs["mine"]
    for what in ("artifacts", "live"):
        assert sheet(kind="ask", what=what, run=mine)["ok"], what
    assert sheet(kind="ask", what="compare", runs=[mine, server.runs["open"]])["ok"]
    assert sheet(kind="ask", what="model", name="mine")["ok"]
    assert sheet(kind="edit", op="registry", do="describe", name="mine", value="ours")["ok"]
    for refused in (
        {"op": "registry", "do": "describe", "name": "theirs", "value": "x"},
        {"op": "registry", "do": "delete", "name": "mine"},
        {"op": "goal", "key": "a", "value": "min"},
        {"op": "save-view", "key": "v", "value": {}},
        {"op": "tag", "runs": [server.runs["theirs"]], "key": "a", "value": "b"},
    ):
        assert sheet(kind="edit", **refused)["ok"] is False, refused


def test_admins_of_one_model_ruin_only_that(server: Team, models: None):
    partial = partial_of(server, User("both", Role.WRITE, {}, {"old*": Role.ADMIN}))
    with pytest.raises(NbtrackError):
        partial.registry.delete("mine")
    partial.registry.create("old one")
    with pytest.raises(NbtrackError):
        partial.registry.rename("old one", "mine too")
    partial.registry.delete("old one")
    partial.append(("setting", None, None, {"name": "goal/a", "value": "min"}))  # this one may write everything


def test_a_page_hears_its_own_user_only(server: Team):
    async def made() -> Session:
        session = Session(server.store, MINE)
        pages.sessions._open[session.id] = session
        return session

    pages = server.pages
    session = anyio.run(made)
    said = {"session": session.id, "content": {"kind": "ask", "what": "saved-views"}}
    assert server.ask("boss", "POST", "/api/message", json=said).status_code == 410
    assert server.ask("mine", "POST", "/api/message", json=said).status_code == 200
    shown = server.ask("mine", "GET", "/").text
    assert '"user": "mine"' in shown or '"user":"mine"' in shown
    pages.sessions.close(session)
