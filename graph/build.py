"""The graph: every node and every edge, on one screen."""

from collections.abc import Hashable
from typing import Any, cast

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from graph import routes
from graph.state import State
from graph.steps import Choice, described, with_step
from nodes.classify import classify
from nodes.dedup import dedup
from nodes.deliver import deliver
from nodes.draft import draft
from nodes.escalate import escalate
from nodes.extract import extract
from nodes.fallback import fallback
from nodes.gate import gate
from nodes.retrieve import retrieve
from nodes.route import route
from nodes.sanitize import Needs as Input
from nodes.sanitize import sanitize
from nodes.services import Services

FLOW_VERSION = 1
"""Raised whenever nodes or keys of the state change their names, go, or mean something else."""

RESUMES = frozenset({1})
"""The versions whose parked runs can go on in this graph.

`tests/parked` has one of each and proves it.
"""

NODES = (
    sanitize,
    dedup,
    classify,
    extract,
    retrieve,
    gate,
    fallback,
    draft,
    route,
    escalate,
    deliver,
)
ASKS = (escalate,)
"""The nodes that a run may wait in."""

AFTER_DEDUP: dict[Hashable, str] = {
    "duplicate": "route",
    "new": "classify",
    "extract": "extract",
    "retrieve": "retrieve",
}

Graph = CompiledStateGraph[State, Services, Any, Any]


def build(
    saver: BaseCheckpointSaver[Any] | None = None, services: Services | None = None
) -> Graph:
    """The compiled graph.

    `services` binds them for callers that cannot pass a context (LangGraph's own server).
    """
    graph = StateGraph(
        State, context_schema=Services if services is None else None, input_schema=Input
    )
    for node in NODES:
        graph.add_node(
            node.__name__, cast("Any", with_step(node, services)), **described(node)
        )
    graph.add_edge(START, "sanitize")
    graph.add_edge("sanitize", "dedup")
    graph.add_conditional_edges("dedup", Choice(routes.after_dedup), AFTER_DEDUP)
    graph.add_conditional_edges(
        "classify",
        Choice(routes.after_branch),
        {"parallel": "gate", "sequential": "extract"},
    )
    graph.add_conditional_edges(
        "extract",
        Choice(routes.after_branch),
        {"parallel": "gate", "sequential": "retrieve"},
    )
    graph.add_edge("retrieve", "gate")
    graph.add_conditional_edges(
        "gate",
        Choice(routes.after_gate),
        {"in doubt": "fallback", "confident": "draft"},
    )
    graph.add_edge("fallback", "draft")
    graph.add_edge("draft", "route")
    graph.add_conditional_edges(
        "route",
        Choice(routes.after_route),
        {"needs a person": "escalate", "may go out": "deliver"},
    )
    graph.add_conditional_edges(
        "escalate",
        Choice(routes.after_escalate),
        {"rejected with guidance": "draft", "settled": "deliver"},
    )
    graph.add_edge("deliver", END)
    return graph.compile(checkpointer=saver, name="ticketgraph")
