"""The Python API on a real data folder."""

import shutil
from pathlib import Path

import pytest

from contracts.approval import ApprovalDecision
from contracts.errors import ConflictError, InputError, NotFoundError, UnavailableError
from contracts.ticket import RunOptions
from storage.queries import outbox
from tests.inspected import InspectedTicketGraph
from ticketgraph import BlockingTicketGraph
from ticketgraph.assembly import SHIPPED_DESKS

DISASTER = (
    "Nothing works any more",
    (
        "Our entire production system is down since 6 am and all customer data of the last week is "
        "lost."
    ),
)
ORDINARY = (
    "Invoice wrong",
    "The invoice for order ORD-7731 lists two licences, but I have only one of them.",
)


async def actions(app: InspectedTicketGraph, ticket_id: str) -> list[str]:
    async with app.parts.database.open_read() as connection:
        return [
            row["action"]
            for row in await outbox.list_ticket_effects(connection, ticket_id)
        ]


@pytest.fixture(scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory):
    async with InspectedTicketGraph.open(tmp_path_factory.mktemp("api")) as opened:
        yield opened


async def test_an_ordinary_ticket_is_assigned_and_its_draft_not_sent(
    app: InspectedTicketGraph,
) -> None:
    run = await app.process(*ORDINARY, customer_email="ada@example.com")
    assert (run.status, run.disposition) == ("finished", "assign")
    assert run.classification is not None
    assert run.classification.category == "billing"
    assert run.extracted_fields is not None
    assert run.extracted_fields.values("order_id") == ["ORD-7731"]
    assert run.response_draft is not None
    assert "ORD-7731" in run.response_draft.content
    assert "reply" not in await actions(app, run.ticket_id)
    assert run.engine == "local"
    assert (await app.runs.get(run.run_id)) == run


async def test_a_disaster_waits_and_an_approval_sends_what_was_shown(
    app: InspectedTicketGraph,
) -> None:
    run = await app.process(*DISASTER, customer_email="ops@example.com")
    assert (run.status, run.disposition) == ("waiting", "escalate")
    assert run.approval is not None
    assert run.approval.id in [asked.id for asked in await app.approvals.list()]
    assert await actions(app, run.ticket_id) == []
    done = await app.decide(
        run.approval.id,
        "approve",
        decided_by="grace",
        shown_hash=run.approval.request.shown_hash,
    )
    assert done.status == "finished"
    assert done.delivery is not None
    replies = [effect for effect in done.delivery.effects if effect.action == "reply"]
    assert [(reply.target, reply.payload["text"]) for reply in replies] == [
        ("ops@example.com", run.approval.request.draft)
    ]
    with pytest.raises(ConflictError, match="grace already decided"):
        await app.decide(run.approval.id, "reject")


async def test_rejecting_with_guidance_asks_again_and_rejecting_without_ends_it(
    app: InspectedTicketGraph,
) -> None:
    run = await app.process(*DISASTER, customer_id="c-1")
    assert run.approval is not None
    again = await app.decide(
        run.approval.id,
        ApprovalDecision(type="reject", guidance="Say that we are on it."),
    )
    assert again.status == "waiting"
    assert again.approval is not None
    assert again.approval.id != run.approval.id
    assert again.approval.request.round == 1
    ended = await app.decide(again.approval.id, "reject")
    assert ended.status == "finished"
    assert "reply" not in await actions(app, run.ticket_id)


async def test_reassigning_and_responding(app: InspectedTicketGraph) -> None:
    run = await app.process(
        *DISASTER, customer_id="c-2", customer_email="c2@example.com"
    )
    assert run.approval is not None
    with pytest.raises(InputError, match="no such team"):
        await app.decide(run.approval.id, "reassign", team="nobody")
    done = await app.decide(run.approval.id, "reassign", team="billing_team")
    assert done.delivery is not None
    assert done.delivery.effects[0].target == "billing_team"
    other = await app.process(
        *DISASTER, customer_id="c-3", customer_email="c3@example.com"
    )
    assert other.approval is not None
    with pytest.raises(InputError, match="text"):
        await app.decide(other.approval.id, "respond")
    answered = await app.decide(
        other.approval.id, "respond", text="We are restoring it right now."
    )
    assert answered.delivery is not None
    assert answered.delivery.effects[-1].payload == {
        "text": "We are restoring it right now."
    }


async def test_a_changed_draft_is_not_approved_by_an_old_hash(
    app: InspectedTicketGraph,
) -> None:
    run = await app.process(*DISASTER, customer_id="c-4")
    assert run.approval is not None
    with pytest.raises(ConflictError, match="changed"):
        await app.decide(run.approval.id, "approve", shown_hash="0" * 64)
    assert (await app.runs.get(run.run_id)).status == "waiting"


