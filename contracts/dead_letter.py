"""A run that failed for good."""

from datetime import datetime

from pydantic import Field

from contracts.ticket import RunOptions, Ticket
from contracts.values import Value


class DeadLetter(Value):
    """A run that failed as often as it may. Its ticket is kept until somebody retries it."""

    run_id: str = Field(description="The run's id")
    ticket_id: str = Field(description="The ticket's id")
    desk: str = Field(description="The ticket's desk")
    error: str = Field(description="What went wrong the last time")
    attempts: int = Field(description="How often it was tried")
    since: datetime = Field(description="When it was given up")


class DeadLetterDetail(DeadLetter):
    """A dead letter with the ticket and options that a retry would use."""

    ticket: Ticket = Field(description="The ticket as it was received")
    options: RunOptions = Field(description="The options of the run")
