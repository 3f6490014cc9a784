"""The part of the Python API that looks after what has gone wrong, grown old, or has to be proven."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from contracts.dead_letter import DeadLetter, DeadLetterDetail
from contracts.ticket import RunOptions
from graph import dead_letters
from graph.assembly import Assembly
from storage import audit
from storage.verification import Verification, verify


class Housekeeping:
    """What graph.desk.TicketGraph can do besides handling tickets."""

    def __init__(self, assembly: Assembly) -> None:
        self.assembly = assembly
        self.database = assembly.database

    async def dead_letters(self, limit: int = 100, offset: int = 0) -> tuple[Sequence[DeadLetter], int]:
        """Runs that were given up, the longest waiting first, and how many there are in all."""
        async with self.database.read() as connection:
            return await dead_letters.page(connection, limit, offset)

    async def dead_letter(self, run_id: str) -> DeadLetterDetail:
        """A run that was given up, with its ticket. Raises NotFoundError."""
        async with self.database.read() as connection:
            return await dead_letters.one(connection, run_id)

    async def revive(
        self,
        run_id: str,
        *,
        subject: str | None = None,
        body: str | None = None,
        options: RunOptions | None = None,
        by: str = "unknown",
    ) -> str:
        """Try a run again that was given up. Changes make it begin anew. Returns its id.

        Raises NotFoundError, InputError, and ConflictError when it is not given up (any more).
        """
        changes = dead_letters.Changes(subject, body, options)
        services, jobs = self.assembly.services, self.assembly.jobs

        async with self.database.write() as connection:
            now = services.now()
            job = await dead_letters.retry(connection, jobs, services.desks, run_id, changes, by, now)
        jobs.wake()
        return job.run_id

    async def audit(self, since: datetime | None = None) -> AsyncIterator[Mapping[str, Any]]:
        """The audit log's records in their order, not older than `since`. `detail` is JSON, as it was hashed."""
        async with self.database.read() as connection:
            async for row in audit.records(connection, since):
                yield dict(row)

    async def verify_audit(self, head: str | None = None) -> Verification:
        """Whether the audit log is what was written. `head` is the hash that an earlier check ended with."""
        async with self.database.read() as connection:
            return await verify(connection, head)
