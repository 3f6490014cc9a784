"""What somebody may do to the graph before the next deploy, each as a change of a builder
that is about to compile."""

from collections.abc import Callable
from typing import Any

import pytest
from langgraph.graph import StateGraph

Change = Callable[[Any], None]


def deploy(monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    """From now on our `build` makes the graph with the change in it."""

    class Tomorrow(StateGraph[Any, Any, Any, Any]):
        def compile(self, *args: Any, **kwargs: Any) -> Any:
            change(self)
            return super().compile(*args, **kwargs)

    monkeypatch.setattr("graph.build.StateGraph", Tomorrow)


async def nothing(_: Any) -> dict[str, Any]:
    return {}


def redirect(builder: Any, old: str, new: str) -> None:
    """Every way that led to one node leads to another."""
    for start, end in [edge for edge in builder.edges if edge[1] == old]:
        builder.edges.discard((start, end))
        builder.edges.add((start, new))
    for branches in builder.branches.values():
        for name, branch in branches.items():
            ends = {
                label: new if end == old else end for label, end in branch.ends.items()
            }
            branches[name] = branch._replace(ends=ends)


def node_renamed(builder: Any) -> None:
    builder.nodes["ask_person"] = builder.nodes.pop("escalate")
    builder.branches["ask_person"] = builder.branches.pop("escalate")
    redirect(builder, "escalate", "ask_person")


def node_removed(builder: Any) -> None:
    del builder.nodes["escalate"]
    del builder.branches["escalate"]
    redirect(builder, "escalate", "deliver")


def node_inserted_before(builder: Any) -> None:
    redirect(builder, "escalate", "prepare")
    builder.add_node("prepare", nothing)
    builder.add_edge("prepare", "escalate")


def nodes_joined_before(builder: Any) -> None:
    redirect(builder, "escalate", "prepare")
    for name in ("prepare", "left", "right"):
        builder.add_node(name, nothing)
    builder.add_edge("prepare", "left")
    builder.add_edge("prepare", "right")
    builder.add_edge(["left", "right"], "escalate")


def key_renamed(builder: Any) -> None:
    """`doubts` becomes `misgivings`, which a run that waits for a person needs no more."""
    for names in (builder.channels, *builder.schemas.values()):
        if "doubts" in names:
            names["misgivings"] = names.pop("doubts")
