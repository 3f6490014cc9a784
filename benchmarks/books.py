"""What a database says in the end, read from outside of the system, and what of it
contradicts what was promised.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

OUTSIDE = ("assignment", "external_ticket", "notification", "reply")
"""Actions that are delivered."""


@dataclass(frozen=True)
class Books:
    """A database: SQLite's file, or the DATABASE_URL of one on PostgreSQL."""

    where: Path | str

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What it answers. The words are the same for both."""
        if isinstance(self.where, Path):
            with closing(sqlite3.connect(self.where, timeout=30)) as tables:
                return tables.execute(query).fetchall()
        with psycopg.connect(self.where) as connection:
            return connection.execute(query).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]

    def count(self, query: str) -> int:
        """The one number that it answers."""
        return self.rows(query)[0][0]

    def moving(self) -> int:
        """How many runs and effects have not come to rest."""
        runs = self.count(
            "SELECT count(*) FROM runs WHERE status NOT IN ('finished', 'waiting', 'failed')"
        )
        sent = "status = 'sending' OR (status = 'queued' AND started_at IS NOT NULL)"
        return runs + self.count(f"SELECT count(*) FROM outbox WHERE {sent}")  # noqa: S608 - two constants

    def sending(self) -> int:
        """How many effects are on the wire, or were when their sender died."""
        return self.count("SELECT count(*) FROM outbox WHERE status = 'sending'")

    def runs(self) -> Counter[str]:
        """How many runs are how."""
        return Counter(status for (status,) in self.rows("SELECT status FROM runs"))

    def effects(self) -> Counter[str]:
        """How many effects that go outside are how."""
        return Counter(
            status
            for status, action in self.rows("SELECT status, action FROM outbox")
            if action in OUTSIDE
        )


def read_json(value: Any) -> Any:
    """A JSON column, which PostgreSQL gives as an object and SQLite as text."""
    return json.loads(value) if isinstance(value, str | bytes) else value


@dataclass
class Told:
    """What clients were told. Only what was answered with 2xx counts as acknowledged.

    `tickets` by their Idempotency-Key; `decisions` by approval, each with who decided, the
    status and the detail of the answer; `unexpected` is every answer that no client should
    get.
    """

    tickets: dict[str, str] = field(default_factory=dict)
    decisions: dict[str, list[tuple[str, int, str]]] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)


def faults(
    books: Books, told: Told, received: Iterable[Mapping[str, Any]] | None
) -> list[str]:
    """Every promise that was broken. `received` is what a receiver has noted.

    None where there was none.
    """
    return [
        *told.unexpected,
        *tickets_wrong(books, told),
        *runs_wrong(books),
        *approvals_wrong(books, told),
        *(effects_wrong(books, received) if received is not None else ()),
    ]


def tickets_wrong(books: Books, told: Told) -> Iterable[str]:
    """What was acknowledged is there, once, with one run, at rest."""
    stored = {key for (key,) in books.rows("SELECT id FROM tickets")}
    runs = books.rows(
        "SELECT id, ticket_id, status FROM runs WHERE forked_from IS NULL"
    )
    of_ticket = Counter(ticket for _, ticket, _ in runs)
    taken = Counter(told.tickets.values())
    yield from (f"acknowledged and lost: {key}" for key in taken.keys() - stored)
    yield from (
        f"two requests, one ticket: {key}" for key, many in taken.items() if many > 1
    )
    yield from (f"a ticket nobody was told of: {key}" for key in stored - taken.keys())
    yield from (
        f"{of_ticket[key]} runs of a ticket: {key}"
        for key in stored
        if of_ticket[key] != 1
    )
    yield from (
        f"{status}: {key}"
        for key, _, status in runs
        if status not in ("finished", "waiting")
    )


def runs_wrong(books: Books) -> Iterable[str]:
    """A run has one outcome, one question for each interrupt, and each of its steps once."""
    outcomes = books.rows(
        "SELECT run_id, kind FROM audit WHERE kind IN ('finished', 'waiting', 'approval')"
    )
    ended = Counter(outcomes)
    asked = Counter(run for (run,) in books.rows("SELECT run_id FROM approvals"))
    runs = dict(books.rows("SELECT id, status FROM runs"))
    yield from (
        f"finished {many} times: {key[0]}"
        for key, many in ended.items()
        if key[1] == "finished" and many > 1
    )
    yield from (f"asked twice: {run}" for run, many in asked.items() if many > 1)
    for run, status in runs.items():
        if ended[run, "finished"] != (status == "finished"):
            yield f"{status}, but {ended[run, 'finished']} times finished in the log: {run}"
        if ended[run, "waiting"] != asked[run]:
            yield f"asked {asked[run]} times, {ended[run, 'waiting']} times in the log: {run}"
    forked = (
        "SELECT thread_id FROM checkpoints GROUP BY thread_id, parent_checkpoint_id "
        "HAVING count(*) > 1"
    )
    yield from (
        f"two checkpoints follow the same one: {run}" for (run,) in books.rows(forked)
    )


def approvals_wrong(books: Books, told: Told) -> Iterable[str]:
    """Of each question one decision, by whom everybody was told, and what follows from it once."""
    found = books.rows(
        "SELECT id, run_id, ticket_id, status, decided_by, decision FROM approvals"
    )
    replies = Counter(
        key
        for (key,) in books.rows("SELECT ticket_id FROM outbox WHERE action = 'reply'")
    )
    known = {row[0]: row for row in found}
    for approval, answers in told.decisions.items():
        status, by = known[approval][3:5] if approval in known else ("gone", None)
        won = [who for who, code, _ in answers if code < 300]
        if status != "decided":
            yield f"decided and forgotten: {approval}"
        if len(won) > 1 or (won and won[0] != by):
            yield f"told {won} that they had won, and {by} has: {approval}"
        for who, code, detail in answers:
            if code == 409 and not detail.startswith(f"{by} already decided this at "):
                yield f"{who} was told '{detail}', and {by} has won: {approval}"
    for approval, run, ticket, status, _, decision in found:
        if status == "pending" and books.rows(
            f"SELECT 1 FROM runs WHERE id = '{run}' AND status <> 'waiting'"  # noqa: S608
        ):
            yield f"asked, and the run does not wait: {approval}"
        if status == "decided" and replies[ticket] != (
            read_json(decision)["type"] in ("approve", "edit", "respond")
        ):
            yield f"{replies[ticket]} replies after {read_json(decision)['type']}: {approval}"


def effects_wrong(books: Books, received: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """Each effect was delivered once if the ledger says sent, and never twice."""
    ledger = books.rows("SELECT key, ticket_id, action, status FROM outbox")
    status_of = {key: status for key, _, action, status in ledger if action in OUTSIDE}
    delivered = Counter(delivery["marker"] for delivery in received)
    kinds = Counter((ticket, action) for _, ticket, action, _ in ledger)
    finished = (
        "SELECT ticket_id FROM runs WHERE status = 'finished' AND forked_from IS NULL"
    )
    touched = {ticket for _, ticket, _, _ in ledger}
    yield from (
        f"delivered {many} times: {key}" for key, many in delivered.items() if many > 1
    )
    yield from (
        f"delivered, and nobody wanted it: {key}"
        for key in delivered.keys() - status_of.keys()
    )
    yield from (
        f"sent, and nothing came: {k}"
        for k, s in status_of.items()
        if s == "sent" and not delivered[k]
    )
    yield from (
        f"{s} at the end: {k}"
        for k, s in status_of.items()
        if s not in ("sent", "unknown")
    )
    yield from (
        f"effect twice: {ticket} {action}"
        for (ticket, action), many in kinds.items()
        if many > 1
    )
    yield from (
        f"finished without effect: {key}"
        for (key,) in books.rows(finished)
        if key not in touched
    )
