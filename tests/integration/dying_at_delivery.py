"""A process that delivers one effect and does not come to its end.

`python dying_at_delivery.py WHERE URL KEY POINT`.

WHERE is a DATABASE_URL, or the path of an SQLite file. POINT:
  claimed  SIGKILL right after the attempt was begun in the ledger
  sent     SIGKILL right after the receiver's answer, which the ledger has not yet
  frozen   SIGSTOP where `claimed` is; continued, it goes on
The exit code is 3 when the effect is to be delivered again, 0 when it is done.
"""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.port import OutboundEffect
from connectors.webhook import WebhookConnector
from storage.database.address import PostgresAddress, database_address_of
from storage.database.database import Database, Transaction
from storage.database.postgres import PostgresDatabase
from storage.database.sqlite import SqliteDatabase
from storage.jobs.port import RetryLaterError
from ticketgraph.effects.sender import EffectSender

TIMEOUT = 0.3


class DeadlyDatabase:
    """The real database, which gets a signal after its first transaction."""

    def __init__(self, database: Database, sent: signal.Signals) -> None:
        self.database, self.signals = database, [sent]

    async def run_transaction(self, work: Transaction[Any]) -> Any:
        """Do it, and get the signal if it is still to come."""
        result = await self.database.run_transaction(work)
        if self.signals:
            os.kill(os.getpid(), self.signals.pop())
        return result


class DeadlyConnector(WebhookConnector):
    """The real connector, which does not come back."""

    async def send(self, effect: OutboundEffect, before: float) -> str:
        """Send, and die."""
        await super().send(effect, before)
        os.kill(os.getpid(), signal.SIGKILL)
        return ""


def now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


async def main(where: str, url: str, key: str, point: str) -> int:
    """Deliver, as far as it goes."""
    database: Any = SqliteDatabase(Path(where))
    if "://" in where:
        address = database_address_of(where, Path())
        assert isinstance(address, PostgresAddress)
        database = PostgresDatabase(address)
    connector = (DeadlyConnector if point == "sent" else WebhookConnector)(
        url, None, TIMEOUT, now
    )
    if point != "sent":
        database = DeadlyDatabase(
            database, signal.SIGKILL if point == "claimed" else signal.SIGSTOP
        )
    try:
        await EffectSender(database, connector, now, TIMEOUT).deliver_effect(key)
    except RetryLaterError:
        return 3
    return 0


if __name__ == "__main__":
    code = asyncio.run(main(*sys.argv[1:]))
    sys.stdout.flush()
    os._exit(code)  # connections are left as a process leaves them that ends
