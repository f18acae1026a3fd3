"""What a store makes of the records of other machines: numbers where a run could not get them, and the name of who really sent them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.journal.acting import limited
from nbtrack.journal.record import line, text
from nbtrack.journal.replica import Replica
from nbtrack.names import is_run_id
from nbtrack.store import wellformed
from nbtrack.store.marks import read_watermark

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.journal.replica import Line
    from nbtrack.store.local import LocalStore

BY_NAME = {"experiment", "registry"}
"""Kinds that do not come in this way: whoever wants to change those asks for it by name, for ids are given out and rules are kept here."""
WITHOUT_RUN = {"hdr", "setting"}
SHARED = ("goal/", "view/", "cell-view/")
"""Names of settings begin so that everybody may change who may write; others, such as webhooks, are for admins of a server."""


class Receiver:
    """Takes in the journals of other machines for a local store.

    Parameters
    ----------
    store : LocalStore
    """

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self._replica = Replica(store.folder, self._folded)

    def receive(
        self,
        writer: str,
        data: bytes,
        *,
        after: int,
        lease_s: float,
        user: str | None = None,
    ) -> int:
        """Take in lines of one writer and return the sequence number of its last record here; see :meth:`Replica.receive`.

        Parameters
        ----------
        user : str, optional
            Who sends them, as far as the store knows that better than the sender.

        Raises
        ------
        InvalidValueError
            A record is damaged, or of a kind that does not come in this way.
        MissingRecordsError
            Records before `after` are not here.
        """
        self._store.make_folder()
        rewrite = self.rewriting(user=user)
        ends = False

        def note(one: Line) -> bytes:
            nonlocal ends
            ends = ends or one[1] == b"end"
            return rewrite(one)

        last = self._replica.receive(writer, data, after=after, lease_s=lease_s, rewrite=note)
        self._store.keeper.fold_soon() if ends or lease_s <= 0 else self._store.keeper.wake()
        return last

    def rewriting(self, *, user: str | None = None) -> Callable[[Line], bytes]:
        """Return what makes of a line what is kept of it: with the numbers that it lacks and the name of who sent it."""

        def rewrite(one: Line) -> bytes:
            kind, record = _content(one)
            is_changed = self._number(kind, record) | _name(kind, record, user)
            return _text(record) if is_changed else one[2]

        return rewrite

    def last(self, writer: str) -> int:
        """Return the sequence number of the last record of a writer that is here, -1 when there is none."""
        return self._replica.last(writer)

    def renew(self, writer: str, lease_s: float) -> None:
        """Let a writer count as alive for so many seconds; 0 ends it."""
        self._replica.renew(writer, lease_s)

    def _folded(self, writer: str) -> tuple[int, int]:
        with self._store.reading() as reader:
            return read_watermark(reader.con, "").get(writer, (-1, -1))

    def _number(self, kind: str, record: dict[str, Any]) -> bool:
        """Give a run that began without a connection its experiment and its number."""
        body = record.get("o")
        if kind != "start" or not isinstance(body, dict):
            return False
        is_changed = False
        if body.get("experiment_id") is None:
            body["experiment_id"] = self._store.experiment_id(str(body.get("experiment") or "Default"))
            is_changed = True
        else:
            self._check_experiment(body["experiment_id"])
        if body.get("number") is None:
            body["number"] = self._store.next_run_number()
            is_changed = True
        return is_changed

    def _check_experiment(self, experiment_id: Any) -> None:
        if experiment_id == 0 or experiment_id in self._store.numbers.experiment_ids().values():
            return
        try:
            self._store.get_experiment(str(experiment_id))  # it may be in the trash by now
        except NotFoundError as cause:
            raise InvalidValueError(str(cause)) from cause


def _content(one: Line) -> tuple[str, dict[str, Any]]:
    kind = one[1].decode()
    try:
        record = json.loads(one[2])
    except (ValueError, RecursionError) as cause:
        message = f"Record {one[0]} is no JSON: {cause}."
        raise InvalidValueError(message) from cause
    if kind in BY_NAME:
        message = f"Records of kind {kind!r} do not come in by a journal; ask the store for the change instead."
        raise InvalidValueError(message)
    run_id = record.get("r")
    if not is_run_id(run_id) and (run_id is not None or kind not in WITHOUT_RUN):
        message = f"Record {one[0]} ({kind}) names no run: 'r' must be 32 hexadecimal digits."
        raise InvalidValueError(message)
    wellformed.check(kind, record)
    if kind == "setting" and limited.get():
        _check_setting(record)
    return kind, record


def _check_setting(record: dict[str, Any]) -> None:
    body = record.get("o")
    name = str(body.get("name") if isinstance(body, dict) else body)
    if not name.startswith(SHARED):
        message = f"The setting {name[:80]!r} is changed by admins of the server only; your token has another role."
        raise InvalidValueError(message)


def _name(kind: str, record: dict[str, Any], user: str | None) -> bool:
    body = record.get("o")
    if user is None or kind not in ("hdr", "start") or not isinstance(body, dict) or body.get("user") == user:
        return False
    body["user"] = user
    return True


def _text(record: dict[str, Any]) -> bytes:
    """Return the line of a changed record, with its own sequence number and a checksum anew."""
    body = text({key: value for key, value in record.items() if key not in ("q", "c")})
    return line(record["q"], body[1:-1]).rstrip(b"\n")
