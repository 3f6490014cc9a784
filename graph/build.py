"""The graph: every node and every edge, on one screen."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, cast

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from graph import routes
from graph.state import State
from graph.steps import RouteChoice, describe_node, with_step
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

RESUMABLE_FLOWS = frozenset({1})
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
INTERRUPT_NODES = (escalate,)
"""The nodes that a run may wait in."""

CHOICES: Mapping[
    str, tuple[Callable[..., Hashable | list[Hashable]], dict[Hashable, str]]
] = {
    "dedup": (
        routes.after_dedup,
        {
            "duplicate": "route",
            "new": "classify",
            "extract": "extract",
            "retrieve": "retrieve",
        },
    ),
    "classify": (routes.after_branch, {"parallel": "gate", "sequential": "extract"}),
    "extract": (routes.after_branch, {"parallel": "gate", "sequential": "retrieve"}),
    "gate": (routes.after_gate, {"in doubt": "fallback", "confident": "draft"}),
    "route": (
        routes.after_route,
        {"needs a person": "escalate", "may go out": "deliver"},
    ),
    "escalate": (
        routes.after_escalate,
        {"rejected with guidance": "draft", "settled": "deliver"},
    ),
}
"""Conditional edges: the choice after a node, and where each of its answers leads."""

EDGES = (
    (START, "sanitize"),
    ("sanitize", "dedup"),
    ("retrieve", "gate"),
    ("fallback", "draft"),
    ("draft", "route"),
    ("deliver", END),
)

Graph = CompiledStateGraph[State, Services, Any, Any]


def build_graph(
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
            node.__name__, cast("Any", with_step(node, services)), **describe_node(node)
        )
    for start, end in EDGES:
        graph.add_edge(start, end)
    for node_id, (choice, ends) in CHOICES.items():
        graph.add_conditional_edges(node_id, RouteChoice(choice), ends)
    return graph.compile(checkpointer=saver, name="ticketgraph")
