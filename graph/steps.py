"""Around every node: its step is timed and recorded, and Studio is told what it is for."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import wraps
from inspect import getmodule
from typing import Any, get_type_hints

from langchain_core.runnables import RunnableLambda
from langgraph.runtime import Runtime

from contracts.step import Problem, Step, StepStatus
from contracts.usage import Usage
from contracts.values import Value
from nodes.services import Services

ENGINE_STEPS = ("classify", "extract", "draft")
"""The nodes that may ask a model."""

Node = Callable[[Any, Runtime[Services]], Awaitable[Mapping[str, Any]]]

SKIP_OPTIONS = {
    "classify": "skip_classification",
    "extract": "skip_extraction",
    "draft": "skip_response",
    "route": "skip_routing",
}


def describe_node(node: Node) -> dict[str, Any]:
    """What LangGraph and Studio are told of a node: its input, what it is for, and its rule."""
    purpose = (getmodule(node).__doc__ or "").strip().splitlines()[0]
    return {
        "input_schema": get_type_hints(node)["state"],
        "metadata": {"purpose": purpose, "rule": (node.__doc__ or "").strip()},
    }


class RouteChoice(RunnableLambda[Any, Any]):
    """A choice between nodes, made at once.

    LangGraph would call a plain function in a thread, with callbacks.
    """

    def invoke(self, input: Any, config: Any = None, **_kwargs: Any) -> Any:  # noqa: A002, ARG002
        """Which way to go from a state."""
        return self.func(input)

    async def ainvoke(
        self,
        input: Any,  # noqa: A002
        config: Any = None,  # noqa: ARG002
        **_kwargs: Any,
    ) -> Any:
        """Which way to go from a state."""
        return self.func(input)


def with_step(node: Node, services: Services | None) -> Node:
    """The node, which also appends its Step. An interrupt passes through.

    A waiting node has no step yet.
    """

    @wraps(node)
    async def run_with_step(
        state: Any, runtime: Runtime[Services]
    ) -> Mapping[str, Any]:
        if services is not None:
            runtime = runtime.override(context=services)
        started, clock = runtime.context.now(), time.perf_counter()
        # LangGraph's own timeout makes two more tasks of every node: 100 µs against 2.
        async with asyncio.timeout(runtime.context.limits.node_seconds):
            gives = await node(state, runtime)
        elapsed = time.perf_counter() - clock
        return {
            **gives,
            "steps": [build_step(node.__name__, gives, state, started, elapsed)],
        }

    run_with_step.__annotations__ = {
        "state": get_type_hints(node)["state"],
        "runtime": Runtime[Services],
    }
    return run_with_step


def build_step(
    name: str, gives: Mapping[str, Any], state: Any, started: Any, elapsed: float
) -> Step:
    """What the record says of one node's run."""
    problems: list[Problem] = list(gives.get("problems", ()))
    answer = next(
        (
            gives[key]
            for key in ("classification", "extraction", "draft")
            if isinstance(gives.get(key), Value)
        ),
        None,
    )
    usage = sum((cost.usage for cost in costs_of(name, answer, problems)), Usage())
    return Step(
        step_name=name,
        status=status_of(name, gives, state, problems),
        started_at=started,
        completed_at=started + timedelta(seconds=elapsed),
        duration_ms=round(elapsed * 1000, 3),
        error="; ".join(f"{p.kind}: {p.detail}" for p in problems) or None,
        fallback_used=bool(gives.get("degraded")),
        tokens_used=usage.tokens,
        usage=usage,
        engine=getattr(answer, "engine", None)
        if name in ("classify", "extract", "fallback", "draft")
        else None,
        prompt_version=getattr(answer, "prompt_version", None),
    )


def costs_of(name: str, answer: Any, problems: list[Problem]) -> list[Any]:
    """What this step paid for. Later nodes pass answers on, which were paid for once."""
    return (
        [answer, *problems] if name in ENGINE_STEPS and answer is not None else problems
    )


def status_of(
    name: str, gives: Mapping[str, Any], state: Any, problems: list[Problem]
) -> StepStatus:
    """completed, unless the caller skipped it, another engine stepped in, or nothing came of it."""
    option = SKIP_OPTIONS.get(name)
    options = state.get("options") if isinstance(state, Mapping) else None
    if option and options and getattr(options, option):
        return "skipped"
    if gives.get("degraded"):
        return "fallback"
    return "failed" if problems else "completed"
