"""A run that failed for good."""

from datetime import datetime

from contracts.ticket import RunOptions, Ticket
from contracts.values import Value


class DeadLetter(Value):
    """A run that failed as often as it may. Its ticket is kept until somebody retries it."""

    run_id: str
    ticket_id: str
    desk: str
    error: str
    attempts: int
    since: datetime


class DeadLetterDetail(DeadLetter):
    """A dead letter with the ticket and options that a retry would use."""

    ticket: Ticket
    options: RunOptions
