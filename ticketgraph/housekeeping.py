"""The part of the Python API that looks after what has gone wrong, grown old, or has to be
proven.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from contracts.dead_letter import DeadLetter, DeadLetterDetail
from contracts.effect import LedgerEntry, Resolution, WhichEffects
from contracts.errors import NotFoundError
from contracts.retention import Erasure, Pruned
from contracts.ticket import RunOptions
from storage.audit import log as audit
from storage.audit.verification import Verification, verify_chain
from storage.queries import erasure, outbox
from storage.queries.vacuum import vacuum_database
from ticketgraph import audit_details as evidence
from ticketgraph.assembly import Assembly
from ticketgraph.effects.outbox import StoredOutbox, as_ledger_entry
from ticketgraph.forgetting.erasure import Eraser
from ticketgraph.forgetting.retention import Retention
from ticketgraph.runs import dead_letters
from ticketgraph.runs.claim import Claim


class Housekeeping:
    """What ticketgraph.app.TicketGraph can do besides handling tickets."""

    def __init__(self, assembly: Assembly) -> None:
        self.assembly = assembly
        self.database = assembly.database

    async def dead_letters(
        self, limit: int = 100, offset: int = 0
    ) -> tuple[Sequence[DeadLetter], int]:
        """Runs that were given up, the longest waiting first, and how many there are in all."""
        async with self.database.open_read() as connection:
            return await dead_letters.list_dead_letters(connection, limit, offset)

    async def dead_letter(self, run_id: str) -> DeadLetterDetail:
        """A run that was given up, with its ticket. Raises NotFoundError."""
        async with self.database.open_read() as connection:
            return await dead_letters.load_dead_letter(connection, run_id)

    async def revive(
        self,
        run_id: str,
        *,
        subject: str | None = None,
        body: str | None = None,
        options: RunOptions | None = None,
        by: str = "unknown",
    ) -> Claim:
        """Try a run again that was given up. Changes make it begin anew.

        Raises NotFoundError, InputError, and ConflictError when it is not given up (any more).
        """
        changes = dead_letters.RetryChanges(subject, body, options)
        services, jobs = self.assembly.services, self.assembly.jobs

        async with self.database.open_write() as connection:
            now = services.now()
            job = await dead_letters.retry_run(
                connection, jobs, services.desks, run_id, changes, by, now
            )
        jobs.wake_worker()
        return job

    async def effects(
        self, which: WhichEffects = "parked", limit: int = 100, offset: int = 0
    ) -> Sequence[LedgerEntry]:
        """The effects of one status, or those that wait for a person, the oldest first."""
        async with self.database.open_read() as connection:
            rows = await outbox.list_effects_page(connection, which, limit, offset)
        return [as_ledger_entry(row) for row in rows]

    async def resolve_effect(
        self, key: str, resolution: Resolution | str, **details: Any
    ) -> LedgerEntry:
        """Decide on a parked effect. `resolution` is a Resolution or its outcome.

        Sent, send_again, drop.

        Raises NotFoundError, InputError when there is no connector to send it again, and
        ConflictError when it does not wait for a person (any more).
        """
        if isinstance(resolution, str):
            resolution = Resolution.model_validate({"outcome": resolution, **details})
        return await cast("StoredOutbox", self.assembly.services.outbox).resolve_effect(
            key, resolution
        )

    @property
    def eraser(self) -> Eraser:
        """What erases tickets, and their traces."""
        held = self.assembly
        return Eraser(
            held.database,
            held.ticket_search,
            held.saver.serde,
            held.jobs,
            held.services.now,
        )

    async def prune(self, *, everything: bool = False) -> Pruned:
        """Forget what the desks' settings say is old enough.

        With `everything`, the checkpoints of all finished runs.

        Space that gets free is used again. `compact` gives it back to the file system.
        """
        services = self.assembly.services
        return await Retention(
            self.database, services.desks, self.eraser
        ).prune_expired(services.now(), everything=everything)

    async def compact(self) -> None:
        """Rewrite the database without what was deleted.

        Raises UnavailableError when that cannot be done now.
        """
        await vacuum_database(self.database)

    async def erasable(
        self, customer: str | None = None, ticket_ids: Sequence[str] = ()
    ) -> Sequence[str]:
        """The tickets of a customer, by id or address, and those of the ids that there are."""
        async with self.database.open_read() as connection:
            found = (
                await erasure.find_customer_tickets(connection, customer)
                if customer
                else []
            )
            return list(
                dict.fromkeys(
                    (*found, *await erasure.existing_ticket_ids(connection, ticket_ids))
                )
            )

    async def erase(
        self,
        customer: str | None = None,
        *,
        ticket_ids: Sequence[str] = (),
        erased_by: str = "unknown",
    ) -> Erasure:
        """Delete everything of a customer, or of some tickets, with their traces in other
        runs, and sweep the files.

        `customer` is a customer's id or address. Cannot be taken back. docs/retention.md
        says what stays. Raises NotFoundError when there is no such ticket, UnavailableError
        when all is deleted but the files are not swept.
        """
        found = await self.erasable(customer, ticket_ids)
        if not found:
            raise NotFoundError(
                "There is no ticket of this customer, and none with such an id. Nothing was erased."
            )
        reason = (
            {"customer": evidence.digest_texts(customer.strip().casefold())}
            if customer
            else {}
        )
        done = await self.eraser.erase_tickets(found, erased_by, reason)
        await self.compact()
        return done

    async def audit(
        self, since: datetime | None = None
    ) -> AsyncIterator[Mapping[str, Any]]:
        """The audit log's records in their order, not older than `since`.

        `detail` is JSON, as it was hashed.
        """
        async with self.database.open_read() as connection:
            async for row in audit.iterate_records(connection, since):
                yield dict(row)

    async def verify_audit(self, head: str | None = None) -> Verification:
        """Whether the audit log is what was written.

        `head` is the hash that an earlier check ended with.
        """
        async with self.database.open_read() as connection:
            return await verify_chain(connection, head)
