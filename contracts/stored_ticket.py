"""A ticket as it is stored: as received, where it stands, and its newest run."""

from datetime import datetime

from pydantic import Field

from contracts.result import Run
from contracts.ticket import Ticket


class StoredTicket(Ticket):
    """A ticket with where it stands. `run` is None until its run has a result."""

    updated_at: datetime
    status: str
    category: str | None = None
    severity: str | None = None
    priority: str | None = None
    assigned_team: str | None = None
    duplicate_of: str | None = None
    solution: str | None = Field(
        default=None, description="What solved it, for a ticket that was imported"
    )
    due_at: datetime | None = Field(
        default=None, description="When the first answer is due"
    )
    run_id: str | None = None
    run: Run | None = None
