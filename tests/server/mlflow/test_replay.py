"""What a real MLflow 3.18 client and server said to each other, said once more to this server: the answers are the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.server.mlflow.conftest import BOTH

STORES = BOTH
RECORDED = Path(__file__).parents[2] / "data" / "mlflow_rest.jsonl"

MADE_BY_SERVER = re.compile(r"(creation|last_update)_time|(creation|last_updated)_timestamp(_ms)?")
LEFT_OUT = {"workspace", "model_id"}
"""Workspaces are not known here. Versions say which logged model they are, which MLflow's database does not keep."""


def test_every_recorded_exchange_is_answered_as_by_mlflow(rest):
    ids: dict[str, str] = {}
    problems = []
    for line in RECORDED.read_text(encoding="utf-8").splitlines():
        mark, method, path, body, status, wanted = json.loads(line)
        wanted = wanted or {}
        found = rest.ask(
            method, renamed(path, ids), content(renamed(body, ids)), user_agent="mlflow-python-client/3.18.0"
        )
        answer = {"bytes": len(found.body)} if "bytes" in wanted else json.loads(found.body)
        learn(wanted, answer, ids)
        if (found.status, plain(answer)) != (status, plain(renamed(wanted, ids))) and not is_known(wanted, mark):
            problems.append((mark, method, path, found.status, plain(answer), status, plain(renamed(wanted, ids))))
    assert not problems, "\n\n".join(str(each) for each in problems)


def is_known(wanted: Any, mark: str) -> bool:
    """Say whether a difference is one that is meant."""
    message = wanted.get("message", "")
    return (
        mark
        == "webhooks"  # MLflow looks the host up, without a network in vain; here a secret must be the name of a variable
        or "sqlite3" in message  # MLflow tells the SQL that failed
        or "Invalid attribute key" in message  # here the message says what could be written instead, with a caret
    )


def content(body: Any) -> Any:
    """Return a body to send: of files only their size was kept."""
    match body:
        case {"bytes": size}:
            return b"x" * size
        case {"text": text}:
            return text.encode()
    return body


def learn(wanted: Any, answer: Any, ids: dict[str, str]) -> None:
    """Note which id stands for a recorded one."""
    for kind, name in (("run", "run_id"), ("model", "model_id")):
        old, new = (each.get(kind, {}).get("info", {}).get(name) for each in (wanted, answer))
        if old and new:
            ids.setdefault(old, new)


def renamed(found: Any, ids: dict[str, str]) -> Any:
    text = json.dumps(found)
    for old, new in ids.items():
        text = text.replace(old, new)
    return json.loads(text)


def plain(found: Any, key: str = "") -> Any:
    """Return an answer without what each server makes itself; what is empty is as what is not there, and lists have no order."""
    if isinstance(found, dict):
        parts = {name: plain(part, name) for name, part in found.items() if name not in LEFT_OUT or "info" in found}
        return {name: part for name, part in parts.items() if part not in ("", [], {}, None)}
    if isinstance(found, list):
        return sorted((plain(each) for each in found), key=lambda each: json.dumps(each, sort_keys=True))
    return "time" if MADE_BY_SERVER.fullmatch(key) and isinstance(found, int) else found
