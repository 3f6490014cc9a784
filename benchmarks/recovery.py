"""How long runs and effects in progress stood still after a process was killed.

Computed afterwards from the times in the database.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from benchmarks.guarantees import StoredState

GREGORIAN = 0x01B21DD213814000
"""Tenths of microseconds from the beginning of a UUID's time to 1970."""

SETTLED = ("waiting", "finished", "failed")


@dataclass(frozen=True)
class Standstill:
    """Seconds from a kill until each run in progress moved; `never` counts those that did not."""

    seconds: Sequence[float]
    never: int

    @property
    def longest(self) -> float:
        """0.0 when no kill met a run in progress."""
        return max(self.seconds, default=0.0)

    @property
    def median(self) -> float:
        """See `longest`."""
        return sorted(self.seconds)[len(self.seconds) // 2] if self.seconds else 0.0


def measure_run_gaps(stored: StoredState, kills: Iterable[float]) -> Standstill:
    """Of runs. A run moves when it saves a checkpoint, is decided, waits or ends."""
    found: list[float] = []
    never = 0
    for moments in list_moves(stored).values():
        for kill in kills:
            before = [is_settled for at, is_settled in moments if at <= kill]
            after = [at for at, _ in moments if at > kill]
            if before and not before[-1]:
                never += not after
                found += [after[0] - kill] if after else []
    return Standstill(found, never)


def measure_effect_gaps(stored: StoredState, kills: Iterable[float]) -> Standstill:
    """Of effects being sent, until their outcome was recorded."""
    rows = stored.fetch_rows(
        "SELECT started_at, settled_at FROM outbox WHERE attempts > 0"
    )
    spans = [
        (seconds_of(begun), settled and seconds_of(settled)) for begun, settled in rows
    ]
    met = [
        (settled, kill)
        for kill in kills
        for begun, settled in spans
        if begun <= kill < (settled or kill + 1)
    ]
    return Standstill(
        [settled - kill for settled, kill in met if settled],
        sum(not settled for settled, _ in met),
    )


def list_moves(stored: StoredState) -> dict[str, list[tuple[float, bool]]]:
    """By run, when it moved and whether it was settled then."""
    found: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for run, checkpoint in stored.fetch_rows(
        "SELECT thread_id, checkpoint_id FROM checkpoints"
    ):
        found[run].append((saved_at(checkpoint), False))
    for run, kind, at in stored.fetch_rows(
        "SELECT run_id, kind, at FROM audit WHERE run_id IS NOT NULL"
    ):
        found[run].append((seconds_of(at), kind in SETTLED))
    return {run: sorted(moments) for run, moments in found.items()}


def saved_at(checkpoint: str) -> float:
    """Seconds since 1970: a checkpoint's id is a UUID of version 6, which begins with its time."""
    number = UUID(checkpoint).int
    ticks = (
        (number >> 96) << 28
        | ((number >> 80) & 0xFFFF) << 12
        | ((number >> 64) & 0x0FFF)
    )
    return (ticks - GREGORIAN) / 1e7


def seconds_of(at: datetime | str) -> float:
    """A stored time as seconds since 1970. SQLite has it as text in UTC without a zone."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return (
        moment
        if moment.tzinfo
        else datetime.fromisoformat(f"{moment.isoformat()}+00:00")
    ).timestamp()
