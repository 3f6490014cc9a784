"""`ticketgraph doctor` on a database.

All is well, each thing that can be wrong, putting it right, beside a server.
"""
# ruff: noqa: S608 - statements are put together from our own words

import asyncio
import json
import os
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from benchmarks.corpus import tickets
from connectors.webhook import WebhookConnector
from server.cli import app
from storage.database.address import database_address_of
from storage.database.read_only import open_read_only, open_snapshot
from storage.queries.reconciliation import read_snapshot
from tests.conftest import free_port, serving
from tests.integration.desks_of_each_kind import EQUATION, ORDINARY, Place, fill, fresh
from tests.integration.receiver import Receiver
from tests.postgres import PostgresServer
from ticketgraph.app import TicketGraph

LOOKS = 3
AT_ONCE = 80
LONG_AGO = "2026-01-01 12:00:00.000000"
OWN = "forked_from IS NULL"
FINISHED = (
    "SELECT min(ticket_id) FROM runs WHERE status = 'finished' AND forked_from IS NULL"
)
UNTASKED = {True: "DELETE FROM procrastinate_jobs", False: "DELETE FROM jobs"}
OLD_TASK = {
    True: f"UPDATE procrastinate_events SET at = '{LONG_AGO}'",
    False: f"UPDATE jobs SET ready_at = '{LONG_AGO}'",
}
SAVING = {
    True: (
        "INSERT INTO checkpoints (thread_id, checkpoint_id, checkpoint) VALUES ('nobody', "
        "'c', '{}')"
    ),
    False: (
        "INSERT INTO checkpoints (thread_id, checkpoint_id, checkpoint) VALUES ('nobody', "
        "'c', x'00')"
    ),
}
QUEUED = (
    f"UPDATE outbox SET status = 'queued', started_at = '{LONG_AGO}' WHERE id = (SELECT "
    "min(id) FROM outbox)"
)

Said = tuple[int, list[dict[str, Any]]]
FAULTS = {
    "a finished ticket that counts as received": (
        [f"UPDATE tickets SET status = 'received' WHERE id = ({FINISHED})"],
        "tickets",
        "the ticket is received, and its run finished: TKT-",
    ),
    "a question that is gone": (
        ["UPDATE approvals SET status = 'decided'"],
        "tickets",
        "the run is waiting, and its pending approvals are 0: TKT-",
    ),
    "a question that nobody waits for": (
        [
            f"UPDATE runs SET status = 'finished' WHERE status = 'waiting' AND {OWN}",
            "UPDATE tickets SET status = 'assigned' WHERE status = 'waiting'",
        ],
        "tickets",
        "the run is finished, and its pending approvals are 1: TKT-",
    ),
    "two runs that wait": (
        ["UPDATE runs SET forked_from = NULL WHERE status = 'waiting'"],
        "tickets",
        "the ticket has 2 unfinished runs: TKT-",
    ),
    "a run that is gone": (
        [f"DELETE FROM runs WHERE ticket_id = ({FINISHED})"],
        "tickets",
        "and has no run: TKT-",
    ),
    "a status that there is not": (
        ["UPDATE runs SET status = 'asleep' WHERE status = 'failed'"],
        "tickets",
        "the run is asleep, which is no status of a run: TKT-",
    ),
    "another version's run": (
        [f"UPDATE runs SET flow_version = 99 WHERE status = 'waiting' AND {OWN}"],
        "versions",
        "(flow 99: no run of that version can go on here). Start the version that was here before",
    ),
    "a desk that is gone": (
        ["UPDATE tickets SET desk = 'gone' WHERE status = 'waiting'"],
        "versions",
        "(flow 1: its desk gone is not there)",
    ),
    "a ticket that is not remembered": (
        [f"DELETE FROM fingerprints WHERE ticket_id = ({FINISHED})"],
        "vectors",
        "Tickets without a fingerprint: 1.",
    ),
    "effects that nobody sends": (
        [QUEUED],
        "effects",
        "1 on their way. DELIVERY_WEBHOOK_URL is not set here",
    ),
    "a deadline that nobody keeps": (
        [f"UPDATE deadlines SET due_at = '{LONG_AGO}' WHERE kind = 'approval_expiry'"],
        "deadlines",
        "1 overdue, the first for ",
    ),
    "a changed record": (
        ["UPDATE audit SET actor = 'mallory' WHERE sequence = 2"],
        "audit",
        "Record 2: changed",
    ),
    "another version's tables": (
        ["UPDATE alembic_version SET version_num = '0001'"],
        "migrations",
        "Run: ticketgraph migrate. Nothing else was checked.",
    ),
}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
async def filled(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres: PostgresServer,
) -> Place:
    made = fresh(request.param, tmp_path_factory.mktemp("desk"), postgres)
    await fill(made)
    return made


