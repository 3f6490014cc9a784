"""Erasing a customer.

Nothing of theirs is left in any file or table, and everything of the others is.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import NotFoundError
from contracts.result import Run
from contracts.ticket import NewTicket
from storage.jobs.port import Handler, Job
from storage.queries import runs
from tests.inspected import InspectedTicketGraph
from tests.integration.two_databases import Place
from ticketgraph.forgetting.erasure import Eraser
from ticketgraph.tickets.importing import SolvedTicket
from ticketgraph.tickets.intake import RequestKey

ADDRESS = "Zelda.Quibbleforth@plumbago.example"
CUSTOMER = "quagga-77-xk"
ZELDA = {
    "customer_id": CUSTOMER,
    "customer_email": ADDRESS,
    "customer_name": "Zelda Quibbleforth",
}
BROKEN = (
    "The blender of order ORD-{order} arrived with a cracked jar and a bent blade. {more} "
    "Please send a new jar."
)
DOWN = "Our production system is down for all users since nine and we are losing data. {more}"
KETTLE = "How can the limescale in the kettle be removed without scratching the steel? {more}"
BLADE = (
    "Blade, tapir edition",
    "The narwhal blade of the mixer is loose and rattles at any speed that I try.",
)
LIMESCALE = "Quibbleforth's kettle has limescale"
HERS = (
    "quibbleforth",
    "plumbago",
    CUSTOMER,
    "ORD-9917731",
    "Wobblethorpe Crescent",
    "marmoset",
    "crimson zeppelin",
    "okapi",
    "Brünhild",
    "bassoon-42",
    "only stored haddock",
    "idem-axolotl",
    "aardvark",
    "tapir",
    "narwhal",
)
"""Words of hers alone."""
THEIRS = (
    "ORD-5520118",
    "gunther.abernathy",
    "Gunther's blender",
    "second kettle of the Abernathys",
    "Site Abernathy",
)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "sqlite":
        return Place(tmp_path)
    return Place(tmp_path, request.getfixturevalue("postgres").fresh())


async def hers(app: InspectedTicketGraph) -> dict[str, Run]:
    """One run of hers in every state, and a ticket in every way of coming in."""
    more = "I live at 14 Wobblethorpe Crescent. My neighbour keeps a marmoset."
    body = BROKEN.format(order="9917731", more=more)
    finished = await app.process(
        "Cracked jar and a crimson zeppelin", body, **ZELDA, metadata={"pet": "okapi"}
    )
    repeated = await app.process("Cracked jar and a crimson zeppelin", body, **ZELDA)
    waiting = await app.process(
        "Site okapi is down", DOWN.format(more="Ask for Brünhild."), **ZELDA
    )
    failed = await app.process(
        "Site okapi again", DOWN.format(more="The bassoon-42 console says so."), **ZELDA
    )
    edited = await app.process(
        "Site okapi, third time", DOWN.format(more="Quibbleforth, room tapir."), **ZELDA
    )
    assert edited.approval
    edited = await app.decide(
        edited.approval.id, "edit", text="Dear Zelda Quibbleforth, we know."
    )
    async with app.parts.database.open_write() as connection:
        await runs.update_run(
            connection, failed.run_id, app.parts.services.now(), status="failed"
        )
    await app.runs.fork(finished.run_id, body="The aardvark has the jar.")
    shared = {"customer_id": "firm-9", "customer_email": ADDRESS.upper()}
    beside = await app.process(*BLADE, **shared)
    stored = NewTicket(
        subject="only stored haddock",
        body="Later.",
        **ZELDA,
        source="email",
        source_id="haddock-1",
    )
    await app.tickets.submit(
        stored, start=False, key=RequestKey("test", "idem-axolotl")
    )
    solved = NewTicket(
        subject=LIMESCALE, body=KETTLE.format(more=""), customer_email=ADDRESS
    )
    await app.tickets.import_solved(
        [SolvedTicket(ticket=solved, solution="Boil vinegar in it.")]
    )
    return {
        "finished": finished,
        "repeated": repeated,
        "waiting": waiting,
        "edited": edited,
        "beside": beside,
    }


async def theirs(app: InspectedTicketGraph) -> dict[str, Run]:
    """Runs of others that have something of hers."""
    him = {"customer_email": "gunther.abernathy@example.com"}
    finished = await app.process(
        "Gunther's blender", BROKEN.format(order="5520118", more="It is blue."), **him
    )
    kettle = await app.process(
        "second kettle of the Abernathys", KETTLE.format(more="It is old."), **him
    )
    waiting = await app.process(
        "Site Abernathy is down", DOWN.format(more="It is the mill."), **him
    )
    guided = await app.process(
        "Site Abernathy, annex",
        DOWN.format(more="It is the annex."),
        customer_email="annex@example.com",
    )
    failed = await app.process(
        "Site Abernathy, barn",
        DOWN.format(more="It is the barn."),
        customer_email="barn@example.com",
    )
    async with app.parts.database.open_write() as connection:
        await runs.update_run(
            connection, failed.run_id, app.parts.services.now(), status="failed"
        )
    colleague = {"customer_id": "firm-9", "customer_email": "colleague@example.com"}
    joined = await app.process(*BLADE, **colleague)
    forked = await app.runs.fork(guided.run_id)
    return {
        "finished": finished,
        "kettle": kettle,
        "waiting": waiting,
        "guided": guided,
        "failed": failed,
        "joined": joined,
        "forked": forked,
    }


async def channel(app: InspectedTicketGraph, run: Run, name: str) -> Any:
    return (
        await app.parts.graph.aget_state({"configurable": {"thread_id": run.run_id}})
    ).values.get(name)


async def test_nothing_of_hers_is_left_and_the_others_go_on(place: Place) -> None:
    async with place.opened() as app:
        mine, others = await hers(app), await theirs(app)
        assert mine["repeated"].duplicate_of == mine["finished"].ticket_id
        assert others["joined"].duplicate_of == mine["beside"].ticket_id
        assert mine["finished"].ticket_id in [
            one.ticket_id for one in others["finished"].similar_tickets
        ]
        assert LIMESCALE in [
            one.title for one in await channel(app, others["kettle"], "sources")
        ]
        assert others["kettle"].response_draft
        assert LIMESCALE in " ".join(others["kettle"].response_draft.suggested_actions)
        for name in ("waiting", "guided", "failed", "forked"):
            assert mine["waiting"].ticket_id in [
                one.ticket_id for one in await channel(app, others[name], "similar")
            ]
    assert place.found(HERS) == list(HERS)
    async with place.opened() as app:
        done = await app.erase(ADDRESS.swapcase(), decided_by="grace")
        assert (done.tickets, done.runs, done.approvals) == (8, 7, 3)
        assert done.cleaned >= 7
        assert (
            place.found([word for word in HERS if word not in ("tapir", "narwhal")])
            == []
        )
        with pytest.raises(NotFoundError):
            await app.erase(ADDRESS)
        with pytest.raises(NotFoundError):
            await app.runs.get(mine["waiting"].run_id)
        await app.erase(
            ticket_ids=[others["joined"].ticket_id]
        )  # it repeats her words, by her colleague's hand
        await goes_on(app, others)
        later = await app.process(
            "A third jar",
            BROKEN.format(order="1", more=""),
            customer_email="x@example.com",
        )
        known = [run.ticket_id for run in others.values()]
        assert {one.ticket_id for one in later.similar_tickets} <= set(known)
        assert (await app.verify_audit()).fault is None
        erasure = [
            record
            async for record in app.iterate_audit()
            if record["kind"] == "erasure"
        ]
        assert [record["actor"] for record in erasure] == ["grace", "unknown"]
    assert place.found(HERS) == []
    assert place.found(THEIRS) == list(THEIRS)


async def goes_on(app: InspectedTicketGraph, others: Mapping[str, Run]) -> None:
    """Every run of the others can do what it could, and knows the others' tickets still."""
    waiting, guided, failed = others["waiting"], others["guided"], others["failed"]
    assert waiting.approval
    assert guided.approval
    assert {one.ticket_id for one in await channel(app, failed, "similar")} == {
        guided.ticket_id,
        waiting.ticket_id,
    }
    assert len(await app.runs.history(waiting.run_id)) > 5
    done = await app.decide(
        waiting.approval.id, "approve", shown_hash=waiting.approval.request.shown_hash
    )
    assert done.status == "finished"
    assert done.delivery
    assert [effect.action for effect in done.delivery.effects] == [
        "assignment",
        "reply",
    ]
    again = await app.decide(guided.approval.id, "reject", guidance="Name the annex.")
    assert again.status == "waiting"
    assert again.approval
    assert (await app.decide(again.approval.id, "approve")).status == "finished"
    moments = await app.runs.history(others["finished"].run_id)
    forked = await app.runs.fork(others["finished"].run_id, moments[-2].checkpoint_id)
    assert (forked.status, forked.classification) == (
        "finished",
        others["finished"].classification,
    )


