"""A run to be advanced."""

from dataclasses import dataclass
from datetime import datetime

from contracts.ticket import RunOptions, Ticket


@dataclass(frozen=True)
class Job:
    """A run to be advanced. `fresh` when nothing of it can have been saved yet."""

    run_id: str
    ticket: Ticket
    options: RunOptions
    created_at: datetime
    forked_from: str | None = None
    fresh: bool = False
