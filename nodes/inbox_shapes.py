"""The shapes in which LangGraph's own clients ask and answer: Agent Inbox and Agent Chat UI.

One payload carries both shapes and each client takes its own. Replies come as Agent Inbox's list of
`{"type": "accept|edit|response|ignore", "args": …}`, as Agent Chat UI's `{"decisions": [{"type":
"approve|edit|reject", …}]}`, or as our own ApprovalDecision.

It stays among the nodes because escalate reads its answer with it, and a node imports nothing
from above.
"""

from collections.abc import Sequence
from typing import Any, cast

from contracts.approval import ApprovalDecision, ApprovalRequest, make_decision
from contracts.errors import InputError
from policies.deciding.routing import check_team_named

INBOX_ACTION = "send_reply"
ACCEPTED_SHAPES = (
    "Send one ApprovalDecision, an Agent Inbox list of one, or an Agent Chat UI object "
    "with one decision; an edited reply is `text`, or `reply` in the action's `args`."
)


def interrupt_payload(
    request: ApprovalRequest, teams: Sequence[str], problem: str | None = None
) -> dict[str, Any]:
    """The interrupt's payload. `problem` says why the reply before could not be used."""
    args = {"reply": request.draft}
    description = describe_request(request, problem)
    return {
        "action_request": {"action": INBOX_ACTION, "args": args},
        "config": {
            "allow_ignore": True,
            "allow_respond": True,
            "allow_edit": True,
            "allow_accept": True,
        },
        "description": description,
        "action_requests": [
            {"name": INBOX_ACTION, "args": args, "description": description}
        ],
        "review_configs": [
            {
                "action_name": INBOX_ACTION,
                "allowed_decisions": ["approve", "edit", "reject"],
            }
        ],
        "request": request.model_dump(mode="json"),
        "teams": list(teams),
        "problem": problem,
    }


def describe_request(request: ApprovalRequest, problem: str | None) -> str:
    """What a person reads, as Markdown."""
    complaint = f"**Your reply could not be used.** {problem}\n\n" if problem else ""
    why = "\n".join(f"- {reason}" for reason in request.reasons)
    return (
        f"{complaint}Ticket {request.ticket_id} needs a person. It goes to "
        f"{request.team}.\n\n{why}\n\n"
        f"Proposed reply:\n\n{request.draft or '(none)'}"
    )


def parse_decision(
    reply: Any, request: ApprovalRequest, teams: Sequence[str]
) -> ApprovalDecision:
    """The decision in any of the three shapes.

    Raises InputError for one that could not be carried out.
    """
    given = parse_inbox_reply(reply) or parse_chat_reply(reply)
    try:
        decision = make_decision(given or reply)
    except InputError as error:
        raise InputError(f"{error.detail} {ACCEPTED_SHAPES}") from None
    if decision.shown_hash and decision.shown_hash != request.shown_hash:
        raise InputError(
            "What is pending is not what `shown_hash` names. Read it again, then decide."
        )
    check_team_named(decision, teams)
    return decision


def parse_inbox_reply(reply: object) -> dict[str, object] | None:
    """Agent Inbox's reply in our words; None for what is not one."""
    given = single_mapping(reply)
    args = given.get("args")
    match given.get("type"):
        case "accept":
            decided: dict[str, object] = {"type": "approve"}
        case "ignore":
            decided = {"type": "reject"}
        case "edit":
            decided = {"type": "edit", "text": edited_reply_text(args)}
        case "response" if strip_text(args):
            decided = {"type": "reject", "guidance": strip_text(args)}
        case _:
            return None
    return {**decided, "decided_by": "agent-inbox"}


def parse_chat_reply(reply: object) -> dict[str, object] | None:
    """Agent Chat UI's reply in our words; None for what is not one."""
    given = single_mapping(as_mapping(reply).get("decisions"))
    match given.get("type"):
        case "approve":
            decided: dict[str, object] = {"type": "approve"}
        case "edit":
            decided = {
                "type": "edit",
                "text": edited_reply_text(given.get("edited_action")),
            }
        case "reject":
            decided = {"type": "reject", "guidance": strip_text(given.get("message"))}
        case _:
            return None
    return {**decided, "decided_by": "agent-chat-ui"}


def edited_reply_text(action: object) -> object:
    """The reply's text out of an edited action: `{"args": {"reply": …}}`."""
    return as_mapping(as_mapping(action).get("args")).get("reply")


def strip_text(value: object) -> object:
    """A text without the space around it, None for an empty one.

    Anything else is left for validation to refuse.
    """
    return value.strip() or None if isinstance(value, str) else value


def single_mapping(replies: object) -> dict[str, object]:
    """The mapping in a list of one. We ask one thing: of several answers none is the answer."""
    if not isinstance(replies, list):
        return {}
    items = cast("list[object]", replies)
    return as_mapping(items[0]) if len(items) == 1 else {}


def as_mapping(value: object) -> dict[str, object]:
    """The value if it is a mapping, else an empty one."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
