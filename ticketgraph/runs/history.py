"""Stepping through a run's saved moments, and forking from one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.types import StateSnapshot
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import GoneError, InputError, NotFoundError
from contracts.result import Checkpoint
from contracts.ticket import RunOptions, Ticket
from graph.build import FLOW_VERSION, Graph
from storage.queries import runs
from ticketgraph import tasks
from ticketgraph.assembly import Assembly
from ticketgraph.forgetting.retention import PRUNED_MESSAGE
from ticketgraph.runs.claim import Claim
from ticketgraph.runs.execute import first_input, run_config_of

INPUT_CHANNEL = "__input__"
"""How LangGraph calls what a run starts from."""


async def list_checkpoints(graph: Graph, run_id: str) -> Sequence[Checkpoint]:
    """A run's saved moments, the first one first."""
    snapshots = [
        snapshot async for snapshot in graph.aget_state_history(run_config_of(run_id))
    ]
    return [as_checkpoint(snapshot) for snapshot in reversed(snapshots)]


def as_checkpoint(snapshot: StateSnapshot) -> Checkpoint:
    """LangGraph's snapshot in our words."""
    metadata = snapshot.metadata or {}
    parent = snapshot.parent_config
    return Checkpoint(
        checkpoint_id=checkpoint_id_of(snapshot.config),
        parent_id=checkpoint_id_of(parent) if parent else None,
        created_at=datetime.fromisoformat(snapshot.created_at)
        if snapshot.created_at
        else None,
        step=metadata.get("step", -1),
        next=snapshot.next,
        written_by=", ".join(
            step.step_name for step in snapshot.values.get("steps", ())[-1:]
        )
        or None,
        pending_interrupt=bool(snapshot.interrupts),
    )


def checkpoint_id_of(config: RunnableConfig) -> str:
    """The checkpoint that a config names."""
    return config.get("configurable", {})["checkpoint_id"]


async def fork_run(
    assembly: Assembly,
    job: Claim,
    new_run_id: str,
    checkpoint_id: str | None,
    options: RunOptions | None,
    changes: Mapping[str, Any],
) -> Claim:
    """A new run of the same ticket that starts where the old one was.

    Raises NotFoundError, InputError.
    """
    at = (
        await load_checkpoint(assembly.graph, job.run_id, checkpoint_id)
        if checkpoint_id
        else None
    )
    try:
        ticket = Ticket.model_validate({**dict(job.ticket), **changes})
    except ValidationError as error:
        raise InputError(
            "A changed field is not one of the ticket's, or has a wrong type."
        ) from error
    now = assembly.services.now()
    chosen = options or job.options
    forked = Claim(new_run_id, ticket, chosen, now, forked_from=job.run_id)
    if at is None or not at.values.get("steps"):
        # Saved, because what was changed of the ticket is nowhere else.
        await assembly.graph.aupdate_state(
            run_config_of(new_run_id), first_input(forked), as_node=INPUT_CHANNEL
        )
    else:
        await copy_checkpoint(assembly, at, forked)

    async def write_fork(connection: AsyncConnection) -> None:
        await runs.insert_run(
            connection,
            new_run_id,
            ticket.id,
            FLOW_VERSION,
            chosen.model_dump(mode="json"),
            now,
            forked_from=job.run_id,
        )
        await assembly.jobs.enqueue_task(
            connection, tasks.advance_task(new_run_id, ticket.id)
        )

    await assembly.database.run_transaction(write_fork)
    assembly.jobs.wake_worker()
    return forked


async def load_checkpoint(
    graph: Graph, run_id: str, checkpoint_id: str
) -> StateSnapshot:
    """One saved moment of a run. Raises NotFoundError."""
    snapshot = await graph.aget_state(run_config_of(run_id, checkpoint_id))
    if snapshot.created_at is None:
        raise NotFoundError(
            "The run has no checkpoint with this id. Its history lists them."
        )
    return snapshot


async def copy_checkpoint(assembly: Assembly, at: StateSnapshot, forked: Claim) -> None:
    """Put a saved moment at the start of the new run."""
    source = await assembly.saver.aget_tuple(at.config)
    if source is None:
        raise GoneError(PRUNED_MESSAGE)
    target: RunnableConfig = {
        "configurable": {"thread_id": forked.run_id, "checkpoint_ns": ""}
    }
    # PostgreSQL's saver stores the values of the versions that it is told are new: of the
    # new run, all are.
    versions = source.checkpoint["channel_versions"]
    config = await assembly.saver.aput(
        target, source.checkpoint, source.metadata, versions
    )
    last = at.values["steps"][-1].step_name
    await assembly.graph.aupdate_state(
        config, {"run_id": forked.run_id, "options": forked.options}, as_node=last
    )
