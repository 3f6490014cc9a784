"""Advances one run for the job worker: claims it, executes it, and gives it up after failures."""

from dataclasses import dataclass
from functools import partial

from langgraph.errors import GraphDrained
from langgraph.runtime import RunControl
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.contextvars import bound_contextvars

from contracts.errors import UnavailableError
from contracts.log import describe_error, log
from contracts.result import Run
from graph.build import FLOW_VERSION
from storage.audit import log as audit
from storage.database.unavailable import UNAVAILABLE_ERRORS
from storage.jobs.port import RetryLaterError, retry_delay
from storage.queries import runs, tickets
from ticketgraph.checkpoints import fence as fencing
from ticketgraph.checkpoints.fence import StaleEpochError, hold_epoch
from ticketgraph.runs.claim import Claim, claim_of_rows
from ticketgraph.runs.deadlines import plan_deadlines
from ticketgraph.runs.execute import RunExecutor

MAX_ATTEMPTS = 3
"""How often a run may fail before it is given up."""

MAX_CLAIMS = 12
"""Claims of a run that may pass without one that settles it.

A run that kills its process does not count its failures; this limit gives it up, too.
"""


@dataclass
class RunAdvancer:
    """Handles the job ADVANCE. `control` stops runs at their next superstep."""

    executor: RunExecutor
    control: RunControl

    async def advance_run(self, run_id: str) -> None:
        """Advance a run until it is settled. Does nothing for a settled run.

        Raises RetryLaterError when it is to be tried again, and the database's own errors
        when that is unavailable.
        """
        claim = await self.executor.database.run_transaction(
            partial(self.claim_run, run_id=run_id)
        )
        if claim is None:
            return
        try:
            with (
                hold_epoch(claim.epoch),
                bound_contextvars(run_id=run_id, ticket_id=claim.ticket.id),
            ):
                log.info("run started" if claim.fresh else "run resumed")
                await self.executor.advance(claim, self.control)
        except StaleEpochError:
            log.warning("run taken over by another worker", run_id=run_id)
        except GraphDrained:
            await self.executor.database.run_transaction(
                partial(self.release_claim, claim=claim)
            )
            raise RetryLaterError from None
        except (*UNAVAILABLE_ERRORS, UnavailableError):
            raise  # no failure of the run: counting it would give the run up
        except Exception as error:
            log.error(
                "run failed",
                run_id=run_id,
                ticket_id=claim.ticket.id,
                **describe_error(error),
            )
            await self.handle_failure(claim, type(error).__name__)

    async def claim_run(self, connection: AsyncConnection, run_id: str) -> Claim | None:
        """Raise the run's epoch, which is the fencing token of this claim.

        None when the run is settled, or was given up just now.
        """
        row = await runs.claim_run(connection, run_id, self.executor.services.now())
        if row is None:
            return None
        claim = claim_of_rows(
            row, await tickets.find_ticket_row(connection, row["ticket_id"])
        )
        if row["begun"] > MAX_CLAIMS:
            await self.give_up_run(
                connection,
                claim,
                "Died",
                f"It was not settled in {MAX_CLAIMS} attempts.",
            )
            return None
        return claim

    async def release_claim(self, connection: AsyncConnection, claim: Claim) -> None:
        """Count no claim: the run stopped because this process stops."""
        await fencing.check_epoch(connection, claim.run_id, claim.epoch)
        await runs.update_run(
            connection, claim.run_id, self.executor.services.now(), begun=0
        )

    async def handle_failure(self, claim: Claim, error: str) -> None:
        """Count the failure. Raises RetryLaterError until the last one, which gives the run up."""
        if attempts := await self.executor.database.run_transaction(
            partial(self.count_failure, claim=claim, error=error)
        ):
            raise RetryLaterError(retry_delay(attempts))
        self.executor.watchers.announce_settled(claim.run_id)

    async def count_failure(
        self, connection: AsyncConnection, claim: Claim, error: str
    ) -> int | None:
        """How often the run has failed now; None when it was given up, or claimed by another."""
        now = self.executor.services.now()
        row = await runs.find_run_row(connection, claim.run_id)
        if row["epoch"] != claim.epoch:
            return None
        attempts = row["attempts"] + 1
        await runs.update_run(connection, claim.run_id, now, attempts=attempts)
        if attempts < MAX_ATTEMPTS:
            return attempts
        await self.give_up_run(
            connection, claim, error, f"{error} in {attempts} attempts."
        )
        return None

    async def give_up_run(
        self, connection: AsyncConnection, claim: Claim, error: str, why: str
    ) -> None:
        """Make the run a dead letter, and mark its ticket as failed."""
        now = self.executor.services.now()
        run = Run(
            run_id=claim.run_id,
            ticket_id=claim.ticket.id,
            desk=claim.ticket.desk,
            status="failed",
            error=f"{why} The ticket is kept; the server's log says more.",
            forked_from=claim.forked_from,
            created_at=claim.created_at,
        )
        values = {
            "status": "failed",
            "error": error,
            "result": run.dump_stored(),
        }
        await runs.update_run(connection, claim.run_id, now, **values)
        if claim.forked_from is None:
            await tickets.update_ticket(
                connection, claim.ticket.id, now, status="failed"
            )
        if desk := self.executor.services.desks.get(claim.ticket.desk):
            await plan_deadlines(connection, run, claim.ticket, desk, now)
        detail = {"error": error, "flow": FLOW_VERSION}
        await audit.append_record(
            connection, "failed", claim.ticket.id, claim.run_id, "system", detail, now
        )
        log.error(
            "run given up",
            run_id=claim.run_id,
            ticket_id=claim.ticket.id,
            error=error,
        )
