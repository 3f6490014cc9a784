"""The port.

How an effect is handed to another system, and how that system is asked whether it has it.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from contracts.effect import Action


@dataclass(frozen=True)
class OutboundEffect:
    """An effect on its way out. The receiver has to keep `marker` with whatever it makes of it."""

    marker: str
    action: Action
    target: str
    ticket_id: str
    payload: dict[str, Any]


class DeliveryError(Exception):
    """Something is known of why an effect was not sent. The message goes into the ledger.

    No content, no address.
    """


class RefusedError(DeliveryError):
    """The receiver has not accepted it and never will as it is."""


class NotAcceptedError(DeliveryError):
    """The receiver has certainly not accepted it, but may later.

    Not before `seconds` when it said so.
    """

    def __init__(self, message: str, seconds: float = 0.0) -> None:
        super().__init__(message)
        self.seconds = seconds


class UnclearError(DeliveryError):
    """Nothing follows from what the receiver answered, neither that it has accepted nor
    that it has not.
    """


class UnsearchableError(DeliveryError):
    """The receiver cannot be asked for a marker, now or later."""


class Connector(Protocol):
    """One receiver."""

    async def send(self, effect: OutboundEffect, before: float) -> str:
        """Hand an effect over, once. Returns what the receiver calls it.

        `before` is a time.monotonic(): when it has passed, a request that has not left must
        not leave any more. Raises RefusedError and NotAcceptedError. After anything else
        that is raised the outcome is unknown.
        """
        ...

    async def find(self, marker: str) -> str | None:
        """What the receiver calls the effect with this marker.

        None when it has certainly accepted none so far.

        Raises UnsearchableError. After anything else that is raised it can be asked again.
        """
        ...
