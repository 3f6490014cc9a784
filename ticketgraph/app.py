"""The Python API.

async with TicketGraph.open() as app:
    run = await app.process(
        "Cannot log in", "It says invalid credentials.", customer_email="ada@example.com"
    )
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from sqlalchemy.exc import SQLAlchemyError

from connectors.port import Connector
from contracts.approval import ApprovalDecision
from contracts.errors import NotFoundError
from contracts.result import Run
from contracts.retention import Erasure, Pruned
from contracts.ticket import RunOptions
from engines.models.records import CallRecord, ModelState
from engines.models.settings import ModelSettings
from policies.desk.model import Desk
from storage.audit import log as audit
from storage.audit.verification import Verification, verify_chain
from storage.database.address import database_address_of
from storage.database.unavailable import UNAVAILABLE_ERRORS
from storage.queries import erasure
from storage.queries.health import StorageHealth, read_storage_health
from storage.queries.vacuum import vacuum_database
from ticketgraph.assembly import Assembly, ignore_call, open_assembly, utc_now
from ticketgraph.audit_details import digest_texts
from ticketgraph.effects.effects import Effects
from ticketgraph.effects.sender import DELIVERY_SECONDS
from ticketgraph.runs.approvals import Approvals
from ticketgraph.runs.fork import RunForker
from ticketgraph.runs.runs import Runs
from ticketgraph.runs.wait import RunWaiter
from ticketgraph.single_steps import SingleSteps
from ticketgraph.tickets.importing import TicketImporter
from ticketgraph.tickets.tickets import Tickets
from ticketgraph.worker import MAX_CONCURRENT_RUNS

if TYPE_CHECKING:
    from engines.llm.engine import LlmEngine


class TicketGraph:
    """A running TicketGraph on one database. Open it with `TicketGraph.open`.

    Its parts are `tickets`, `runs`, `approvals`, `effects` and `single_steps`; what is done
    to the whole database is here.
    """

    def __init__(
        self, assembly: Assembly, max_wait_seconds: float | None = None
    ) -> None:
        services, database, jobs = assembly.services, assembly.database, assembly.jobs
        desks, now, watchers = services.desks, services.now, assembly.watchers
        self._assembly = assembly
        self.desks: Mapping[str, Desk] = desks
        self.single_steps = SingleSteps(services)
        self.runs = Runs(
            database,
            assembly.graph,
            jobs,
            watchers,
            RunWaiter(database, watchers),
            RunForker(assembly.graph, assembly.saver, jobs, database, now),
            desks,
            now,
            max_wait_seconds,
        )
        importer = TicketImporter(
            database, assembly.ticket_search, services.cleaners, now
        )
        self.tickets = Tickets(database, assembly.intake, importer, self.runs)
        self.approvals = Approvals(database, jobs, desks, now, self.runs)
        self.effects = Effects(database, assembly.outbox)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        data_dir: str | Path = "data",
        *,
        database_url: str | None = None,
        desks_dir: Path | None = None,
        models: ModelSettings | None = None,
        observe: Callable[[CallRecord], None] = ignore_call,
        connector: Connector | None = None,
        delivery_seconds: float = DELIVERY_SECONDS,
        migrating: bool = True,
        at_once: int = MAX_CONCURRENT_RUNS,
        max_wait_seconds: float | None = None,
    ) -> AsyncIterator[Self]:
        """Open the database, resume unfinished runs, and close everything at the end.

        It is a file in `data_dir`, or what `database_url` names: see
        storage.database.address.database_address_of. Up to `at_once` runs are advanced here
        side by side; with 0 they are left to other processes, and `max_wait_seconds` limits how
        long a call waits for one. Where not `migrating`, a database that is behind is refused.
        `models` says which models are asked: `ModelSettings()` reads the environment. Without
        it none is. `observe` is called after every call of a model. Effects go out through the
        `connector`, which stays the caller's to close; without one they stay recorded. Raises
        DeskError for invalid policies, InputError for model settings that cannot be used,
        UnavailableError when another process uses the folder, the server cannot be reached, or
        this version would lose a run in it.
        """
        opening = open_assembly(
            database_address_of(database_url, Path(data_dir)),
            desks_dir,
            models,
            observe,
            connector=connector,
            delivery_seconds=delivery_seconds,
            at_once=at_once,
            migrating=migrating,
        )
        async with opening as assembly:
            yield cls(assembly, max_wait_seconds)

    async def process(
        self,
        subject: str = "",
        body: str = "",
        *,
        options: RunOptions | None = None,
        **ticket: Any,
    ) -> Run:
        """Shortcut for `tickets.process`."""
        return await self.tickets.process(subject, body, options=options, **ticket)

    async def decide(
        self, approval_id: str, decision: ApprovalDecision | str, **details: Any
    ) -> Run:
        """Shortcut for `approvals.decide`."""
        return await self.approvals.decide(approval_id, decision, **details)

    @property
    def model_state(self) -> ModelState | None:
        """How the models are; None when no model is configured."""
        services = self._assembly.services
        return (
            None
            if services.engine is services.local
            else cast("LlmEngine", services.engine).state()
        )

    async def check_storage(self) -> StorageHealth | None:
        """What the database tells of workers and deliveries; None when it cannot be used."""
        read = partial(read_storage_health, now=utc_now())
        try:
            return await self._assembly.database.run_read(read)
        except (SQLAlchemyError, *UNAVAILABLE_ERRORS):
            return None

    def request_stop(self) -> None:
        """Accept no tickets, stop every run at its next superstep, and end all waits.

        Closing does this, too.
        """
        self._assembly.worker.request_stop()

    async def prune(self, *, everything: bool = False) -> Pruned:
        """Delete what the desks' settings say is old enough.

        With `everything`, the checkpoints of all finished runs. The freed space is used
        again; `compact` gives it back to the file system.
        """
        return await self._assembly.retention.prune_expired(
            self._assembly.services.now(), everything=everything
        )

    async def compact(self) -> None:
        """Rewrite the database without what was deleted.

        Raises UnavailableError when that cannot be done now.
        """
        await vacuum_database(self._assembly.database)

    async def find_erasable(
        self, customer: str | None = None, ticket_ids: Sequence[str] = ()
    ) -> Sequence[str]:
        """The tickets of a customer, by id or address, and those of the ids that there are."""
        async with self._assembly.database.open_read() as connection:
            found = (
                await erasure.find_customer_tickets(connection, customer)
                if customer
                else []
            )
            known = await erasure.existing_ticket_ids(connection, ticket_ids)
        return list(dict.fromkeys((*found, *known)))

    async def erase(
        self,
        customer: str | None = None,
        *,
        ticket_ids: Sequence[str] = (),
        decided_by: str = "unknown",
    ) -> Erasure:
        """Delete everything of a customer or of some tickets, and compact the database.

        Their traces in other runs go, too. `customer` is an id or an address. Cannot be taken
        back; docs/retention.md says what stays. Raises NotFoundError when there is no such
        ticket, UnavailableError when all is deleted but the database is not compacted.
        """
        found = await self.find_erasable(customer, ticket_ids)
        if not found:
            raise NotFoundError(
                "There is no ticket of this customer, and none with such an id. Nothing was erased."
            )
        reason = (
            {"customer": digest_texts(customer.strip().casefold())} if customer else {}
        )
        done = await self._assembly.eraser.erase_tickets(found, decided_by, reason)
        await self.compact()
        return done

    async def iterate_audit(
        self, since: datetime | None = None
    ) -> AsyncIterator[Mapping[str, Any]]:
        """The audit log's records in their order, not older than `since`.

        `detail` is JSON, as it was hashed.
        """
        async with self._assembly.database.open_read() as connection:
            async for row in audit.iterate_records(connection, since):
                yield dict(row)

    async def verify_audit(self, head: str | None = None) -> Verification:
        """Whether the audit log is what was written.

        `head` is the hash that an earlier check ended with.
        """
        async with self._assembly.database.open_read() as connection:
            return await verify_chain(connection, head)
