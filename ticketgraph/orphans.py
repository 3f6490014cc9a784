"""Finds the runs that the graph of this version could not resume, before anything is migrated.

LangGraph reports no error for a run that waited in a node that was renamed: it resumes it,
and nothing happens.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.types import StateSnapshot
from sqlalchemy import RowMapping

from contracts.errors import UnavailableError
from graph.build import (
    FLOW_VERSION,
    INTERRUPT_NODES,
    RESUMABLE_FLOWS,
    Graph,
    build_graph,
)
from storage.database.database import Database
from storage.queries import runs
from ticketgraph.runs.execute import run_config_of

MAX_NAMED_RUNS = 10
"""Runs that a refusal names; it counts the others."""

BRANCH_PREFIX = "branch:to:"
"""LangGraph's name for the channel that a node waits on, before the node's name."""

INTERRUPT_CHANNEL = "__interrupt__"
"""The channel that LangGraph saves an interrupt under."""


Saver = BaseCheckpointSaver[Any]


async def refuse_orphans(
    database: Database,
    opening: Callable[[], AbstractAsyncContextManager[Saver]],
    desks: Collection[str],
) -> None:
    """Check every waiting and running run against the graph and the desks; close the database.

    Changes nothing. It comes before the migrations: the version that made the runs cannot use
    a migrated database. `opening` opens the checkpoints. Raises UnavailableError that names
    the runs that would be lost, and what to do.
    """
    try:
        if lost := await find_orphans(database, opening, desks):
            raise UnavailableError(refusal_message(lost))
    finally:
        await database.close()


async def find_orphans(
    database: Database,
    opening: Callable[[], AbstractAsyncContextManager[Saver]],
    desks: Collection[str],
) -> list[str]:
    """The runs that cannot be resumed, each with its version and the reason.

    Other processes may advance them meanwhile: one that has changed since its row was read is
    checked again.
    """
    rows = list(await load_unfinished_runs(database))
    lost: list[str] = []
    if not rows:
        return lost
    async with opening() as saver:
        graph = build_graph(saver)
        while rows:
            reasons = [
                (run, await orphan_reason(run, graph, saver, desks)) for run in rows
            ]
            suspected = {run["id"]: (run, why) for run, why in reasons if why}
            if not suspected:
                break
            rows = []
            for run in await load_unfinished_runs(database):
                before, why = suspected.get(run["id"], (None, None))
                if before is None:
                    continue
                if dict(run) == dict(before):
                    lost.append(f"{run['id']} (flow {run['flow_version']}: {why})")
                else:
                    rows.append(run)
    return lost


async def load_unfinished_runs(database: Database) -> Sequence[RowMapping]:
    """The waiting and running runs."""
    async with database.open_read() as connection:
        return await runs.list_open_runs(connection)


async def orphan_reason(
    run: RowMapping, graph: Graph, saver: Saver, desks: Collection[str]
) -> str | None:
    """Why a run cannot be resumed; None for one that can."""
    if run["desk"] not in desks:
        return f"its desk {run['desk']} is not there"
    if run["flow_version"] not in RESUMABLE_FLOWS:
        return "no run of that version can go on here"
    saved = await saver.aget_tuple(run_config_of(run["id"]))
    if saved is None:
        return "nothing is saved of it" if run["status"] == "waiting" else None
    snapshot = await graph.aget_state(run_config_of(run["id"], saved.checkpoint["id"]))
    return unknown_state(saved, graph.channels, run) or unasked_question(
        saved, snapshot, run
    )


def unknown_state(saved: CheckpointTuple, channels: Any, run: RowMapping) -> str | None:
    """What the run's state holds that the graph has no channel for.

    LangGraph drops it without an error. A flow version may drop a key; within a version it
    is a mistake.
    """
    missing = sorted(saved.checkpoint["channel_values"].keys() - channels.keys())
    nodes = [
        name.removeprefix(BRANCH_PREFIX)
        for name in missing
        if name.startswith(BRANCH_PREFIX)
    ]
    if nodes:
        return f"it stands in {', '.join(nodes)}, which the graph does not have"
    if missing and run["flow_version"] == FLOW_VERSION:
        return f"its state holds {', '.join(missing)}, which the graph does not know"
    return None


def unasked_question(
    saved: CheckpointTuple, snapshot: StateSnapshot, run: RowMapping
) -> str | None:
    """Why an answer to the run's interrupt would not reach the graph."""
    asking = {
        task_id
        for task_id, channel, _ in saved.pending_writes or ()
        if channel == INTERRUPT_CHANNEL
    }
    if run["status"] == "waiting" and not asking:
        return "it waits, and no question is saved"
    names = {task.id: task.name for task in snapshot.tasks}
    if asking - names.keys():
        return "the graph does not find its question again"
    silent = sorted(
        {names[task_id] for task_id in asking}
        - {node.__name__ for node in INTERRUPT_NODES}
    )
    return f"it waits in {', '.join(silent)}, which asks nobody" if silent else None


def refusal_message(lost: Sequence[str]) -> str:
    """The error message: which runs would be lost, and what to do."""
    more = (
        f"; and {len(lost) - MAX_NAMED_RUNS} more" if len(lost) > MAX_NAMED_RUNS else ""
    )
    taken = ", ".join(map(str, sorted(RESUMABLE_FLOWS)))
    return (
        f"Not started, because {len(lost)} of the runs that wait or are under way would be lost: "
        f"{'; '.join(lost[:MAX_NAMED_RUNS])}{more}. This is flow {FLOW_VERSION} and goes on "
        f"with flow {taken}. "
        "Nothing was migrated. Start the version that was here before and decide there what waits "
        "(ticketgraph approvals, ticketgraph decide), then start this one. Or change the graph "
        "so that it takes them: "
        "docs/reliability.md, Deploying."
    )
