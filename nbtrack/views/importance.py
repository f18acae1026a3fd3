"""Which params move a metric: permutation importance of a random forest [1]_, beside rank correlation.

The forest is scored on runs that it has not seen, so that params which merely tell runs apart (a seed, a name) do not look important.
Without scikit-learn there is rank correlation alone.

References
----------
.. [1] L. Breiman, "Random Forests", Machine Learning 45 (2001).
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections import OrderedDict
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.entities import ViewType
from nbtrack.errors import InvalidValueError
from nbtrack.store.protocol import RunQuery

if TYPE_CHECKING:
    from nbtrack.store.protocol import RunColumns, TrackingStore

Array = np.ndarray[Any, Any]

LEAST_RUNS = 10
MOST_RUNS = 2000
"""A forest over more runs takes seconds and says the same."""
MOST_PARAMS = 60
MOST_CATEGORIES = 30
TREES = 120
REPEATS = 8
SEED = 0
WEAK_P = 0.05
STATISTICS = ("last", "min", "max", "best")
HINT = 'pip install "nbtrack[models]" adds the importance that a random forest finds, which sees more than single params in order.'
MOST_KNOWN = 32
NOTHING = (None, "None", "null", "")
"""What people log where a param is switched off, such as ``max_depth=None``."""

_known: OrderedDict[str, dict[str, Any]] = OrderedDict()
_working = threading.Lock()


@dataclass(frozen=True, slots=True)
class Share:
    """What one param has to do with the metric.

    Attributes
    ----------
    column : str
        Such as ``"params.lr"``.
    importance, std : float or None
        How much of R² is lost when the param is shuffled; None without scikit-learn.
    spearman : float or None
        Rank correlation, -1 to 1; the correlation ratio of ranks, 0 to 1, for three categories or more.
    p : float or None
        Chance of such a correlation where there is none.
    ordered : bool
        Whether ``spearman`` has a sign.
    weak : bool
        It may well be chance.
    """

    column: str
    importance: float | None
    std: float | None
    spearman: float | None
    p: float | None
    ordered: bool
    weak: bool


@dataclass(frozen=True, slots=True)
class Param:
    """A param as numbers: its values, or codes of its categories; NaN where a run has none."""

    column: str
    values: Array
    is_category: bool


def answer(store: TrackingStore, question: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Answer ``{what: "importance", metric, statistic, where, experiments: [id, …]}``.

    The answer has ``runs`` (with a finite metric), ``used``, ``score`` (R² on unseen runs, or None), ``hint`` and ``shares``, the strongest
    first; none for fewer than ten runs.

    Raises
    ------
    InvalidValueError
        There is no such statistic.
    SearchSyntaxError
        ``where`` cannot be read.
    """
    metric, statistic = str(question.get("metric") or ""), str(question.get("statistic") or "last")
    if statistic not in STATISTICS:
        message = f"The statistic {statistic!r} is not known; use {', '.join(STATISTICS)}."
        raise InvalidValueError(message)
    experiments = question.get("experiments")
    found = store.run_columns(
        RunQuery(
            filter_string=str(question.get("where") or ""),
            experiment_ids=tuple(map(str, experiments)) if experiments else None,
            view=ViewType.ACTIVE_ONLY,
        )
    )
    target = _target(found, metric, statistic)
    rows = np.flatnonzero(np.isfinite(target))
    facts = {
        "metric": metric,
        "statistic": statistic,
        "runs": len(rows),
        "used": 0,
        "score": None,
        "shares": [],
        "hint": "",
    }
    if len(rows) < LEAST_RUNS:
        return facts, []
    if len(rows) > MOST_RUNS:
        rows = np.sort(np.random.default_rng(SEED).choice(rows, MOST_RUNS, replace=False))
    target = target[rows]
    params = _params(found, rows)
    return facts | {"used": len(rows)} | _remembered(params, target), []


def shares_of(params: list[Param], target: Array) -> dict[str, Any]:
    """Return ``shares``, ``score`` and ``hint`` for params and a metric, each of shape (n_runs,)."""
    has_forest = find_spec("sklearn") is not None
    forest = _forest(params, target) if has_forest and params else None
    # a forest that foretells nothing has no importances worth showing
    is_telling = forest is not None and forest[0] > 0
    shares = []
    for index, param in enumerate(params):
        correlation, p = correlate(param, target)
        importance = std = None
        if forest is not None and is_telling:
            importance, std = float(forest[1][index]), float(forest[2][index])
        is_weak = not (p is not None and p < WEAK_P) and not (
            importance is not None and std is not None and importance > 2 * std + 0.01
        )
        shares.append(Share(param.column, importance, std, correlation, p, not _is_unordered(param), is_weak))
    shares.sort(key=lambda share: -(abs(share.spearman or 0) if share.importance is None else share.importance))
    return {
        "shares": [asdict(share) for share in shares],
        "score": forest[0] if forest is not None and is_telling else None,
        "hint": "" if has_forest else HINT,
    }


