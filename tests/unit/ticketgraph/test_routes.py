"""The choices between nodes."""

from datetime import UTC, datetime
from itertools import product

from contracts.approval import ApprovalDecision
from contracts.decision import Decision
from contracts.retrieval import Duplicate
from contracts.ticket import RunOptions
from graph import routes
from graph.build import build_graph


def decision(*, needs_approval: bool) -> Decision:
    return Decision(
        disposition="escalate" if needs_approval else "assign",
        team="t",
        priority="normal",
        needs_approval=needs_approval,
        send_reply=False,
        confidence=0.5,
        due_at=datetime.now(UTC),
    )


def test_a_duplicate_goes_straight_to_route() -> None:
    duplicate = Duplicate(ticket_id="T", score=1, kind="exact")
    assert routes.after_dedup({"duplicate": duplicate}) == "duplicate"


def test_a_new_ticket_is_understood_in_parallel_unless_told_otherwise() -> None:
    assert routes.after_dedup({}) == ["new", "extract", "retrieve"]
    sequential = RunOptions(enable_parallel=False)
    assert routes.after_dedup({"options": sequential}) == ["new"]
    assert routes.after_branch({"options": sequential}) == "sequential"
    assert routes.after_branch({}) == "parallel"


def test_doubts_lead_to_the_fallback() -> None:
    assert routes.after_gate({"doubts": ["classify"]}) == "in doubt"
    assert routes.after_gate({"doubts": []}) == "confident"


def test_a_person_is_asked_when_the_decision_says_so() -> None:
    assert (
        routes.after_route({"decision": decision(needs_approval=True)})
        == "needs a person"
    )
    assert (
        routes.after_route({"decision": decision(needs_approval=False)}) == "may go out"
    )
    assert routes.after_route({"decision": None}) == "may go out"


def test_only_a_rejection_with_guidance_is_drafted_again() -> None:
    for kind, guidance in product(
        ("approve", "edit", "reject", "reassign", "respond"), (None, "shorter")
    ):
        approval = ApprovalDecision(
            type=kind, guidance=guidance, text="Our reply.", team="billing_team"
        )
        expected = (
            "rejected with guidance"
            if (kind, guidance) == ("reject", "shorter")
            else "settled"
        )
        assert routes.after_escalate({"approval": approval}) == expected


def test_the_graph_has_its_nodes_and_tells_what_each_is_for() -> None:
    drawn = build_graph().get_graph()
    ten = {
        "sanitize",
        "dedup",
        "classify",
        "extract",
        "retrieve",
        "fallback",
        "draft",
        "route",
        "escalate",
        "deliver",
    }
    assert set(drawn.nodes) == ten | {"gate", "__start__", "__end__"}
    for name in ten | {"gate"}:
        metadata = drawn.nodes[name].metadata
        assert metadata is not None
        assert metadata["purpose"].startswith(f"{name}:")
    assert ("gate", "fallback", "in doubt") in {
        (edge.source, edge.target, edge.data) for edge in drawn.edges
    }
