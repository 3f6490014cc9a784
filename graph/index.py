"""What every known ticket reads like, in memory: one matrix, searched by brute force."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

CAPACITY = 30_000
"""Tickets kept; the oldest make room for new ones."""

NO_DESK = -2
"""The desk of a row whose ticket was forgotten: no search is for it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One ticket in the index."""

    ticket_id: str
    desk: str
    customer: str | None
    subject: str
    digest: str
    received_at: datetime
    solved: bool = False


class Index:
    """Fingerprints with who they belong to. One event loop uses it; nothing here waits."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.entries: list[Entry] = []
        self.rows: dict[str, int] = {}
        self.by_customer: dict[str, list[str]] = {}
        self.desks: dict[str, int] = {}
        self.matrix: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self.desk_of: NDArray[np.int16] = np.zeros(0, np.int16)
        self.solved: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.next_row = 0

    def put(self, entry: Entry, vector: NDArray[np.float32]) -> None:
        """Add a ticket, or replace what is known of it."""
        row = self.rows.get(entry.ticket_id)
        if row is None:
            row = self.take_row(vector.shape[0])
        if row < len(self.entries):
            self.forget(self.entries[row])
            self.entries[row] = entry
        else:
            self.entries.append(entry)
        self.rows[entry.ticket_id] = row
        self.matrix[row] = vector
        self.desk_of[row] = self.desks.setdefault(entry.desk, len(self.desks))
        self.solved[row] = entry.solved
        if entry.customer:
            self.by_customer.setdefault(entry.customer, []).append(entry.ticket_id)

    def take_row(self, width: int) -> int:
        """A row for a new ticket; the oldest one's when all are taken."""
        row = self.next_row % self.capacity
        self.next_row += 1
        if row >= self.matrix.shape[0]:
            more = min(self.capacity, max(1024, 2 * row)) - self.matrix.shape[0]
            self.matrix = np.vstack((self.matrix.reshape(-1, width), np.zeros((more, width), np.float32)))
            self.desk_of = np.pad(self.desk_of, (0, more))
            self.solved = np.pad(self.solved, (0, more))
        return row

    def forget(self, entry: Entry) -> None:
        """Drop what points to an entry that is being replaced."""
        self.rows.pop(entry.ticket_id, None)
        if entry.customer:
            self.by_customer[entry.customer].remove(entry.ticket_id)
            if not self.by_customer[entry.customer]:
                del self.by_customer[entry.customer]

    def remove(self, ticket_id: str) -> None:
        """Keep nothing of a ticket. Its row stays empty until its turn to be used again."""
        row = self.rows.get(ticket_id)
        if row is None:
            return
        self.forget(self.entries[row])
        self.entries[row] = replace(self.entries[row], ticket_id="", desk="", customer=None, subject="", digest="")
        self.matrix[row] = 0
        self.desk_of[row] = NO_DESK

    def of_customer(self, customer: str, newest: int) -> Iterator[Entry]:
        """The customer's newest tickets, newest first."""
        for ticket_id in reversed(self.by_customer.get(customer, [])[-newest:]):
            yield self.entries[self.rows[ticket_id]]

    def vector(self, ticket_id: str) -> NDArray[np.float32] | None:
        """The fingerprint of a ticket, if it is here."""
        row = self.rows.get(ticket_id)
        return None if row is None else self.matrix[row]

    def likeness(self, vector: NDArray[np.float32], ticket_ids: Iterable[str]) -> list[float]:
        """The similarity of some tickets to a fingerprint."""
        rows = [self.rows[ticket_id] for ticket_id in ticket_ids]
        return (self.matrix[rows] @ vector).tolist() if rows else []

    def nearest(
        self, vector: NDArray[np.float32], desk: str, limit: int, *, but: str, only_solved: bool = False
    ) -> list[tuple[Entry, float]]:
        """The desk's tickets nearest to a fingerprint, best first, without the one named `but`."""
        count = len(self.entries)
        eligible = self.desk_of[:count] == self.desks.get(desk, -1)
        if only_solved:
            eligible &= self.solved[:count]
        if but in self.rows:
            eligible[self.rows[but]] = False
        rows = np.flatnonzero(eligible)
        if not rows.size:
            return []
        scores = (self.matrix[:count] @ vector)[rows] if rows.size * 4 > count else self.matrix[rows] @ vector
        best = np.argpartition(-scores, limit - 1)[:limit] if rows.size > limit else np.arange(rows.size)
        best = best[np.argsort(-scores[best], kind="stable")]
        return [(self.entries[rows[i]], float(scores[i])) for i in best]
