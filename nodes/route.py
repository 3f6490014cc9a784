"""route: decides where the ticket goes, by the desk's policies alone."""

from typing import NotRequired

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from contracts.approval import ApprovalDecision
from contracts.classification import Classification
from contracts.decision import Decision
from contracts.draft import Draft
from contracts.extraction import Extraction
from contracts.retrieval import Duplicate, Source
from contracts.ticket import CleanTicket, RunOptions, Ticket
from nodes.services import Services
from policies.deciding.decision import decide_duplicate, decide_ticket


class Needs(TypedDict):
    """What route reads."""

    ticket: Ticket
    clean: CleanTicket
    options: NotRequired[RunOptions]
    duplicate: NotRequired[Duplicate | None]
    classification: NotRequired[Classification | None]
    extraction: NotRequired[Extraction | None]
    sources: NotRequired[list[Source]]
    draft: NotRequired[Draft | None]
    degraded: NotRequired[bool]
    approval: NotRequired[ApprovalDecision | None]


class Gives(TypedDict, total=False):
    """What route writes."""

    decision: Decision | None


async def route(state: Needs, runtime: Runtime[Services]) -> Gives:
    """Disposition, team, priority and due time, with the id of every rule that applied."""
    if state.get("options", RunOptions()).skip_routing:
        return {}
    ticket, clean, services = state["ticket"], state["clean"], runtime.context
    desk = services.desks[ticket.desk]
    if duplicate := state.get("duplicate"):
        original = await services.ticket_search.load_original(duplicate.ticket_id)
        evidence = await services.severity.judge(clean, desk)
        return {
            "decision": decide_duplicate(desk, ticket, duplicate, original, evidence)
        }
    return {
        "decision": decide_ticket(
            desk,
            ticket,
            clean,
            state.get("classification"),
            state.get("extraction"),
            state.get("sources", ()),
            state.get("draft"),
            degraded=state.get("degraded", False),
            redraft=state.get("approval") is not None,
        )
    }
