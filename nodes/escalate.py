"""escalate: a person is asked, and the run waits as long as it takes."""

from hashlib import sha256
from typing import Any, NotRequired

from langgraph.runtime import Runtime
from langgraph.types import interrupt
from typing_extensions import TypedDict

from contracts.approval import ApprovalDecision, ApprovalRequest
from contracts.decision import Decision
from contracts.draft import Draft
from contracts.ticket import Ticket
from nodes.inbox_shapes import answered, asked
from nodes.services import Services


class Needs(TypedDict):
    """What escalate reads."""

    ticket: Ticket
    decision: Decision
    draft: NotRequired[Draft | None]
    redrafts: NotRequired[int]


class Gives(TypedDict, total=False):
    """What escalate writes."""

    approval: ApprovalDecision | None
    redrafts: int


async def escalate(state: Needs, runtime: Runtime[Services]) -> Gives:
    """Show the draft and why a person is asked; the answer is bound to the hash of what was shown."""
    desk = runtime.context.desks[state["ticket"].desk]
    request = request_for(state)
    teams = tuple(team.id for team in desk.routing.teams)
    reply: Any = interrupt(asked(request, teams))
    decision = answered(reply, teams)
    rounds = state.get("redrafts", 0)
    return {"approval": decision, "redrafts": rounds + (decision.type == "reject")}


def request_for(state: Needs) -> ApprovalRequest:
    """The question, with the SHA-256 of everything that a yes would set in motion."""
    ticket, decision, draft = state["ticket"], state["decision"], state.get("draft")
    text = draft.content if draft else ""
    shown = "\x1f".join((ticket.id, decision.team, decision.disposition, text))
    return ApprovalRequest(
        ticket_id=ticket.id,
        reasons=tuple(reason.text for reason in decision.reasons),
        draft=text,
        team=decision.team,
        shown_hash=sha256(shown.encode("utf-8", "replace")).hexdigest(),
        round=state.get("redrafts", 0),
    )