@pytest.fixture
def place(filled: Place, tmp_path: Path) -> Place:
    return filled.copied(tmp_path)


async def doctor(place: Place, *options: str, **environment: str) -> Said:
    """The exit code, and what is said of everything but the model."""
    given = place.environment | environment
    done = await asyncio.to_thread(
        CliRunner().invoke, app, ["doctor", "--json", *options], env=given
    )
    assert done.exit_code == 0 or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code != 2, done.output
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert said.pop()["what"] == "model"
    return done.exit_code, said


def bad(said: Said) -> list[tuple[str, str]]:
    assert said[0] == (1 if any(line["state"] == "BAD" for line in said[1]) else 0)
    return [(line["what"], line["words"]) for line in said[1] if line["state"] == "BAD"]


async def test_all_is_well(place: Place) -> None:
    code, said = await doctor(place)
    assert code == 0
    assert [line["state"] for line in said] == ["ok"] * 10, said
    words = {line["what"]: line["words"] for line in said}
    assert words["tickets"] == EQUATION
    assert words["runs"] == "1 running, none without a job."
    assert words["queue"].startswith("1 waiting, the longest for ")
    assert (
        words["versions"]
        == "2 waiting or running, none that this version cannot resume."
    )
    assert (
        place.do("SELECT hash FROM audit ORDER BY sequence DESC LIMIT 1")[0][0]
        in words["audit"]
    )


@pytest.mark.parametrize("name", FAULTS)
async def test_each_fault_is_found_and_nothing_else(place: Place, name: str) -> None:
    statements, what, words = FAULTS[name]
    place.do(*statements)
    found = bad(await doctor(place))
    if what == "tickets":
        kind, equation = found.pop(0)
        assert (kind, "imported + 1 that cannot be." in equation) == ("tickets", True)
    assert [(kind, words in said) for kind, said in found] == [(what, True)], found


async def test_a_run_that_nobody_goes_on_with_is_put_down_again(place: Place) -> None:
    place.do(UNTASKED[place.url is not None])
    ((what, words),) = bad(await doctor(place))
    assert what == "runs"
    assert words.startswith("Running without a job: ")
    code, said = await doctor(place, "--repair")
    assert code == 0, said
    assert said[0]["counts"] == {"runs": 1, "effects": 0, "fingerprints": 0}
    ((run_id,),) = place.do("SELECT id FROM runs WHERE status = 'running'")
    async with TicketGraph.open(place.folder, database_url=place.url) as app:
        assert (await app.runs.finish(run_id)).status in ("finished", "waiting")
    assert bad(await doctor(place)) == []


async def test_missing_fingerprints_are_made(place: Place) -> None:
    place.do("DELETE FROM fingerprints")
    code, said = await doctor(place, "--repair")
    assert code == 0, said
    assert said[0]["counts"] == {"runs": 0, "effects": 0, "fingerprints": 6}


async def test_effects_that_nobody_sends_are_put_down_again(place: Place) -> None:
    place.do(QUEUED)
    async with Receiver() as receiver:
        ((what, words),) = bad(await doctor(place, DELIVERY_WEBHOOK_URL=receiver.url))
        assert (what, words.startswith("To be sent, without a job: TKT-")) == (
            "effects",
            True,
        )
        code, said = await doctor(place, "--repair", DELIVERY_WEBHOOK_URL=receiver.url)
        assert (code, said[0]["counts"]["effects"]) == (0, 1)
        assert (
            said[-1]["words"]
            == f"127.0.0.1:{receiver.port} answers. With 404, but any answer counts here."
        )
        assert receiver.requests == 0


async def test_nobody_works(place: Place) -> None:
    place.do(OLD_TASK[place.url is not None])
    ((what, words),) = bad(await doctor(place))
    assert (what, "Start ticketgraph serve, or ticketgraph worker." in words) == (
        "queue",
        True,
    )


async def test_what_waits_for_a_person_and_what_is_left_over_is_only_noted(
    place: Place,
) -> None:
    place.do(
        "UPDATE outbox SET status = 'unknown' WHERE id = (SELECT min(id) FROM outbox)"
    )
    place.do(SAVING[place.url is not None])
    code, said = await doctor(place)
    noted = {line["what"]: line["words"] for line in said if line["state"] == "note"}
    assert code == 0
    assert noted["effects"] == "1 waiting for a person. See ticketgraph effects."
    assert noted["leftovers"].startswith(
        "Checkpoints without a run: those of 1 threads."
    )
    assert len(noted) == 2


