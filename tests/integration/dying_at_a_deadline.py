"""A program that claims what is due, and is killed before it can commit.

`… dying_at_a_deadline.py DATABASE_URL`.
"""

import asyncio
import os
import signal
import sys
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.queries.deadlines import claim_due_deadlines
from tests.integration.stored import NOON, opened


async def claimed_and_killed(connection: AsyncConnection) -> None:
    """Claim, and die."""
    if await claim_due_deadlines(connection, NOON + timedelta(days=9), 1):
        os.kill(os.getpid(), signal.SIGKILL)


async def main() -> None:
    """Ends by SIGKILL, or with 0 when nothing is due."""
    async with opened(sys.argv[1]) as database:
        await database.run_transaction(claimed_and_killed)


if __name__ == "__main__":
    asyncio.run(main())
