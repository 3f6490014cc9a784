"""nodes.inbox_shapes: one question in two shapes, one decision out of three."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.approval import ApprovalDecision, ApprovalRequest
from contracts.errors import InputError
from nodes.inbox_shapes import interrupt_payload, parse_decision

TEAMS = ("billing_team", "product_team")
REQUEST = ApprovalRequest(
    ticket_id="TKT-00000001",
    reasons=("Money is involved.", "The severity is high."),
    draft="Dear customer, we look into it.",
    team="billing_team",
    shown_hash="a" * 64,
)


def decide(reply: Any) -> ApprovalDecision:
    return parse_decision(reply, REQUEST, TEAMS)


def inbox(kind: str, args: Any = None) -> list[dict[str, Any]]:
    return [{"type": kind, "args": args}]


def chat(kind: str, **rest: Any) -> dict[str, Any]:
    return {"decisions": [{"type": kind, **rest}]}


def action(**args: Any) -> dict[str, Any]:
    return {"action": "send_reply", "name": "send_reply", "args": args}


def test_the_question_has_agent_inboxs_shape() -> None:
    question = interrupt_payload(REQUEST, TEAMS)
    assert question["action_request"] == {
        "action": "send_reply",
        "args": {"reply": REQUEST.draft},
    }
    assert question["config"] == {
        "allow_ignore": True,
        "allow_respond": True,
        "allow_edit": True,
        "allow_accept": True,
    }
    for shown in (REQUEST.ticket_id, REQUEST.draft, REQUEST.team, *REQUEST.reasons):
        assert shown in question["description"]


def test_the_question_has_agent_chat_uis_shape() -> None:
    question = interrupt_payload(REQUEST, TEAMS)
    (shown,) = question["action_requests"]
    assert (shown["name"], shown["args"]) == ("send_reply", {"reply": REQUEST.draft})
    assert shown["description"] == question["description"]
    assert question["review_configs"] == [
        {
            "action_name": "send_reply",
            "allowed_decisions": ["approve", "edit", "reject"],
        }
    ]


def test_the_question_has_our_own_shape() -> None:
    question = interrupt_payload(REQUEST, TEAMS)
    assert ApprovalRequest.model_validate(question["request"]) == REQUEST
    assert question["teams"] == list(TEAMS)
    assert question["problem"] is None


def test_a_question_without_a_draft_says_so() -> None:
    question = interrupt_payload(REQUEST.model_copy(update={"draft": ""}), TEAMS)
    assert question["description"].endswith("Proposed reply:\n\n(none)")


def test_a_question_asked_again_begins_with_what_was_wrong() -> None:
    question = interrupt_payload(
        REQUEST, TEAMS, problem="`team` must be one of: billing_team."
    )
    assert question["problem"] == "`team` must be one of: billing_team."
    assert question["description"].startswith(
        "**Your reply could not be used.** `team` must be one of: billing_team."
    )


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (inbox("accept"), {"type": "approve"}),
        (inbox("accept", action(reply="unchanged")), {"type": "approve"}),
        (inbox("ignore"), {"type": "reject"}),
        (
            inbox("response", " Shorter, please. "),
            {"type": "reject", "guidance": "Shorter, please."},
        ),
        (
            inbox("edit", action(reply="My words.")),
            {"type": "edit", "text": "My words."},
        ),
    ],
)
def test_agent_inbox_replies(reply: Any, expected: dict[str, Any]) -> None:
    assert decide(reply) == ApprovalDecision(**expected, decided_by="agent-inbox")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (chat("approve"), {"type": "approve"}),
        (
            chat("edit", edited_action=action(reply="My words.")),
            {"type": "edit", "text": "My words."},
        ),
        (
            chat("reject", message="Shorter, please."),
            {"type": "reject", "guidance": "Shorter, please."},
        ),
        (chat("reject", message="  "), {"type": "reject"}),
        (chat("reject"), {"type": "reject"}),
    ],
)
def test_agent_chat_ui_replies(reply: Any, expected: dict[str, Any]) -> None:
    assert decide(reply) == ApprovalDecision(**expected, decided_by="agent-chat-ui")


@pytest.mark.parametrize(
    "decision",
    [
        ApprovalDecision(
            type="approve", decided_by="ada", shown_hash=REQUEST.shown_hash
        ),
        ApprovalDecision(type="edit", text="My words.", decided_by="ada"),
        ApprovalDecision(type="respond", text="My words.", decided_by="ada"),
        ApprovalDecision(type="reject", decided_by="ada"),
        ApprovalDecision(type="reject", guidance="Shorter.", decided_by="ada"),
        ApprovalDecision(type="reassign", team="product_team", decided_by="ada"),
    ],
    ids=lambda decision: decision.type,
)
def test_our_own_replies_as_value_and_as_json(decision: ApprovalDecision) -> None:
    assert decide(decision) == decision
    assert decide(decision.model_dump(mode="json")) == decision


@pytest.mark.parametrize(
    "reply",
    [
        None,
        "approve",
        True,
        [],
        {},
        {"type": "maybe"},
        {"type": "approve", "extra": 1},
        ["accept"],
        inbox("approve"),
        inbox("accept") * 2,
        inbox("response"),
        inbox("response", "  "),
        inbox("response", {"text": "Shorter."}),
        chat("accept"),
        {"decisions": []},
        {"decisions": "approve"},
        {"decisions": [{"type": "approve"}, {"type": "reject"}]},
        chat("reject", message=["Shorter."]),
        chat("reject", message="x" * 4_001),
        inbox("edit", action(reply="x" * 20_001)),
    ],
)
def test_what_has_none_of_the_shapes_is_told_the_shapes(reply: Any) -> None:
    with pytest.raises(
        InputError,
        match="Send one ApprovalDecision, an Agent Inbox list of one, or an Agent Chat UI",
    ):
        decide(reply)


@pytest.mark.parametrize(
    "reply",
    [
        inbox("edit"),
        inbox("edit", action(reply="  ")),
        inbox("edit", action(answer="My words.")),
        chat("edit"),
        chat("edit", edited_action={"name": "send_reply", "args": "My words."}),
        {"type": "edit"},
        {"type": "respond", "text": "\n"},
    ],
)
def test_an_own_text_that_is_missing_is_asked_for(reply: Any) -> None:
    with pytest.raises(InputError, match="send the reply in `text`"):
        decide(reply)


@pytest.mark.parametrize("team", [None, "", " "])
def test_a_team_that_is_missing_is_asked_for(team: str | None) -> None:
    with pytest.raises(InputError, match=r"^To reassign, name the team in `team`"):
        decide({"type": "reassign", "team": team})


def test_a_ticket_goes_to_a_team_of_the_desk_only() -> None:
    with pytest.raises(
        InputError, match=r"no such team\. Choose one of: billing_team, product_team\.$"
    ):
        decide({"type": "reassign", "team": "nobody"})


def test_a_decision_about_something_else_is_refused() -> None:
    with pytest.raises(InputError, match="Read it again"):
        decide({"type": "approve", "shown_hash": "b" * 64})


def test_what_is_wrong_is_named_and_not_repeated() -> None:
    with pytest.raises(InputError) as refused:
        decide({"type": "secret-of-the-customer"})
    assert refused.value.detail.startswith("`type`: Input should be 'approve'")
    assert "secret-of-the-customer" not in refused.value.detail


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
)
KINDS = (
    st.sampled_from(
        [
            "accept",
            "approve",
            "edit",
            "ignore",
            "response",
            "reject",
            "reassign",
            "respond",
        ]
    )
    | JSON
)
FIELDS = st.fixed_dictionaries(
    {"type": KINDS},
    optional={
        "args": JSON
        | st.fixed_dictionaries({"args": st.fixed_dictionaries({"reply": JSON})}),
        "edited_action": st.fixed_dictionaries(
            {"args": st.fixed_dictionaries({"reply": JSON})}
        ),
        "message": JSON,
        "text": JSON,
        "guidance": JSON,
        "team": JSON | st.sampled_from(TEAMS),
    },
)
REPLIES = (
    JSON
    | FIELDS
    | st.lists(FIELDS, max_size=2)
    | st.fixed_dictionaries({"decisions": st.lists(FIELDS)})
)


@given(REPLIES)
def test_any_json_is_a_decision_that_can_be_carried_out_or_an_input_error(
    reply: Any,
) -> None:
    try:
        decision = decide(reply)
    except InputError:
        return
    assert decision.type not in ("edit", "respond") or (
        decision.text and decision.text.strip()
    )
    assert decision.type != "reassign" or decision.team in TEAMS
