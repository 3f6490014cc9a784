"""Effects: what leaves the system, and what happened to it."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from contracts.values import Value

Action = Literal["reply", "external_ticket", "assignment", "link", "notification"]

EffectStatus = Literal[
    "recorded", "queued", "sending", "sent", "unknown", "refused", "dropped"
]
"""The state of an effect.

recorded: nothing is sent for it; queued: to be sent; sending: a worker has begun; sent: the
receiver has it; unknown and refused: parked until a person decides; dropped: a person
decided against it.
"""

WhichEffects = Literal["parked", "all", EffectStatus]
"""Which effects to list: those of a status, those parked for a person, or all."""

Outcome = Literal["sent", "send_again", "drop"]
"""A person's decision on a parked effect."""


class Effect(Value):
    """One action outside the system, done at most once for each (ticket, decision, action)."""

    action: Action = Field(description="What is done")
    target: str = Field(
        description="A trusted recipient: never read from the ticket's text"
    )
    payload: dict[str, Any] = Field(
        default_factory=dict, description="What is sent, by action"
    )
    key: str = Field(
        description="The ledger's unique key; the same key is never done twice"
    )


class Delivery(Value):
    """The effects of a run."""

    effects: tuple[Effect, ...] = ()
    simulated: bool = Field(
        default=False, description="True in a fork or replay: nothing left the system"
    )


class LedgerEntry(Effect):
    """An effect as the ledger stores it."""

    ticket_id: str = Field(description="The ticket it belongs to")
    run_id: str = Field(description="The run that decided it")
    status: EffectStatus = Field(
        description="What became of it; unknown and refused wait for a person"
    )
    attempts: int = Field(description="How often sending it was begun")
    created_at: datetime = Field(description="When it was recorded")
    started_at: datetime | None = Field(
        description="When sending it was begun last; before that, when it was queued"
    )
    settled_at: datetime | None = Field(
        description="When it was sent, dropped, refused or left unknown; null before"
    )
    remote_id: str | None = Field(description="What the receiver calls it")
    error: str | None = Field(description="Why the last attempt did not succeed")


class Resolution(Value):
    """A person's decision on a parked effect.

    sent: the receiver has it; send_again: the receiver does not have it, send it; drop: do not
    send it any more.
    """

    outcome: Outcome
    decided_by: str = "unknown"
    remote_id: str | None = Field(
        default=None, description="With sent: what the receiver calls it"
    )
