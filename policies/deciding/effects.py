"""Which effects follow from a decision, or from a person's answer. Pure."""

from hashlib import sha256
from typing import Any, NotRequired

from typing_extensions import TypedDict

from contracts.approval import ApprovalDecision
from contracts.classification import Classification
from contracts.decision import Decision
from contracts.draft import Draft
from contracts.effect import Action, Effect
from contracts.retrieval import Duplicate
from contracts.ticket import Ticket
from policies.deciding.routing import team_for
from policies.desk.model import Desk


class Decided(TypedDict):
    """What is known of a decided ticket: the part of the graph's state that `deliver` reads."""

    ticket: Ticket
    run_id: str
    classification: NotRequired[Classification | None]
    decision: NotRequired[Decision | None]
    approval: NotRequired[ApprovalDecision | None]
    draft: NotRequired[Draft | None]
    duplicate: NotRequired[Duplicate | None]


def plan_effects(state: Decided, decision: Decision, system: str) -> tuple[Effect, ...]:
    """The effects, in the order in which they are recorded.

    Recipients come from the ticket's record and the desk's policies, never from text.
    """
    ticket, duplicate = state["ticket"], state.get("duplicate")
    linked: list[Effect] = []
    if duplicate:
        original = duplicate.ticket_id
        linked.append(build_effect(state, "link", original, {"duplicate_of": original}))
    if decision.disposition == "duplicate":
        return tuple(linked)
    team = assigned_team_of(state, decision)
    facts = {"subject": ticket.subject, "team": team, "priority": decision.priority}
    effects = [
        *linked,
        build_effect(
            state,
            "assignment",
            team,
            {**facts, "reasons": [r.rule for r in decision.reasons]},
        ),
    ]
    if system != "outbox":
        effects.append(build_effect(state, "external_ticket", system, facts))
    text = approved_reply_text(state, decision)
    if text and ticket.customer_email:
        effects.append(
            build_effect(state, "reply", ticket.customer_email, {"text": text})
        )
    return tuple(effects)


def assigned_team_of(state: Decided, decision: Decision) -> str:
    """The team that a person reassigned the ticket to, else the one that policy chose."""
    approval = state.get("approval")
    return (
        approval.team
        if approval and approval.type == "reassign" and approval.team
        else decision.team
    )


def target_system_of(state: Decided, desk: Desk) -> str:
    """The connector whose system the ticket is worked on in.

    That of the team a person reassigned it to, else that of the category's own team.
    """
    approval, classification = state.get("approval"), state.get("classification")
    if approval and approval.type == "reassign" and approval.team:
        return desk.find_team(approval.team).system
    return team_for(
        classification.category if classification else None, desk.routing
    ).system


def approved_reply_text(state: Decided, decision: Decision) -> str | None:
    """The reply that may be sent: one a person approved, else a draft that policy grants.

    None when nothing may be sent.
    """
    approval, draft = state.get("approval"), state.get("draft")
    if approval:
        match approval.type:
            case "approve":
                return draft.content if draft else None
            case "edit" | "respond":
                return approval.text
            case "reject" | "reassign":
                return None
    return draft.content if decision.send_reply and draft else None


ONCE_A_RUN: tuple[Action, ...] = ("reply", "external_ticket")
"""Actions keyed by run alone.

A run decides once: if it gets here again with another text or system, it is still the same
effect.
"""


def build_effect(
    state: Decided, action: Action, target: str, payload: dict[str, Any]
) -> Effect:
    """One effect with its idempotency key, made from (ticket, action, what tells effects apart)."""
    ticket_id = state["ticket"].id
    distinct_by = (
        (state["run_id"],)
        if action in ONCE_A_RUN
        else (target, repr(sorted(payload.items())))
    )
    digest = sha256(
        "\x1f".join((ticket_id, action, *distinct_by)).encode("utf-8", "replace")
    )
    return Effect(
        action=action,
        target=target,
        payload=payload,
        key=f"{ticket_id}:{action}:{digest.hexdigest()[:24]}",
    )
