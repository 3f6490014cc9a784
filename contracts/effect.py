"""What leaves the system."""

from typing import Any, Literal

from pydantic import Field

from contracts.values import Value

Action = Literal["reply", "external_ticket", "assignment", "link", "notification"]


class Effect(Value):
    """One thing to be done outside, at most once for each (ticket, decision, action)."""

    action: Action
    target: str = Field(description="A trusted recipient: never read from the ticket's text")
    payload: dict[str, Any] = Field(default_factory=dict)
    key: str = Field(description="The ledger's unique key; the same key is never done twice")


class Delivery(Value):
    """What became of the run's effects."""

    effects: tuple[Effect, ...] = ()
    simulated: bool = Field(default=False, description="True in a fork or replay: nothing left the system")