async def test_history_steps_through_the_run_and_a_fork_has_no_effects(
    app: InspectedTicketGraph,
) -> None:
    run = await app.process(*ORDINARY, customer_id="c-5")
    before = await actions(app, run.ticket_id)
    history = await app.runs.history(run.run_id)
    assert [moment.next for moment in history][:2] == [("__start__",), ("sanitize",)]
    assert history[-1].next == ()
    drafting = next(moment for moment in history if moment.next == ("draft",))
    fork = await app.runs.fork(
        run.run_id, drafting.checkpoint_id, options=RunOptions(response_tone="formal")
    )
    assert (fork.forked_from, fork.status) == (run.run_id, "finished")
    assert fork.response_draft is not None
    assert fork.response_draft.tone == "formal"
    assert fork.delivery is not None
    assert fork.delivery.simulated
    changed = await app.runs.fork(run.run_id, subject="Site down", body=DISASTER[1])
    assert changed.classification is not None
    assert changed.classification.severity == "critical"
    assert await actions(app, run.ticket_id) == before
    assert (await app.runs.get(run.run_id)) == run


async def test_the_sequential_order_and_the_skips(app: InspectedTicketGraph) -> None:
    sequential = await app.process(
        *ORDINARY, customer_id="c-6", options=RunOptions(enable_parallel=False)
    )
    names = [step.step_name for step in sequential.workflow_steps]
    assert names == [
        "sanitize",
        "dedup",
        "classify",
        "extract",
        "retrieve",
        "gate",
        "draft",
        "route",
        "deliver",
    ]
    skipping = RunOptions(
        skip_classification=True, skip_extraction=True, skip_response=True
    )
    bare = await app.process(*ORDINARY, customer_id="c-7", options=skipping)
    assert (bare.classification, bare.extracted_fields, bare.response_draft) == (
        None,
        None,
        None,
    )
    assert bare.disposition == "escalate"  # unknown means escalate
    assert {
        step.step_name for step in bare.workflow_steps if step.status == "skipped"
    } == {
        "classify",
        "extract",
        "draft",
    }
    unrouted = await app.process(
        *ORDINARY, customer_id="c-8", options=RunOptions(skip_routing=True)
    )
    assert (unrouted.status, unrouted.routing) == ("finished", None)
    again = await app.process(
        *ORDINARY,
        customer_id="c-8",
        options=RunOptions(enable_duplicate_detection=False),
    )
    assert again.duplicate_of is None


async def test_unknown_things_are_refused(app: InspectedTicketGraph) -> None:
    with pytest.raises(InputError, match="no such desk"):
        await app.process("x", "y", desk="nowhere")
    with pytest.raises(NotFoundError):
        await app.runs.get("nope")
    with pytest.raises(NotFoundError):
        await app.runs.history("nope")
    with pytest.raises(NotFoundError):
        await app.decide("nope", "approve")
    run = await app.process(*ORDINARY, customer_id="c-9")
    with pytest.raises(NotFoundError, match="checkpoint"):
        await app.runs.fork(run.run_id, "1ef00000-0000-6000-8000-000000000000")
    with pytest.raises(InputError):
        await app.runs.fork(run.run_id, colour="blue")


async def test_a_second_process_on_the_folder_is_refused(
    app: InspectedTicketGraph,
) -> None:
    with pytest.raises(UnavailableError, match="Another ticketgraph"):
        async with InspectedTicketGraph.open(Path(app.parts.database.name).parent):
            pass


async def test_a_third_desk_needs_no_python(tmp_path: Path) -> None:
    desks = tmp_path / "desks"
    shutil.copytree(SHIPPED_DESKS / "customer_support", desks / "bakery")
    routing = desks / "bakery" / "routing_rules.yaml"
    routing.write_text(
        routing.read_text(encoding="utf-8").replace("billing_team", "till_team"),
        encoding="utf-8",
    )
    async with InspectedTicketGraph.open(tmp_path / "data", desks_dir=desks) as bakery:
        run = await bakery.process(
            *ORDINARY, desk="bakery", customer_email="a@example.com"
        )
        assert run.routing is not None
        assert (run.desk, run.routing.team) == ("bakery", "till_team")


def test_scripts_need_no_await(tmp_path: Path) -> None:
    with BlockingTicketGraph.open(tmp_path) as blocking:
        run = blocking.process(*DISASTER, customer_email="ops@example.com")
        assert run.approval is not None
        assert [asked.id for asked in blocking.approvals.list()] == [run.approval.id]
        done = blocking.decide(run.approval.id, "approve")
        assert done.status == "finished"
        assert len(blocking.runs.history(run.run_id)) > 5
        assert blocking.runs.get(run.run_id) == done
        assert blocking.runs.fork(run.run_id).forked_from == run.run_id
