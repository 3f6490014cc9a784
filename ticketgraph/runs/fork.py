"""Forks a run: a new run of the same ticket that begins at a checkpoint of the old one."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.types import StateSnapshot
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import GoneError, InputError, NotFoundError
from contracts.ticket import RunOptions, Ticket
from graph.build import FLOW_VERSION, Graph
from storage.database.database import Database
from storage.jobs.port import Jobs
from storage.queries import runs
from ticketgraph.jobs import advance_job
from ticketgraph.runs.claim import Claim, load_claim
from ticketgraph.runs.execute import first_input, run_config_of
from ticketgraph.runs.history import PRUNED_MESSAGE, refuse_pruned

INPUT_CHANNEL = "__input__"
"""LangGraph's name for what a run starts from."""


@dataclass(frozen=True)
class RunForker:
    """Forks the runs of a database. A fork has no effect outside."""

    graph: Graph
    saver: BaseCheckpointSaver[Any]
    jobs: Jobs
    database: Database
    now: Callable[[], datetime]

    async def fork_run(
        self,
        run_id: str,
        checkpoint_id: str | None,
        options: RunOptions | None,
        changes: Mapping[str, Any],
    ) -> Claim:
        """Store a run that starts at `checkpoint_id`, or at the start, with a job to advance it.

        `changes` replaces fields of the ticket when forking from the start. Raises
        NotFoundError, InputError, and GoneError for a checkpoint that was pruned.
        """
        if checkpoint_id and changes:
            raise InputError(
                "The ticket can only be changed when forking from the start: leave "
                "checkpoint_id out."
            )
        claim, at = await self.load_origin(run_id, checkpoint_id or None)
        forked = Claim(
            uuid.uuid4().hex,
            change_ticket(claim.ticket, changes),
            options or claim.options,
            self.now(),
            forked_from=run_id,
        )
        # The checkpoint comes first: what was changed of the ticket is nowhere else.
        if at is None or not at.values.get("steps"):
            await self.graph.aupdate_state(
                run_config_of(forked.run_id), first_input(forked), as_node=INPUT_CHANNEL
            )
        else:
            await self.copy_checkpoint(at, forked)
        await self.database.run_transaction(partial(self.store_fork, forked=forked))
        self.jobs.wake_worker()
        return forked

    async def load_origin(
        self, run_id: str, checkpoint_id: str | None
    ) -> tuple[Claim, StateSnapshot | None]:
        """The run to fork, and its checkpoint if one is named.

        Raises NotFoundError, GoneError when the checkpoints were pruned.
        """
        async with self.database.open_read() as connection:
            if checkpoint_id:
                refuse_pruned(await runs.find_run_row(connection, run_id))
            claim = await load_claim(connection, run_id)
        if checkpoint_id is None:
            return claim, None
        return claim, await load_checkpoint(self.graph, run_id, checkpoint_id)

    async def copy_checkpoint(self, at: StateSnapshot, forked: Claim) -> None:
        """Save a checkpoint of the old run as the first one of the new run."""
        source = await self.saver.aget_tuple(at.config)
        if source is None:
            raise GoneError(PRUNED_MESSAGE)
        target: RunnableConfig = {
            "configurable": {"thread_id": forked.run_id, "checkpoint_ns": ""}
        }
        # PostgreSQL's saver stores the values of the versions that it is told are new: of
        # the new run, all are.
        versions = source.checkpoint["channel_versions"]
        config = await self.saver.aput(
            target, source.checkpoint, source.metadata, versions
        )
        last = at.values["steps"][-1].step_name
        await self.graph.aupdate_state(
            config, {"run_id": forked.run_id, "options": forked.options}, as_node=last
        )

    async def store_fork(self, connection: AsyncConnection, forked: Claim) -> None:
        """The run's row and its job, in one transaction."""
        await runs.insert_run(
            connection,
            forked.run_id,
            forked.ticket.id,
            FLOW_VERSION,
            forked.options.model_dump(mode="json"),
            forked.created_at,
            forked_from=forked.forked_from,
        )
        await self.jobs.enqueue_job(
            connection, advance_job(forked.run_id, forked.ticket.id)
        )


def change_ticket(ticket: Ticket, changes: Mapping[str, Any]) -> Ticket:
    """The ticket with other fields. Raises InputError for a field it does not have."""
    try:
        return Ticket.model_validate({**dict(ticket), **changes})
    except ValidationError as error:
        raise InputError(
            "A changed field is not one of the ticket's, or has a wrong type."
        ) from error


async def load_checkpoint(
    graph: Graph, run_id: str, checkpoint_id: str
) -> StateSnapshot:
    """One checkpoint of a run. Raises NotFoundError."""
    snapshot = await graph.aget_state(run_config_of(run_id, checkpoint_id))
    if snapshot.created_at is None:
        raise NotFoundError(
            "The run has no checkpoint with this id. Its history lists them."
        )
    return snapshot
