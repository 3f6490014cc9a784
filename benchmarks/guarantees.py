"""Checks a database against the guarantees, from outside, after a benchmark has run.

Nothing acknowledged is lost, every run ends once, the first decision of an approval counts,
and every effect is delivered once. find_faults names each violation.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

OUTSIDE = ("assignment", "external_ticket", "notification", "reply")
"""Actions whose effects are delivered to the receiver."""

SELECT_ENDED = (
    "SELECT run_id, kind FROM audit WHERE kind IN ('finished', 'waiting', 'approval')"
)
SELECT_FORKED_THREADS = (
    "SELECT thread_id FROM checkpoints GROUP BY thread_id, parent_checkpoint_id "
    "HAVING count(*) > 1"
)
SELECT_UNSENT = (
    "SELECT count(*) FROM outbox WHERE status = 'sending' "
    "OR (status = 'queued' AND started_at IS NOT NULL)"
)


@dataclass(frozen=True)
class StoredState:
    """Reads a database: SQLite's file, or the DATABASE_URL of one on PostgreSQL."""

    where: Path | str

    def fetch_rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query that both databases understand."""
        if isinstance(self.where, Path):
            with closing(sqlite3.connect(self.where, timeout=30)) as tables:
                return tables.execute(query).fetchall()
        with psycopg.connect(self.where) as connection:
            return connection.execute(query.encode()).fetchall()

    def fetch_count(self, query: str) -> int:
        """The one number that a query returns."""
        return self.fetch_rows(query)[0][0]

    def count_unsettled(self) -> int:
        """How many runs and effects are still under way."""
        runs = self.fetch_count(
            "SELECT count(*) FROM runs WHERE status NOT IN ('finished', 'waiting', 'failed')"
        )
        return runs + self.fetch_count(SELECT_UNSENT)

    def count_sending(self) -> int:
        """How many effects are being sent, or were when their worker died."""
        return self.fetch_count("SELECT count(*) FROM outbox WHERE status = 'sending'")

    def count_runs(self) -> Counter[str]:
        """The number of runs by status."""
        return Counter(
            status for (status,) in self.fetch_rows("SELECT status FROM runs")
        )

    def count_effects(self) -> Counter[str]:
        """The number of effects by status, of those that are delivered outside."""
        return Counter(
            status
            for status, action in self.fetch_rows("SELECT status, action FROM outbox")
            if action in OUTSIDE
        )


@dataclass
class ClientRecord:
    """What clients were answered. Only a 2xx answer counts as acknowledged.

    `tickets` holds ticket ids by Idempotency-Key; `decisions` by approval id who decided,
    the answer's status and its detail; `unexpected` lists answers that no client should get.
    """

    tickets: dict[str, str] = field(default_factory=dict)
    decisions: dict[str, list[tuple[str, int, str]]] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)


def find_faults(
    stored: StoredState,
    record: ClientRecord,
    received: Iterable[Mapping[str, Any]] | None,
) -> list[str]:
    """Every violated guarantee. `received` are the receiver's deliveries; None without one."""
    return [
        *record.unexpected,
        *check_tickets(stored, record),
        *check_runs(stored),
        *check_checkpoints(stored),
        *check_answers(stored, record),
        *check_decisions(stored),
        *(check_effects(stored, received) if received is not None else ()),
    ]


def check_tickets(stored: StoredState, record: ClientRecord) -> Iterator[str]:
    """Every acknowledged ticket is stored once, and has one run, which is settled."""
    known = {key for (key,) in stored.fetch_rows("SELECT id FROM tickets")}
    acknowledged = Counter(record.tickets.values())
    for key in acknowledged.keys() - known:
        yield f"acknowledged and lost: {key}"
    for key in find_repeated(acknowledged):
        yield f"two requests, one ticket: {key}"
    for key in known - acknowledged.keys():
        yield f"stored and not acknowledged: {key}"
    runs = stored.fetch_rows(
        "SELECT ticket_id, status FROM runs WHERE forked_from IS NULL"
    )
    of_ticket = Counter(ticket for ticket, _ in runs)
    for key in known:
        if of_ticket[key] != 1:
            yield f"{of_ticket[key]} runs of a ticket: {key}"
    for key, status in runs:
        if status not in ("finished", "waiting"):
            yield f"{status}: {key}"


def find_repeated(counts: Counter[Any]) -> list[Any]:
    """What was counted more than once."""
    return [key for key, count in counts.items() if count > 1]


