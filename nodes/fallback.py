"""fallback: the local engine answers what the preferred one could not."""

from typing import NotRequired

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from contracts.classification import Classification
from contracts.extraction import Extraction
from contracts.step import Problem, Problems
from contracts.ticket import CleanTicket, Ticket
from nodes.attempt import call_engine
from nodes.services import Services
from policies.deciding.engine_answers import (
    add_missing_fields,
    cap_fallback_confidence,
    raise_severity,
    resolve_doubted_answer,
    unknown_classification,
)


class Needs(TypedDict):
    """What fallback reads."""

    ticket: Ticket
    clean: CleanTicket
    doubts: list[str]
    classification: NotRequired[Classification | None]
    extraction: NotRequired[Extraction | None]


class Gives(TypedDict, total=False):
    """What fallback writes."""

    classification: Classification | None
    extraction: Extraction | None
    problems: Problems
    degraded: bool


async def fallback(state: Needs, runtime: Runtime[Services]) -> Gives:
    """Answer every doubted step with the local engine; without an answer the ticket escalates.

    A doubted answer that the local engine confirms does not make the run degraded.
    """
    ticket, services = state["ticket"], runtime.context
    desk = services.desks[ticket.desk]
    problems: list[Problem] = []
    classification, extraction = state.get("classification"), state.get("extraction")
    degraded = False
    if "classify" in state["doubts"]:
        doubted, local = (
            classification,
            await classify_locally(state, services, problems),
        )
        classification = (
            resolve_doubted_answer(doubted, local)
            if doubted
            else cap_fallback_confidence(local)
        )
        degraded = doubted is None or doubted.category != local.category
    if "extract" in state["doubts"]:
        extraction, degraded = await extract_locally(state, services, problems), True
    if classification and extraction:
        extraction = add_missing_fields(
            extraction, classification.category, ticket.customer_email, desk
        )
    return {
        "classification": classification,
        "extraction": extraction,
        "problems": problems,
        "degraded": degraded,
    }


async def classify_locally(
    state: Needs, services: Services, problems: list[Problem]
) -> Classification:
    """The local engine's classification; an unknown one and a problem when it has none."""
    ticket, clean = state["ticket"], state["clean"]
    desk = services.desks[ticket.desk]
    evidence = await services.severity.judge(clean, desk)
    call = services.local.classify(ticket, clean, desk, evidence)
    answer = await call_engine("fallback", call, services.limits.local)
    if isinstance(answer, Problem):
        problems.append(answer)
        answer = unknown_classification(
            desk, evidence, "No engine could classify this ticket."
        )
    return raise_severity(answer, evidence)


async def extract_locally(
    state: Needs, services: Services, problems: list[Problem]
) -> Extraction:
    """The local engine's fields; none and a problem when it has none."""
    ticket = state["ticket"]
    call = services.local.extract(ticket, state["clean"], services.desks[ticket.desk])
    found = await call_engine("fallback", call, services.limits.local)
    if not isinstance(found, Problem):
        return found
    problems.append(found)
    return Extraction(
        engine="none", validation_errors=("No engine could read the fields.",)
    )
