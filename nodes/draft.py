"""draft: writes the reply to the customer, in the desk's tone and from retrieved sources."""

from typing import NotRequired

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from contracts.approval import ApprovalDecision
from contracts.classification import Classification
from contracts.draft import Draft
from contracts.extraction import Extraction
from contracts.retrieval import Source
from contracts.step import Problem, Problems
from contracts.ticket import CleanTicket, RunOptions, Ticket
from nodes.attempt import call_engine
from nodes.long_texts import run_by_size
from nodes.services import DraftBrief, Services
from policies.deciding.actionable import is_actionable
from policies.deciding.engine_answers import unknown_classification
from policies.desk.model import Desk
from policies.replies import check_reply


class Needs(TypedDict):
    """What draft reads."""

    ticket: Ticket
    clean: CleanTicket
    options: NotRequired[RunOptions]
    classification: NotRequired[Classification | None]
    extraction: NotRequired[Extraction | None]
    sources: NotRequired[list[Source]]
    approval: NotRequired[ApprovalDecision | None]


class Gives(TypedDict, total=False):
    """What draft writes."""

    draft: Draft | None
    problems: Problems
    degraded: bool


async def draft(state: Needs, runtime: Runtime[Services]) -> Gives:
    """Ask the engine for a reply, and the local engine when it fails.

    A redraft follows the guidance of a person.
    """
    if state.get("options", RunOptions()).skip_response:
        return {}
    services = runtime.context
    desk = services.desks[state["ticket"].desk]
    brief = await build_brief(state, services)
    answer = await call_engine(
        "draft", services.engine.draft(brief, desk), services.limits.draft
    )
    if not isinstance(answer, Problem):
        return {"draft": await check_draft(answer, brief, desk)}
    second = await call_engine(
        "draft", services.local.draft(brief, desk), services.limits.local
    )
    if isinstance(second, Problem):
        return {"draft": None, "problems": [answer, second], "degraded": True}
    return {
        "draft": await check_draft(second, brief, desk),
        "problems": [answer],
        "degraded": True,
    }


async def check_draft(draft: Draft, brief: DraftBrief, desk: Desk) -> Draft:
    """The draft, with warnings that keep it from being sent without a person."""
    size = len(draft.content) + len(brief.ticket.body)
    found = await run_by_size(
        size,
        check_reply,
        draft,
        brief.ticket,
        brief.clean,
        brief.extraction,
        brief.sources,
        desk,
    )
    return draft.model_copy(
        update={"warnings": tuple(dict.fromkeys((*draft.warnings, *found)))}
    )


async def build_brief(state: Needs, services: Services) -> DraftBrief:
    """Everything the drafter may use, and nothing else."""
    ticket, clean = state["ticket"], state["clean"]
    desk = services.desks[ticket.desk]
    extraction = state.get("extraction") or Extraction(engine="none")
    classification = state.get("classification")
    if classification is None:
        evidence = await services.severity.judge(clean, desk)
        classification = unknown_classification(
            desk, evidence, "Classification was skipped."
        )
    approval = state.get("approval")
    return DraftBrief(
        ticket=ticket,
        clean=clean,
        classification=classification,
        extraction=extraction,
        sources=tuple(state.get("sources", ())),
        tone=state.get("options", RunOptions()).response_tone
        or desk.replies.default_tone,
        actionable=is_actionable(clean, extraction),
        guidance=approval.guidance if approval else None,
    )
