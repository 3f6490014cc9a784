"""A run that waits for a person outlives every deploy, or the deploy is refused.

It is never lost in silence.
"""

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from langgraph.types import Command

from contracts.errors import UnavailableError
from graph.build import FLOW_VERSION, RESUMABLE_FLOWS, build_graph
from tests.conftest import REPOSITORY, serving
from tests.inspected import InspectedTicketGraph
from tests.integration.test_crash import one_desk
from tests.parked import tomorrow
from ticketgraph.checkpoints.sqlite import open_saver
from ticketgraph.news.watchers import Watchers
from ticketgraph.orphans import find_orphans
from ticketgraph.runs.execute import run_config_of

FIXTURES = {
    int(path.stem.removeprefix("flow-")): path
    for path in Path(__file__).parent.glob("flow-*.db")
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with the run that the version before left waiting."""
    return unpacked(FLOW_VERSION, tmp_path)


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return one_desk(tmp_path_factory.mktemp("one"))


def unpacked(version: int, to: Path) -> Path:
    """A data folder with a fixture in it, as if its run had begun to wait this moment.

    Every stored timestamp is moved by the fixture's age, so the approval expires as far ahead of
    now as it did when the fixture was made, and nothing is old enough to be expired or pruned.
    Checkpoints are left as they are: what they hold of times decides nothing here.
    """
    file = to / "ticketgraph.db"
    shutil.copy(FIXTURES[version], file)
    with closing(sqlite3.connect(file)) as database:
        ((made,),) = database.execute("SELECT created_at FROM approvals").fetchall()
        age = datetime.now(UTC).replace(tzinfo=None) - datetime.fromisoformat(made)
        database.create_function(
            "moved",
            1,
            lambda text: (
                text
                and (datetime.fromisoformat(text) + age).isoformat(" ", "microseconds")
            ),
        )
        columns = database.execute(
            "SELECT m.name, p.name FROM sqlite_master AS m, pragma_table_info(m.name) AS p"
            " WHERE m.type = 'table' AND p.type = 'DATETIME'"
        ).fetchall()
        for table, column in columns:
            database.execute(f'UPDATE "{table}" SET "{column}" = moved("{column}")')  # noqa: S608
        database.commit()
    return to


def asked(folder: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "ticketgraph.db")) as tables:
        rows = tables.execute(query, values).fetchall()
        tables.commit()
    return rows


def replies(folder: Path) -> int:
    return asked(folder, "SELECT count(*) FROM outbox WHERE action = 'reply'")[0][0]


async def approved(folder: Path, desks: Path) -> str:
    """Open the folder as a deploy does, approve what waits, and say how the run ended."""
    async with InspectedTicketGraph.open(folder, desks_dir=desks) as app:
        (waiting,) = await app.approvals.list()
        return (await app.decide(waiting.id, "approve", decided_by="ada")).status


async def refused(folder: Path, desks: Path) -> str:
    """Open the folder and be refused, with nothing changed."""
    before = asked(
        folder,
        "SELECT (SELECT version_num FROM alembic_version), status, updated_at FROM runs",
    )
    with pytest.raises(UnavailableError) as caught:
        async with InspectedTicketGraph.open(folder, desks_dir=desks):
            pass
    assert (
        asked(
            folder,
            "SELECT (SELECT version_num FROM alembic_version), status, updated_at FROM runs",
        )
        == before
    )
    assert replies(folder) == 0
    return caught.value.detail


def test_there_is_a_parked_run_of_every_version_that_is_resumed() -> None:
    assert FIXTURES.keys() == RESUMABLE_FLOWS
    assert max(RESUMABLE_FLOWS) == FLOW_VERSION


@pytest.mark.parametrize("version", sorted(RESUMABLE_FLOWS))
def test_the_server_of_today_goes_on_with_it_and_replies_once(
    version: int, tmp_path: Path
) -> None:
    folder = unpacked(version, tmp_path)
    assert asked(folder, "SELECT flow_version, status FROM runs") == [
        (version, "waiting")
    ]
    for _ in range(2):
        with (
            serving(folder) as server,
            httpx.Client(base_url=server.url, timeout=300) as http,
        ):
            for waiting in http.get("/api/v1/approvals").json()["items"]:
                path = f"/api/v1/approvals/{waiting['id']}/decision"
                assert (
                    http.post(
                        path, json={"type": "approve", "decided_by": "ada"}
                    ).status_code
                    == 200
                )
                assert (
                    http.post(
                        path, json={"type": "approve", "decided_by": "bob"}
                    ).status_code
                    == 409
                )
        assert replies(folder) == 1
    assert asked(folder, "SELECT status FROM runs") == [("finished",)]
    assert asked(folder, "SELECT status FROM tickets") == [("resolved",)]


def test_the_server_says_in_a_sentence_what_it_would_lose(folder: Path) -> None:
    asked(folder, "UPDATE runs SET flow_version = ?", FLOW_VERSION + 1)
    ((run_id,),) = asked(folder, "SELECT id FROM runs")
    command = [
        sys.executable,
        "-m",
        "server.cli",
        "serve",
        "--port",
        "0",
        "--data-dir",
        str(folder),
    ]
    ended = subprocess.run(
        command,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 2
    assert f"{run_id} (flow {FLOW_VERSION + 1}: " in ended.stderr
    assert "Start the version that was here before" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert asked(folder, "SELECT version_num FROM alembic_version") == [("0001",)]


async def test_langgraph_alone_loses_a_run_whose_node_was_renamed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((run_id, question),) = asked(folder, "SELECT run_id, interrupt_id FROM approvals")
    tomorrow.deploy(monkeypatch, tomorrow.node_renamed)
    async with open_saver(
        folder / "ticketgraph.db", asyncio.Lock(), Watchers()
    ) as saver:
        graph = build_graph(saver)
        snapshot = await graph.aget_state(run_config_of(run_id))
        assert (snapshot.next, snapshot.interrupts) == ((), ())
        resumed = await graph.ainvoke(
            Command(resume={question: "yes"}), run_config_of(run_id)
        )
        assert "delivery" not in resumed


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (tomorrow.node_renamed, "it stands in escalate, which the graph does not have"),
        (tomorrow.node_removed, "it stands in escalate, which the graph does not have"),
        (tomorrow.nodes_joined_before, "the graph does not find its question again"),
        (tomorrow.key_renamed, "its state holds doubts, which the graph does not know"),
    ],
)
@pytest.mark.parametrize("status", ["waiting", "running"])
async def test_a_deploy_that_would_lose_a_run_is_refused(
    change: tomorrow.Change,
    why: str,
    status: str,
    folder: Path,
    desks: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked(folder, "UPDATE runs SET status = ?", status)
    ((run_id,),) = asked(folder, "SELECT id FROM runs")
    tomorrow.deploy(monkeypatch, change)
    assert f"{run_id} (flow {FLOW_VERSION}: {why})" in await refused(folder, desks)
    monkeypatch.undo()
    asked(folder, "UPDATE runs SET status = 'waiting'")
    assert await approved(folder, desks) == "finished"
    assert replies(folder) == 1


async def test_a_node_that_asks_nobody_any_more_is_refused(
    folder: Path, desks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketgraph.orphans.INTERRUPT_NODES", ())
    assert "it waits in escalate, which asks nobody" in await refused(folder, desks)


async def test_a_node_inserted_before_it_does_not_matter(
    folder: Path, desks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow.deploy(monkeypatch, tomorrow.node_inserted_before)
    assert await approved(folder, desks) == "finished"
    assert replies(folder) == 1


async def test_a_key_renamed_with_a_new_version_that_says_it_goes_on(
    folder: Path, desks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow.deploy(monkeypatch, tomorrow.key_renamed)
    monkeypatch.setattr("ticketgraph.orphans.FLOW_VERSION", FLOW_VERSION + 1)
    monkeypatch.setattr(
        "ticketgraph.orphans.RESUMABLE_FLOWS", RESUMABLE_FLOWS | {FLOW_VERSION + 1}
    )
    assert await approved(folder, desks) == "finished"
    assert replies(folder) == 1


async def test_a_new_version_that_does_not_say_so_is_refused(
    folder: Path, desks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "ticketgraph.orphans.RESUMABLE_FLOWS", frozenset({FLOW_VERSION + 1})
    )
    assert "no run of that version can go on here" in await refused(folder, desks)


def copies(folder: Path, number: int, **columns: str) -> None:
    """More runs like the one there, with nothing saved of them."""
    values = ["'copy' || n", *(columns.get(name, name) for name in REST)]
    asked(
        folder,
        "WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < "  # noqa: S608
        f"{number}) "
        f"INSERT INTO runs (id, {', '.join(REST)}) SELECT {', '.join(values)} FROM runs, count",
    )


REST = (
    "ticket_id",
    "flow_version",
    "status",
    "options",
    "forked_from",
    "attempts",
    "created_at",
    "updated_at",
)


async def test_ten_are_named_and_the_others_counted(folder: Path, desks: Path) -> None:
    copies(folder, 14)
    said = await refused(folder, desks)
    assert said.count("nothing is saved of it") == 10
    assert "14 of the runs" in said
    assert "and 4 more" in said


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "'running'"},
        {"status": "'finished'", "flow_version": "99"},
        {"forked_from": "id"},
    ],
    ids=["not begun", "finished", "a fork"],
)
async def test_what_cannot_be_lost_stops_no_start(
    columns: dict[str, str], folder: Path, desks: Path
) -> None:
    copies(folder, 1, **columns)
    assert await approved(folder, desks) == "finished"


async def test_a_run_that_others_go_on_with_meanwhile_is_not_lost(
    folder: Path, desks: Path
) -> None:
    async with InspectedTicketGraph.open(folder, desks_dir=desks) as app:
        (waiting,) = await app.approvals.list()
        saver: Any = app.parts.graph.checkpointer

        @asynccontextmanager
        async def opening() -> AsyncIterator[Any]:
            """After the rows were read, somebody decides, and the run is finished."""
            assert (
                await app.decide(waiting.id, "approve", decided_by="ada")
            ).status == "finished"
            yield saver

        assert (
            await find_orphans(app.parts.database, opening, app.parts.services.desks)
            == []
        )


async def test_a_run_that_waits_and_has_no_question_is_lost_however_often_it_is_looked_at(
    folder: Path, desks: Path
) -> None:
    asked(folder, "DELETE FROM writes")
    with pytest.raises(UnavailableError, match="it waits, and no question is saved"):
        async with InspectedTicketGraph.open(folder, desks_dir=desks):
            pass