def check_runs(stored: StoredState) -> Iterator[str]:
    """A run ends once, asks once for each approval, and the audit log has both once."""
    ended = Counter(stored.fetch_rows(SELECT_ENDED))
    approvals = stored.fetch_rows("SELECT run_id FROM approvals")
    asked = Counter(run for (run,) in approvals)
    for run, kind in find_repeated(ended):
        if kind == "finished":
            yield f"finished {ended[run, kind]} times: {run}"
    for run in find_repeated(asked):
        yield f"asked twice: {run}"
    for run, status in stored.fetch_rows("SELECT id, status FROM runs"):
        finished, waited = ended[run, "finished"], ended[run, "waiting"]
        if finished != (status == "finished"):
            yield f"{status}, but {finished} times finished in the log: {run}"
        if waited != asked[run]:
            yield f"asked {asked[run]} times, {waited} times in the log: {run}"


def check_checkpoints(stored: StoredState) -> Iterator[str]:
    """Each checkpoint has one successor: no two workers advanced the run side by side."""
    for (run,) in stored.fetch_rows(SELECT_FORKED_THREADS):
        yield f"two checkpoints follow the same one: {run}"


def check_answers(stored: StoredState, record: ClientRecord) -> Iterator[str]:
    """Of an approval's deciders one was told that they won, and the others who did."""
    rows = stored.fetch_rows("SELECT id, status, decided_by FROM approvals")
    known = {approval: (status, by) for approval, status, by in rows}
    for approval, answers in record.decisions.items():
        status, by = known.get(approval, ("gone", None))
        if status != "decided":
            yield f"decided and lost: {approval}"
        for fault in check_winner(answers, by):
            yield f"{fault}, and {by} has won: {approval}"


def check_winner(answers: list[tuple[str, int, str]], by: str | None) -> Iterator[str]:
    """What is wrong in the answers about an approval that `by` has decided."""
    won = [who for who, code, _ in answers if code < 300]
    if won and won != [by]:
        yield f"{won} were told that they had won"
    for who, code, detail in answers:
        if code == 409 and not detail.startswith(f"{by} already decided this at "):
            yield f"{who} was told '{detail}'"


def check_decisions(stored: StoredState) -> Iterator[str]:
    """Pending approvals belong to waiting runs, and a decision has its one reply or none."""
    rows = stored.fetch_rows("SELECT ticket_id FROM outbox WHERE action = 'reply'")
    replies = Counter(key for (key,) in rows)
    approvals = stored.fetch_rows(
        "SELECT approvals.id, approvals.ticket_id, approvals.status, decision, runs.status "
        "FROM approvals LEFT JOIN runs ON runs.id = approvals.run_id"
    )
    for approval, ticket, status, decision, run_status in approvals:
        if status == "pending" and run_status not in (None, "waiting"):
            yield f"asked, and the run does not wait: {approval}"
        if status == "decided":
            decided = read_json(decision)["type"]
            if replies[ticket] != (decided in ("approve", "edit", "respond")):
                yield f"{replies[ticket]} replies after {decided}: {approval}"


def read_json(value: Any) -> Any:
    """A JSON column, which PostgreSQL returns as an object and SQLite as text."""
    return json.loads(value) if isinstance(value, str | bytes) else value


def check_effects(
    stored: StoredState, received: Iterable[Mapping[str, Any]]
) -> Iterator[str]:
    """Each effect is in the outbox once, and every finished run has one."""
    outbox = stored.fetch_rows("SELECT key, ticket_id, action, status FROM outbox")
    status_of = {key: status for key, _, action, status in outbox if action in OUTSIDE}
    yield from check_deliveries(status_of, Counter(one["marker"] for one in received))
    for ticket, action in find_repeated(Counter(row[1:3] for row in outbox)):
        yield f"effect twice: {ticket} {action}"
    with_effects = {ticket for _, ticket, _, _ in outbox}
    finished = (
        "SELECT ticket_id FROM runs WHERE status = 'finished' AND forked_from IS NULL"
    )
    for (key,) in stored.fetch_rows(finished):
        if key not in with_effects:
            yield f"finished without effect: {key}"


def check_deliveries(
    status_of: Mapping[str, str], delivered: Counter[str]
) -> Iterator[str]:
    """Each effect was delivered once if the outbox says sent, and never twice."""
    for key in find_repeated(delivered):
        yield f"delivered {delivered[key]} times: {key}"
    for key in delivered.keys() - status_of.keys():
        yield f"delivered and not in the outbox: {key}"
    for key, status in status_of.items():
        if status == "sent" and not delivered[key]:
            yield f"sent, and nothing came: {key}"
        if status not in ("sent", "unknown"):
            yield f"{status} at the end: {key}"