def correlate(param: Param, target: Array) -> tuple[float | None, float | None]:
    """Return the rank correlation of a param and a metric, and how likely chance alone gives as much."""
    here = ~np.isnan(param.values)
    values, ranks = param.values[here], _ranks(target[here])
    n, distinct = len(values), len(np.unique(values))
    if n < LEAST_RUNS or distinct < 2 or np.ptp(ranks) == 0:  # noqa: PLR2004 - one value has no correlation
        return None, None
    if not _is_unordered(param):
        r = float(np.corrcoef(_ranks(values), ranks)[0, 1])
        z = math.atanh(min(abs(r), 1 - 1e-12)) * math.sqrt((n - 3) / 1.06)  # Fieller, Hartley and Pearson 1957
        return r, math.erfc(z / math.sqrt(2))
    groups = [ranks[values == code] for code in np.unique(values)]
    between = sum(len(group) * (group.mean() - ranks.mean()) ** 2 for group in groups)
    share = float(between / ((ranks - ranks.mean()) ** 2).sum())
    return math.sqrt(share), _chi2_tail(share * (n - 1), distinct - 1)  # Kruskal and Wallis 1952


def _is_unordered(param: Param) -> bool:
    """Tell categories that have no order; two of them have one."""
    return param.is_category and len(np.unique(param.values[~np.isnan(param.values)])) > 2  # noqa: PLR2004


def _forest(params: list[Param], target: Array) -> tuple[float, Array, Array]:
    """Return R² on unseen runs, and mean and spread of what shuffling each param costs."""
    from sklearn.ensemble import RandomForestRegressor  # noqa: PLC0415 - only when asked
    from sklearn.inspection import permutation_importance  # noqa: PLC0415
    from sklearn.model_selection import train_test_split  # noqa: PLC0415

    columns = np.column_stack([_filled(param.values) for param in params])
    # ranks: one diverged run must not be all that there is to explain
    ranks = _ranks(target) / len(target)
    x_fit, x_test, y_fit, y_test = train_test_split(columns, ranks, test_size=0.3, random_state=SEED)
    forest = RandomForestRegressor(n_estimators=TREES, min_samples_leaf=2, random_state=SEED, n_jobs=1).fit(
        x_fit, y_fit
    )
    score = float(forest.score(x_test, y_test))
    found = permutation_importance(forest, x_test, y_test, n_repeats=REPEATS, random_state=SEED, n_jobs=1)
    return score, found.importances_mean, found.importances_std


def _remembered(params: list[Param], target: Array) -> dict[str, Any]:
    """Work out once what the same data was asked for before."""
    digest = hashlib.blake2b(target.tobytes(), digest_size=16)
    for param in params:
        digest.update(f"{param.column}\0{param.is_category}\0".encode())
        digest.update(param.values.tobytes())
    key = digest.hexdigest()
    with _working:  # several views of one study ask the same
        if key not in _known:
            _known[key] = shares_of(params, target)
            while len(_known) > MOST_KNOWN:
                _known.popitem(last=False)
        _known.move_to_end(key)
        return _known[key]


def _target(found: RunColumns, metric: str, statistic: str) -> Array:
    values = found.metrics.get(metric)
    if values is None:
        return np.full(len(found), np.nan)
    name = found.goals.get(metric, "last") if statistic == "best" else statistic
    return np.where(np.asarray(values["count"]) > 0, np.asarray(values[name], dtype=np.float64), np.nan)


def _params(found: RunColumns, rows: Array) -> list[Param]:
    """Return the params that differ between runs, those that most runs have first."""
    params = []
    for key, texts in found.params.items():
        chosen = texts[rows]
        if len({text for text in chosen if text is not None}) > 1 or (
            None in chosen and any(t is not None for t in chosen)
        ):
            param = _numbered(f"params.{key}", chosen)
            if param is not None:
                params.append(param)
    params.sort(key=lambda param: int(np.isnan(param.values).sum()))
    return params[:MOST_PARAMS]


def _numbered(column: str, texts: Array) -> Param | None:
    """Return a param as numbers; None for texts of which nearly every run has its own."""
    texts = np.array([None if text in NOTHING else text for text in texts], dtype=object)
    try:
        return Param(column, np.array([math.nan if text is None else float(text) for text in texts]), is_category=False)
    except ValueError:
        known = sorted({text for text in texts if text is not None})
    if len(known) > MOST_CATEGORIES:
        return None
    codes = {text: float(code) for code, text in enumerate(known)}
    return Param(column, np.array([math.nan if text is None else codes[text] for text in texts]), is_category=True)


def _filled(values: Array) -> Array:
    """Return values without gaps: runs that lack a param stand below all others; infinities at the ends."""
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 0.0)
    reach = (high - low) or 1.0
    return np.nan_to_num(values, nan=low - reach, posinf=high + reach, neginf=low - reach / 2)


def _ranks(values: Array) -> Array:
    """Return ranks from 0; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    means: Array = (ends - (counts + 1) / 2)[place]
    return means


def _chi2_tail(value: float, freedom: int) -> float:
    """Return the upper tail of the chi-squared distribution, in two degrees of freedom at a time."""
    half = value / 2
    tail = math.erfc(math.sqrt(half)) if freedom % 2 else math.exp(-half)
    for done in range(2 - freedom % 2, freedom, 2):
        tail += math.exp(done / 2 * math.log(half) - half - math.lgamma(done / 2 + 1)) if half > 0 else 0.0
    return min(tail, 1.0)
