"""The choices between nodes: pure functions of the state.

What they return labels the edge in LangGraph Studio.
"""

from collections.abc import Sequence
from typing import Literal

from contracts.ticket import RunOptions
from graph.state import State

Branch = Literal["new", "extract", "retrieve"]


def after_dedup(state: State) -> Literal["duplicate"] | Sequence[Branch]:
    """A duplicate needs no understanding.

    A new ticket is understood in parallel, or one step at a time.
    """
    if state.get("duplicate"):
        return "duplicate"
    return ["new", "extract", "retrieve"] if in_parallel(state) else ["new"]


def after_branch(state: State) -> Literal["parallel", "sequential"]:
    """On to the meeting point, or to the next step of the sequential order."""
    return "parallel" if in_parallel(state) else "sequential"


def after_gate(state: State) -> Literal["confident", "in doubt"]:
    """Is every answer there and trusted?"""
    return "in doubt" if state.get("doubts") else "confident"


def after_route(state: State) -> Literal["needs a person", "may go out"]:
    """Does a person have to look first?"""
    decision = state.get("decision")
    return "needs a person" if decision and decision.needs_approval else "may go out"


def after_escalate(state: State) -> Literal["rejected with guidance", "settled"]:
    """Rejected with guidance: draft again. Anything else is settled."""
    approval = state.get("approval")
    redraft = approval and approval.type == "reject" and approval.guidance
    return "rejected with guidance" if redraft else "settled"


def in_parallel(state: State) -> bool:
    """The caller's choice; parallel when none was made."""
    return state.get("options", RunOptions()).enable_parallel
