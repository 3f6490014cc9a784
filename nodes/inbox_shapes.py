"""The shapes in which LangGraph's own clients ask and answer: Agent Inbox and Agent Chat UI.

One payload carries both shapes and each client takes its own. Replies come as Agent Inbox's list of
`{"type": "accept|edit|response|ignore", "args": …}`, as Agent Chat UI's `{"decisions": [{"type":
"approve|edit|reject", …}]}`, or as our own ApprovalDecision.
"""

from collections.abc import Sequence
from typing import Any, cast

from pydantic import ValidationError

from contracts.approval import ApprovalDecision, ApprovalRequest
from contracts.errors import InputError

ACTION = "send_reply"


def asked(request: ApprovalRequest, teams: Sequence[str]) -> dict[str, Any]:
    """The interrupt's payload."""
    args = {"reply": request.draft, "team": request.team}
    why = "\n".join(f"- {reason}" for reason in request.reasons)
    description = (
        f"Ticket {request.ticket_id} needs a person.\n\n{why}\n\nProposed reply:\n\n{request.draft or '(none)'}"
    )
    return {
        "action_request": {"action": ACTION, "args": args},
        "config": {"allow_ignore": True, "allow_respond": True, "allow_edit": True, "allow_accept": True},
        "description": description,
        "action_requests": [{"name": ACTION, "args": args, "description": description}],
        "review_configs": [{"action_name": ACTION, "allowed_decisions": ["approve", "edit", "reject"]}],
        "request": request.model_dump(mode="json"),
        "teams": list(teams),
    }


def answered(reply: Any, teams: Sequence[str]) -> ApprovalDecision:
    """The decision in any of the three shapes. Raises InputError for none of them or for an unknown team."""
    decision = from_inbox(reply) or from_chat(reply) or from_ours(reply)
    if decision is None:
        raise InputError("The reply is none of: an ApprovalDecision, an Agent Inbox list, an Agent Chat UI object.")
    if decision.type == "reassign" and decision.team not in teams:
        raise InputError(f"`team` must be one of: {', '.join(teams)}.")
    if decision.type in ("edit", "respond") and not (decision.text or "").strip():
        raise InputError(f"`text` is required to {decision.type}.")
    return decision


def from_ours(reply: Any) -> ApprovalDecision | None:
    """Our own shape."""
    try:
        return reply if isinstance(reply, ApprovalDecision) else ApprovalDecision.model_validate(reply)
    except ValidationError:
        return None


def from_inbox(reply: Any) -> ApprovalDecision | None:
    """Agent Inbox: a list with one `{"type", "args"}`."""
    if not isinstance(reply, list) or not reply:
        return None
    first = as_mapping(cast("list[object]", reply)[0])
    args = first.get("args")
    match first.get("type"):
        case "accept":
            return ApprovalDecision(type="approve", decided_by="agent-inbox")
        case "ignore":
            return ApprovalDecision(type="reject", decided_by="agent-inbox")
        case "edit":
            return ApprovalDecision(type="edit", text=edited(args), decided_by="agent-inbox")
        case "response" if isinstance(args, str):
            return ApprovalDecision(type="reject", guidance=args, decided_by="agent-inbox")
        case _:
            return None


def from_chat(reply: Any) -> ApprovalDecision | None:
    """Agent Chat UI: `{"decisions": [{"type", …}]}`."""
    decisions = as_mapping(reply).get("decisions")
    if not isinstance(decisions, list) or not decisions:
        return None
    first = as_mapping(cast("list[object]", decisions)[0])
    match first.get("type"):
        case "approve":
            return ApprovalDecision(type="approve", decided_by="agent-chat-ui")
        case "edit":
            return ApprovalDecision(type="edit", text=edited(first.get("edited_action")), decided_by="agent-chat-ui")
        case "reject":
            message = first.get("message")
            guidance = message if isinstance(message, str) and message.strip() else None
            return ApprovalDecision(type="reject", guidance=guidance, decided_by="agent-chat-ui")
        case _:
            return None


def edited(action: object) -> str | None:
    """The reply's text out of an edited action: `{"args": {"reply": …}}`."""
    reply = as_mapping(as_mapping(action).get("args")).get("reply")
    return reply if isinstance(reply, str) else None


def as_mapping(value: object) -> dict[str, object]:
    """The value if it is a mapping, else an empty one."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
