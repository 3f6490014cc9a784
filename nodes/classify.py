"""classify: the ticket's category and severity."""

from typing import NotRequired

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from contracts.classification import Classification
from contracts.step import Problem, Problems
from contracts.ticket import CleanTicket, RunOptions, Ticket
from nodes.attempt import call_engine
from nodes.services import Services
from policies.deciding.engine_answers import raise_severity


class Needs(TypedDict):
    """What classify reads."""

    ticket: Ticket
    clean: CleanTicket
    options: NotRequired[RunOptions]


class Gives(TypedDict, total=False):
    """What classify writes."""

    classification: Classification | None
    problems: Problems


async def classify(state: Needs, runtime: Runtime[Services]) -> Gives:
    """Ask the engine. The severity judge may raise its severity, never lower it."""
    if state.get("options", RunOptions()).skip_classification:
        return {}
    clean, services = state["clean"], runtime.context
    desk = services.desks[state["ticket"].desk]
    evidence = await services.severity.judge(clean, desk)
    answer = await call_engine(
        "classify",
        services.engine.classify(state["ticket"], clean, desk, evidence),
        services.limits.classify,
    )
    if isinstance(answer, Problem):
        return {"problems": [answer]}
    return {"classification": raise_severity(answer, evidence)}
