"""fallback: the local engine answers what the preferred one could not."""

from typing import NotRequired

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from contracts.classification import Classification
from contracts.extraction import Extraction
from contracts.step import Problem, Problems
from contracts.ticket import CleanTicket, Ticket
from nodes.attempt import attempt
from nodes.services import Services
from policies.understanding import raised, unknown, with_missing


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
    """Answer every doubted step locally; what even that cannot answer is unknown, and unknown means escalate."""
    ticket, clean, services = state["ticket"], state["clean"], runtime.context
    desk = services.desks[ticket.desk]
    problems: list[Problem] = []
    classification, extraction = state.get("classification"), state.get("extraction")
    if "classify" in state["doubts"]:
        evidence = await services.severity.judge(clean, desk)
        answer = await attempt("fallback", services.local.classify(clean, desk, evidence), services.limits.classify)
        if isinstance(answer, Problem):
            problems.append(answer)
            answer = unknown(desk, evidence, "No engine could classify this ticket.")
        classification = raised(answer, evidence)
    if "extract" in state["doubts"]:
        call = services.local.extract(clean, desk, ticket.customer_email)
        found = await attempt("fallback", call, services.limits.extract)
        if isinstance(found, Problem):
            problems.append(found)
            found = Extraction(engine="none", validation_errors=("No engine could read the fields.",))
        extraction = found
    if classification and extraction:
        extraction = with_missing(extraction, classification.category, ticket.customer_email, desk)
    return {"classification": classification, "extraction": extraction, "problems": problems, "degraded": True}
