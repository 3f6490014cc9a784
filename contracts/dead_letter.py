"""A run that was given up."""

from datetime import datetime

from pydantic import Field

from contracts.ticket import RunOptions, Ticket
from contracts.values import Value


class DeadLetter(Value):
    """A run that failed as often as it may.

    Its ticket is kept, and waits for somebody to try it again.
    """

    run_id: str = Field(description="The run's id")
    ticket_id: str = Field(description="The ticket's id")
    desk: str = Field(description="The ticket's desk")
    error: str = Field(description="What went wrong the last time")
    attempts: int = Field(description="How often it was tried")
    since: datetime = Field(description="When it was given up")


class DeadLetterDetail(DeadLetter):
    """The same with what would be tried again."""

    ticket: Ticket = Field(description="The ticket as it was received")
    options: RunOptions = Field(description="The options of the run")
