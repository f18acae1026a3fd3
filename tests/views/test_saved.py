"""Views saved by name."""

import pytest

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.store.local import LocalStore
from nbtrack.views.questions import answer
from nbtrack.views.saved import cell_view, drop_view, save_cell_view, save_view, saved_view, saved_views


@pytest.fixture
def store(tmp_path):
    made = LocalStore(tmp_path / "runs.duckdb")
    yield made
    made.close()


def test_views_are_kept_by_name(store):
    save_view(store, "best", {"filter": "metrics.acc > 0.9"})
    save_view(store, "all", {"filter": "", "extents": {"params.lr": [[0.1, None]]}})
    save_view(store, "best", {"filter": "metrics.acc > 0.95"})
    assert list(saved_views(store)) == ["all", "best"]
    assert saved_view(store, "best") == {"filter": "metrics.acc > 0.95"}
    assert answer(store, {"what": "saved-views"})[0]["views"]["all"]["extents"] == {"params.lr": [[0.1, None]]}
    drop_view(store, "best")
    assert list(saved_views(store)) == ["all"]


def test_what_is_under_cells_is_no_saved_view(store):
    save_cell_view(store, "abc", {"filter": "x"})
    assert saved_views(store) == {}
    assert cell_view(store, "abc") == {"filter": "x"}
    assert cell_view(store, "other") is None


def test_an_unknown_view_is_named(store):
    save_view(store, "best", {})
    with pytest.raises(NotFoundError, match="best"):
        saved_view(store, "bets")
    with pytest.raises(NotFoundError):
        drop_view(store, "worst")


@pytest.mark.parametrize(("name", "state"), [("", {}), ("a", ["x"]), ("a", {"x": "y" * 200_000})])
def test_what_is_no_view_is_refused(store, name, state):
    with pytest.raises(InvalidValueError):
        save_view(store, name, state)
    assert saved_views(store) == {}