async def test_a_duplicate_of_an_erased_ticket_stands_alone(place: Place) -> None:
    async with place.opened() as app:
        first = await app.process(
            *BLADE, customer_id="firm-9", customer_email="one@example.com"
        )
        second = await app.process(
            *BLADE, customer_id="firm-9", customer_email="two@example.com"
        )
        assert second.duplicate_of == first.ticket_id
        assert second.extracted_fields is not None
        assert (await app.erase("one@example.com")).cleaned == 1
        alone = await app.runs.get(second.run_id)
        assert (alone.duplicate_of, alone.extracted_fields, alone.response_draft) == (
            None,
            None,
            None,
        )
        third = await app.process(
            *BLADE, customer_id="firm-9", customer_email="two@example.com"
        )
        assert third.status == "finished"
        assert third.duplicate_of is None


class Noted:
    """The port of jobs, which only writes down what it is told."""

    def __init__(self) -> None:
        self.enqueued: list[Job] = []
        self.forgotten: set[str] = set()

    async def enqueue_job(self, _connection: AsyncConnection, task: Job) -> None:
        self.enqueued.append(task)

    def wake_worker(self) -> None:
        """Nobody sleeps."""

    async def run_jobs(self, handlers: Mapping[str, Handler], concurrency: int) -> None:
        """Nothing is done."""

    async def drain_jobs(self, seconds: float) -> None:
        """Nothing was begun."""

    async def open_subjects(self, _connection: AsyncConnection, _kind: str) -> set[str]:
        return set()

    async def delete_jobs(
        self, _connection: AsyncConnection, subjects: set[str]
    ) -> None:
        self.forgotten = subjects


