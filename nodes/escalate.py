"""escalate: asks a person, and the run waits until there is an answer."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NotRequired

from langgraph.runtime import Runtime
from langgraph.types import interrupt
from typing_extensions import TypedDict

from contracts.approval import ApprovalDecision, ApprovalRequest
from contracts.decision import Decision
from contracts.draft import Draft
from contracts.errors import InputError
from contracts.ticket import Ticket
from nodes.inbox_shapes import interrupt_payload, parse_decision
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
    """Show the draft and why a person is asked; bind the answer to the hash of what was shown.

    After the desk's `max_redrafts`, guidance leads to no other draft: the person writes the
    reply or sends none.
    """
    desk = runtime.context.desks[state["ticket"].desk]
    request = build_approval_request(state)
    teams = tuple(team.id for team in desk.routing.teams)
    decision = ask_reviewer(request, teams)
    if decision.type != "reject":
        return {"approval": decision}
    rounds = state.get("redrafts", 0) + 1
    if rounds > desk.settings.max_redrafts:
        decision = decision.model_copy(update={"guidance": None})
    return {"approval": decision, "redrafts": rounds}


def ask_reviewer(request: ApprovalRequest, teams: Sequence[str]) -> ApprovalDecision:
    """The person's decision. After a reply that cannot be used the question is asked again.

    An error would not do: LangGraph gives the same reply to every resume.
    """
    question = interrupt_payload(request, teams)
    while True:
        reply: Any = interrupt(question)
        try:
            return parse_decision(reply, request, teams)
        except InputError as error:
            question = interrupt_payload(request, teams, problem=error.detail)


def build_approval_request(state: Needs) -> ApprovalRequest:
    """The question, with the SHA-256 of everything that an approval would carry out."""
    ticket, decision, draft = state["ticket"], state["decision"], state.get("draft")
    text = draft.content if draft else ""
    rounds = state.get("redrafts", 0)
    shown = "\x1f".join(
        (ticket.id, str(rounds), decision.team, decision.disposition, text)
    )
    return ApprovalRequest(
        ticket_id=ticket.id,
        reasons=tuple(reason.text for reason in decision.reasons),
        draft=text,
        team=decision.team,
        shown_hash=sha256(shown.encode("utf-8", "replace")).hexdigest(),
        round=rounds,
    )
