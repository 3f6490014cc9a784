"""The port of a connector: sends an effect, and looks one up at the receiver by its marker."""

from dataclasses import dataclass
from typing import Any, Protocol

from contracts.effect import Action


@dataclass(frozen=True)
class OutboundEffect:
    """An effect to send. The receiver has to store `marker` with what it creates from it."""

    marker: str
    action: Action
    target: str
    ticket_id: str
    payload: dict[str, Any]


class DeliveryError(Exception):
    """The reason why an effect was not sent is known.

    The message is stored in the outbox: it must hold no content and no address.
    """


class RefusedError(DeliveryError):
    """The receiver rejects the effect, and would do so again."""


class NotAcceptedError(DeliveryError):
    """The receiver has certainly not accepted the effect, but may on a retry.

    `seconds` is the earliest time for it, where the receiver named one.
    """

    def __init__(self, message: str, seconds: float = 0.0) -> None:
        super().__init__(message)
        self.seconds = seconds


class UnclearError(DeliveryError):
    """The receiver's answer does not tell whether it has accepted the effect."""


class UnsearchableError(DeliveryError):
    """The receiver does not support looking up a marker."""


class Connector(Protocol):
    """Sends effects to one receiver."""

    async def send(self, effect: OutboundEffect, before: float) -> str:
        """Send an effect once. Returns the receiver's id for it.

        `before` is a time.monotonic() after which the request must not be sent any more.
        Raises RefusedError and NotAcceptedError. After any other exception the outcome is
        unknown.
        """
        ...

    async def find(self, marker: str) -> str | None:
        """The receiver's id for the effect with this marker.

        None when the receiver has certainly not accepted it. Raises UnsearchableError.
        After any other exception the look-up can be repeated.
        """
        ...