UNDER_WAY = text("UPDATE runs SET status = 'running', epoch = 3 WHERE id = :id")


async def epochs(app: InspectedTicketGraph, found: Sequence[Run]) -> list[int | None]:
    async with app.parts.database.open_read() as connection:
        return [await runs.lock_run_epoch(connection, run.run_id) for run in found]


async def test_a_run_that_may_have_seen_it_begins_again_from_what_is_saved(
    place: Place,
) -> None:
    async with place.opened() as app:
        first = await app.process(
            "Site one is down", DOWN.format(more=""), customer_email="one@example.com"
        )
        second = await app.process(
            "Site two is down", DOWN.format(more=""), customer_email="two@example.com"
        )
        third = await app.process(
            "Gunther's blender",
            BROKEN.format(order="1", more=""),
            desk="internal_helpdesk",
        )
        async with app.parts.database.open_write() as connection:
            for run in (first, second, third):
                await connection.execute(UNDER_WAY, {"id": run.run_id})
        jobs, assembly = Noted(), app.parts
        eraser = Eraser(
            app.parts.database,
            assembly.ticket_search,
            assembly.saver.serde,
            jobs,
            assembly.services.now,
        )
        await eraser.erase_tickets([first.ticket_id], "grace", {})
        gone, fenced, untouched = await epochs(app, [first, second, third])
        assert (gone, untouched) == (None, 3)
        assert fenced is not None
        assert fenced > 3
        assert {(task.subject, task.lock) for task in jobs.enqueued} == {
            (second.run_id, f"ticket:{second.ticket_id}")
        }
        assert first.approval
        assert {first.ticket_id, first.run_id, first.approval.id} <= jobs.forgotten