async def test_only_ten_are_named(place: Place) -> None:
    columns = "desk, subject, body, metadata, source, received_at, updated_at"
    one = f"FROM tickets WHERE id = ({FINISHED})"
    for number in range(13):
        new = f"SELECT 'TKT-X{number:02}', 'failed', {columns} {one}"
        place.do(f"INSERT INTO tickets (id, status, {columns}) {new}")
    words = dict(bad(await doctor(place)))["tickets"]
    assert words.startswith("the ticket is failed, and has no run: TKT-X00, TKT-X01, ")
    assert words.endswith("TKT-X09 and 3 more.")


async def test_nobody_where_effects_are_sent(place: Place) -> None:
    port = free_port()
    found = bad(
        await doctor(
            place, DELIVERY_WEBHOOK_URL=f"http://me:secret@127.0.0.1:{port}/hidden"
        )
    )
    words = (
        f"127.0.0.1:{port} cannot be reached: ConnectError. Effects wait until it can."
    )
    assert found == [("connector", words)]


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "ticketgraph.db").write_text("The invoice lists two licences. " * 100)
    ((what, words),) = bad(await doctor(Place(tmp_path)))
    assert (what, "cannot be read: file is not a database" in words) == (
        "database",
        True,
    )


async def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    url = f"postgresql://me:secret@127.0.0.1:{free_port()}/desk"
    ((what, words),) = bad(await doctor(Place(tmp_path), DATABASE_URL=url))
    assert (what, words) == (
        "database",
        "The database of DATABASE_URL cannot be read: OperationalError.",
    )


async def test_nothing_is_there_yet(tmp_path: Path) -> None:
    code, said = await doctor(Place(tmp_path), "--repair")
    assert (code, [line["state"] for line in said]) == (0, ["note"])
    assert await asyncio.to_thread(os.listdir, tmp_path) == []


async def test_what_is_read_at_one_moment_agrees(place: Place) -> None:
    """Runs begin and end and effects leave between any two statements, and nothing looks lost."""
    looks = 0
    async with Receiver() as receiver:
        sender = WebhookConnector(receiver.url, None, 4, lambda: datetime.now(UTC))
        opening = TicketGraph.open(
            place.folder, database_url=place.url, connector=sender
        )
        async with (
            opening as app,
            open_read_only(database_address_of(place.url, place.folder)) as database,
        ):
            ending = [
                asyncio.create_task(app.process(f"Invoice {n}", ORDINARY[1]))
                for n in range(AT_ONCE)
            ]
            while not all(run.done() for run in ending):
                async with open_snapshot(database) as connection:
                    read = await read_snapshot(
                        connection, datetime.now(UTC), datetime.now(UTC), 10
                    )
                assert read.impossible_tickets == {}
                assert read.unfinished_runs.keys() <= {
                    task.subject for task in read.tasks
                }
                assert {*read.deliverable_keys} <= {task.subject for task in read.tasks}
                looks += 1
            await asyncio.gather(*ending)
        await sender.close()
    assert looks > 1


async def beside(server_url: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do it while a server takes tickets in."""
    enough = threading.Event()

    def keep_sending() -> None:
        with httpx.Client(base_url=server_url, timeout=300) as client:
            for ticket in tickets(2000, seed=11):
                if enough.is_set():
                    return
                assert client.post("/api/v1/tickets", json=ticket).status_code == 201

    sending = asyncio.create_task(asyncio.to_thread(keep_sending))
    try:
        await work()
    finally:
        enough.set()
        await sending


async def test_beside_a_running_server(place: Place) -> None:
    """Whatever the server is in the middle of, nothing looks wrong.

    And one file is not repaired by two.
    """

    async def look() -> None:
        for _ in range(LOOKS):
            assert bad(await doctor(place)) == []
        if place.url:
            assert bad(await doctor(place, "--repair")) == []
            return
        refused = await asyncio.to_thread(
            CliRunner().invoke, app, ["doctor", "--repair"], env=place.environment
        )
        assert (
            refused.exit_code,
            "Another ticketgraph uses the data folder" in refused.output,
        ) == (2, True)

    with serving(place.folder, **place.environment) as server:
        await beside(server.url, look)
