"""Sends effects: each at most once, none lost, and an unknown outcome goes to a person.

The ledger marks an attempt as `sending` before the request, which has a time limit. The
sender ends the attempt in the ledger; after the time limit another sender may. After an
unclear outcome the effect is looked up by its marker before it is sent again.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

from connectors.port import (
    Connector,
    DeliveryError,
    NotAcceptedError,
    OutboundEffect,
    RefusedError,
    UnsearchableError,
)
from contracts.effect import EffectStatus
from contracts.log import log
from storage.database.database import Database
from storage.jobs.port import RetryLaterError
from storage.queries import outbox
from storage.queries.outbox import DeliveryClaim

DELIVERY_SECONDS = 4.0
"""Seconds an attempt may send by default."""

MAX_CONCURRENT_SENDS = 32
"""Attempts of one process side by side, so that a receiver that hangs does not block runs."""

BUSY_PAUSE_SECONDS = 0.5
"""Seconds until an effect is tried again for which there was no free slot."""

ATTEMPTS_A_ROUND = 10
"""After this many attempts, and again after as many, the effect is parked for a person."""

MAX_PAUSE_SECONDS = 900.0
"""Seconds between two attempts.

With four times the pause after each, ten attempts are made in about an hour.
"""

MAX_SEARCH_SECONDS = 3600.0
"""Seconds for which a receiver that does not answer is asked about one attempt."""

UNCONFIGURED_PAUSE_SECONDS = 60.0
"""Seconds until an effect is tried again that is queued while there is no connector."""


class EffectSender:
    """Handles the job DELIVER. An attempt sends for `seconds`, which is less than a lease."""

    def __init__(
        self,
        database: Database,
        connector: Connector | None,
        now: Callable[[], datetime],
        seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.database = database
        self.connector = connector
        self.now = now
        self.seconds = seconds
        self.monotonic = monotonic
        self.sends_in_progress = 0

    @property
    def search_after_seconds(self) -> float:
        """Seconds after which an attempt sends nothing more and the receiver has handled it."""
        return 1.5 * self.seconds

    async def deliver_effect(self, key: str) -> None:
        """Send an effect, or look up its outcome. Raises RetryLaterError until it is settled."""
        if self.connector is None:
            raise RetryLaterError(UNCONFIGURED_PAUSE_SECONDS)
        if self.sends_in_progress >= MAX_CONCURRENT_SENDS:
            raise RetryLaterError(BUSY_PAUSE_SECONDS)
        self.sends_in_progress += 1
        try:
            await self.claim_and_deliver(self.connector, key)
        finally:
            self.sends_in_progress -= 1

    async def claim_and_deliver(self, connector: Connector, key: str) -> None:
        """Claim the effect, then send it, or look up what an earlier attempt did."""
        # Taken before the ledger's time: no other sender may think this one is late while it sends.
        before = self.monotonic() + self.seconds
        at = self.now()
        turn = await self.database.run_transaction(
            partial(outbox.claim_effect, key=key, at=at)
        )
        if turn is None:
            return
        await (
            self.send_effect(connector, turn, before)
            if turn.is_own
            else self.look_up_outcome(connector, turn)
        )

    async def send_effect(
        self, connector: Connector, turn: DeliveryClaim, before: float
    ) -> None:
        """Send it within the time limit, and record the outcome."""
        try:
            left = before - self.monotonic()
            if left <= 0:
                raise NotAcceptedError("It was too late to send it.")
            async with asyncio.timeout(left):
                remote_id = await connector.send(as_outbound_effect(turn), before)
        except RefusedError as error:
            await self.settle_attempt(turn, "refused", error=describe_error(error))
        except NotAcceptedError as error:
            await self.retry_or_give_up(
                turn, "refused", describe_error(error), error.seconds
            )
        except Exception as error:
            await self.database.run_transaction(
                partial(
                    outbox.note_effect_error, claim=turn, error=describe_error(error)
                )
            )
            raise RetryLaterError(self.search_after_seconds) from error
        else:
            await self.settle_attempt(turn, "sent", remote_id=remote_id)

    async def look_up_outcome(self, connector: Connector, turn: DeliveryClaim) -> None:
        """Ask the receiver for the outcome of an attempt that the ledger does not know."""
        if turn.age_seconds < self.search_after_seconds:
            raise RetryLaterError(self.search_after_seconds - turn.age_seconds)
        sent = (
            turn.row["error"]
            or "The process that sent it ended before the outcome was recorded."
        )
        try:
            async with asyncio.timeout(self.seconds):
                remote_id = await connector.find(turn.row["key"])
        except UnsearchableError as error:
            await self.settle_attempt(
                turn, "unknown", error=f"{sent} {describe_error(error)}"
            )
        except Exception as error:
            if turn.age_seconds < MAX_SEARCH_SECONDS:
                raise RetryLaterError(
                    min(turn.age_seconds, MAX_PAUSE_SECONDS)
                ) from error
            await self.settle_attempt(
                turn, "unknown", error=f"{sent} {describe_error(error)}"
            )
        else:
            if remote_id is None:
                await self.retry_or_give_up(turn, "unknown", sent)
            else:
                await self.settle_attempt(turn, "sent", remote_id=remote_id)

    async def retry_or_give_up(
        self,
        turn: DeliveryClaim,
        at_last: EffectStatus,
        error: str,
        wanted: float = 0.0,
    ) -> None:
        """Queue an effect that was not accepted for another attempt; the last one parks it.

        Raises RetryLaterError with at least the seconds that the receiver `wanted`.
        """
        tried = turn.row["attempts"] % ATTEMPTS_A_ROUND
        if tried == 0:
            await self.settle_attempt(
                turn, at_last, error=f"{error} {ATTEMPTS_A_ROUND} attempts were made."
            )
            return
        await self.end_attempt(turn, "queued", error=error)
        raise RetryLaterError(min(max(4.0 ** (tried - 1), wanted), MAX_PAUSE_SECONDS))

    async def settle_attempt(
        self,
        turn: DeliveryClaim,
        status: EffectStatus,
        remote_id: str | None = None,
        error: str | None = None,
    ) -> None:
        """End an attempt as sent or parked, and log it."""
        await self.end_attempt(turn, status, remote_id, error)
        write = log.info if status == "sent" else log.warning
        write(
            "effect delivered" if status == "sent" else "effect not delivered",
            effect_key=turn.row["key"],
            ticket_id=turn.row["ticket_id"],
            run_id=turn.row["run_id"],
            action=turn.row["action"],
            status=status,
            attempt=turn.row["attempts"],
        )

    async def end_attempt(
        self,
        turn: DeliveryClaim,
        status: EffectStatus,
        remote_id: str | None = None,
        error: str | None = None,
    ) -> None:
        """End an attempt by compare-and-set.

        Raises RetryLaterError when another sender has ended it: a stale sender finishes no job.
        """
        ended = partial(
            outbox.settle_effect,
            claim=turn,
            status=status,
            at=self.now(),
            remote_id=remote_id,
            error=error,
        )
        if not await self.database.run_transaction(ended):
            raise RetryLaterError


def as_outbound_effect(turn: DeliveryClaim) -> OutboundEffect:
    """The effect as the connector gets it."""
    row = turn.row
    return OutboundEffect(
        row["key"], row["action"], row["target"], row["ticket_id"], row["payload"]
    )


def describe_error(error: Exception) -> str:
    """The message of a connector's error; of others the name, as they may quote the effect."""
    return (
        str(error)
        if isinstance(error, DeliveryError)
        else f"{type(error).__name__} while the receiver was asked."
    )
