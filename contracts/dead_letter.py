"""A run that was given up."""

from datetime import datetime

from contracts.ticket import RunOptions, Ticket
from contracts.values import Value


class DeadLetter(Value):
    """A run that failed as often as it may.

    Its ticket is kept, and waits for somebody to try it again.
    """

    run_id: str
    ticket_id: str
    desk: str
    error: str
    attempts: int
    since: datetime


class DeadLetterDetail(DeadLetter):
    """The same with what would be tried again."""

    ticket: Ticket
    options: RunOptions
