"""The checkpoints of a run, as a person can read them and fork from them."""

from collections.abc import Sequence
from datetime import datetime

from langchain_core.runnables import RunnableConfig
from langgraph.types import StateSnapshot
from sqlalchemy import RowMapping

from contracts.errors import GoneError
from contracts.result import Checkpoint
from graph.build import Graph
from ticketgraph.runs.execute import run_config_of

PRUNED_MESSAGE = (
    "The checkpoints of this run were pruned. Its result and its steps are kept; a fork "
    "can begin at the start."
)


def refuse_pruned(run: RowMapping) -> None:
    """Raise GoneError when the run's checkpoints were pruned."""
    if run["pruned_at"] is not None:
        raise GoneError(PRUNED_MESSAGE)


async def list_checkpoints(graph: Graph, run_id: str) -> Sequence[Checkpoint]:
    """A run's checkpoints, the first one first."""
    snapshots = [
        snapshot async for snapshot in graph.aget_state_history(run_config_of(run_id))
    ]
    return [as_checkpoint(snapshot) for snapshot in reversed(snapshots)]


def as_checkpoint(snapshot: StateSnapshot) -> Checkpoint:
    """LangGraph's snapshot as a value of ours."""
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
