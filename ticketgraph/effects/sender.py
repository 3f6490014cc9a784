"""Sends what the ledger holds.

Each effect at most once, none lost, and what nobody can know goes to a person.

An attempt is begun in the ledger before anything leaves (`sending`), may send for so many
seconds, and is ended in the ledger only by the one who began it, or by whoever has waited
until it cannot send any more. Unless the receiver has said no, nobody sends again before
the receiver was asked for the marker.
"""

import asyncio
import logging
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
from storage.database.database import Database
from storage.jobs.port import AgainError
from storage.queries import outbox
from storage.queries.outbox import Turn

log = logging.getLogger("ticketgraph")

DELIVERY_SECONDS = 4.0
"""How long an attempt may send when nothing else is said."""

SIDE_BY_SIDE = 32
"""Attempts of one process at the same time.

A receiver that hangs does not take the places of all runs.
"""

BUSY = 0.5
"""Seconds until an effect is looked at again for which there was no place."""

ROUND = 10
"""After so many attempts, and again after as many, a person is asked."""

LONGEST_PAUSE = 900.0
"""Seconds between two attempts.

With four times the pause after each, ten attempts are made in about an hour.
"""

LONGEST_SEARCH = 3600.0
"""Seconds for which a receiver that does not answer is asked about one attempt."""

UNCONFIGURED = 60.0
"""Seconds until an effect is looked at again that was queued while there was a connector,
and now there is none."""


class Delivery:
    """The handler of ticketgraph.tasks.DELIVER. An attempt sends for `seconds`.

    Less than a job's lease.
    """

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
        self.under_way = 0

    @property
    def patience(self) -> float:
        """Seconds after which an attempt that was begun sends nothing, and the receiver has
        done with what came.
        """
        return 1.5 * self.seconds

    async def deliver(self, key: str) -> None:
        """Bring an effect one step on. Raises AgainError when there is another step to come."""
        if self.connector is None:
            raise AgainError(UNCONFIGURED)
        if self.under_way >= SIDE_BY_SIDE:
            raise AgainError(BUSY)
        self.under_way += 1
        try:
            await self.step(self.connector, key)
        finally:
            self.under_way -= 1

    async def step(self, connector: Connector, key: str) -> None:
        """One step of it."""
        # Before the ledger's own time of it: nobody may believe that we are late while we are not.
        before = self.monotonic() + self.seconds
        at = self.now()
        turn = await self.database.transact(partial(outbox.claim, key=key, at=at))
        if turn is None:
            return
        await (
            self.send(connector, turn, before)
            if turn.mine
            else self.look(connector, turn)
        )

    async def send(self, connector: Connector, turn: Turn, before: float) -> None:
        """Hand it over, and write down what came of it."""
        try:
            left = before - self.monotonic()
            if left <= 0:
                raise NotAcceptedError("It was too late to send it.")
            async with asyncio.timeout(left):
                remote_id = await connector.send(outbound(turn), before)
        except RefusedError as error:
            await self.settle(turn, "refused", error=said(error))
        except NotAcceptedError as error:
            await self.later(turn, "refused", said(error), error.seconds)
        except Exception as error:
            await self.database.transact(
                partial(outbox.note, turn=turn, error=said(error))
            )
            raise AgainError(self.patience) from error
        else:
            await self.settle(turn, "sent", remote_id=remote_id)

    async def look(self, connector: Connector, turn: Turn) -> None:
        """Find out what became of an attempt whose end nobody has written down."""
        if turn.seconds < self.patience:
            raise AgainError(self.patience - turn.seconds)
        sent = turn.row["error"] or "Whoever sent it did not come back."
        try:
            async with asyncio.timeout(self.seconds):
                remote_id = await connector.find(turn.row["key"])
        except UnsearchableError as error:
            await self.settle(turn, "unknown", error=f"{sent} {said(error)}")
        except Exception as error:
            if turn.seconds < LONGEST_SEARCH:
                raise AgainError(min(turn.seconds, LONGEST_PAUSE)) from error
            await self.settle(turn, "unknown", error=f"{sent} {said(error)}")
        else:
            if remote_id is None:
                await self.later(turn, "unknown", sent)
            else:
                await self.settle(turn, "sent", remote_id=remote_id)

    async def later(
        self, turn: Turn, at_last: EffectStatus, error: str, wanted: float = 0.0
    ) -> None:
        """Queue what was certainly not accepted for another attempt.

        When there were enough, ask a person.

        Raises AgainError, in not less than the seconds that the receiver `wanted`.
        """
        tried = turn.row["attempts"] % ROUND
        if tried == 0:
            await self.settle(
                turn, at_last, error=f"{error} {ROUND} attempts were made."
            )
            return
        await self.end(turn, "queued", error=error)
        raise AgainError(min(max(4.0 ** (tried - 1), wanted), LONGEST_PAUSE))

    async def settle(
        self,
        turn: Turn,
        status: EffectStatus,
        remote_id: str | None = None,
        error: str | None = None,
    ) -> None:
        """End an attempt for good, or until a person has decided, and say so."""
        await self.end(turn, status, remote_id, error)
        level = logging.INFO if status == "sent" else logging.WARNING
        log.log(
            level,
            "effect %s: %s at attempt %d",
            turn.row["key"],
            status,
            turn.row["attempts"],
        )

    async def end(
        self,
        turn: Turn,
        status: EffectStatus,
        remote_id: str | None = None,
        error: str | None = None,
    ) -> None:
        """End an attempt. Raises AgainError when somebody else has.

        One who was overtaken finishes no job either.
        """
        ended = partial(
            outbox.settle,
            turn=turn,
            status=status,
            at=self.now(),
            remote_id=remote_id,
            error=error,
        )
        if not await self.database.transact(ended):
            raise AgainError


def outbound(turn: Turn) -> OutboundEffect:
    """The effect as its receiver gets it."""
    row = turn.row
    return OutboundEffect(
        row["key"], row["action"], row["target"], row["ticket_id"], row["payload"]
    )


def said(error: Exception) -> str:
    """What is known of an error.

    Our own words, else only its name, as others may quote what was sent.
    """
    return (
        str(error)
        if isinstance(error, DeliveryError)
        else f"{type(error).__name__} while the receiver was asked."
    )
