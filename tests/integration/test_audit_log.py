"""What the audit log keeps of real runs, and `ticketgraph audit` beside whoever uses the folder."""

import asyncio
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.result import Run
from storage.database.address import DATABASE_FILE
from storage.database.sqlite import SqliteDatabase
from storage.migrations.migrate import migrate_sqlite
from tests.conftest import REPOSITORY
from tests.inspected import InspectedTicketGraph

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
ANSWER = "We are restoring your rows from Tuesday's backup."


@pytest.fixture(scope="module")
async def app(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[InspectedTicketGraph]:
    async with InspectedTicketGraph.open(tmp_path_factory.mktemp("log")) as opened:
        yield opened


@pytest.fixture(scope="module")
async def decided(app: InspectedTicketGraph) -> Run:
    asked = await app.process(
        *DISASTER, customer_email="ops@example.com", customer_name="Ada Quillfeather"
    )
    assert asked.approval is not None
    return await app.decide(asked.approval.id, "edit", text=ANSWER, decided_by="grace")


def ticketgraph(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "server.cli", "audit", *arguments]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "DATA_DIR": str(folder)}
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def folder_of(app: InspectedTicketGraph) -> Path:
    assert isinstance(app.parts.database, SqliteDatabase)
    return Path(app.parts.database.name).parent


async def test_a_decision_is_kept_with_everything_that_led_to_it(
    app: InspectedTicketGraph, decided: Run
) -> None:
    kept = [row async for row in app.iterate_audit() if row["run_id"] == decided.run_id]
    assert [(row["kind"], row["actor"]) for row in kept] == [
        ("waiting", "system"),
        ("approval", "grace"),
        ("finished", "system"),
    ]
    waiting, approval, finished = (json.loads(row["detail"]) for row in kept)
    assert waiting["input"] == finished["input"]
    assert (finished["flow"], finished["desk"]) == (1, "customer_support@1")
    assert finished["policy"].partition("@")[2].isdigit()
    assert finished["models"] == ["all-MiniLM-L6-v2-int8"]
    assert decided.routing is not None
    assert finished["scores"]["routing"] == round(decided.routing.confidence, 4)
    assert decided.delivery is not None
    assert finished["effects"] == [effect.key for effect in decided.delivery.effects]
    assert (approval["type"], approval["shown_hash"]) == ("edit", waiting["shown_hash"])
    assert len(approval["text"]) == 64


async def test_no_text_and_no_personal_data_is_kept(
    app: InspectedTicketGraph, decided: Run
) -> None:
    said = json.dumps([row async for row in app.iterate_audit()])
    assert decided.response_draft is not None
    texts = (
        *DISASTER,
        ANSWER,
        decided.response_draft.content,
        "ops@example.com",
        "Ada",
        "Quillfeather",
    )
    assert not [text for text in texts if json.dumps(text)[1:-1] in said]


async def test_many_at_once_make_one_chain(
    app: InspectedTicketGraph, decided: Run
) -> None:
    before = await app.verify_audit()
    bodies = [f"{ORDINARY[1]} It is number {number}." for number in range(30)]
    disasters = await asyncio.gather(*(app.process(*DISASTER) for _ in range(5)))
    decisions = [
        app.decide(run.approval.id, "approve", decided_by="grace")
        for run in disasters
        if run.approval
    ]
    await asyncio.gather(
        *(app.process(ORDINARY[0], body) for body in bodies), *decisions
    )
    found = await app.verify_audit(before.head)
    assert found.fault is None
    assert found.records == before.records + len(bodies) + 3 * len(decisions)


async def test_it_is_checked_beside_a_process_that_holds_the_folder(
    app: InspectedTicketGraph, decided: Run
) -> None:
    found = await app.verify_audit()
    done = await asyncio.to_thread(
        ticketgraph, folder_of(app), "verify", "--head", found.head
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["records", str(found.records), "head", found.head]


async def test_an_export_can_be_checked_by_others(
    app: InspectedTicketGraph, decided: Run
) -> None:
    done = await asyncio.to_thread(
        ticketgraph, folder_of(app), "export", "--format", "jsonl"
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
    previous = rows[0]["previous_hash"]
    assert previous == hashlib.sha256(b"ticketgraph audit log, format 1").hexdigest()
    for row in rows:
        words = {
            name: value
            for name, value in row.items()
            if name not in ("sequence", "hash")
        }
        encoded = json.dumps(words, sort_keys=True, separators=(",", ":")).encode()
        assert row["previous_hash"] == previous
        previous = hashlib.sha256(encoded).hexdigest()
        assert row["hash"] == previous


async def test_an_export_begins_where_it_is_told(
    app: InspectedTicketGraph, decided: Run
) -> None:
    since = datetime.now(UTC) + timedelta(days=1)
    done = await asyncio.to_thread(
        ticketgraph, folder_of(app), "export", "--since", f"{since:%Y-%m-%d}"
    )
    assert (done.returncode, done.stdout) == (0, "")
    newest = [row async for row in app.iterate_audit(since - timedelta(days=2))]
    assert len(newest) == (await app.verify_audit()).records


async def test_a_broken_chain_ends_with_1_and_names_the_record(
    app: InspectedTicketGraph, decided: Run, tmp_path: Path
) -> None:
    head = (await app.verify_audit()).head
    with (
        closing(sqlite3.connect(folder_of(app) / DATABASE_FILE)) as source,
        closing(sqlite3.connect(tmp_path / DATABASE_FILE)) as to,
    ):
        source.backup(to)
        to.execute("DELETE FROM audit WHERE sequence > 2")
        to.commit()
        assert (
            await asyncio.to_thread(ticketgraph, tmp_path, "verify")
        ).returncode == 0
        done = await asyncio.to_thread(ticketgraph, tmp_path, "verify", "--head", head)
        assert done.returncode == 1
        assert "BROKEN   record 3: truncated: " in done.stdout
        to.execute("UPDATE audit SET actor = 'mallory' WHERE sequence = 2")
        to.commit()
    done = await asyncio.to_thread(ticketgraph, tmp_path, "verify")
    assert (done.returncode, done.stderr) == (1, "")
    assert "records  1\n" in done.stdout
    assert (
        "BROKEN   record 2: changed: its hash is not that of its words" in done.stdout
    )


def test_where_there_is_no_chain_a_sentence_says_so(tmp_path: Path) -> None:
    done = ticketgraph(tmp_path, "verify")
    assert done.returncode == 2
    assert "There is no database" in done.stderr
    assert not (tmp_path / DATABASE_FILE).exists()
    migrate_sqlite(tmp_path / DATABASE_FILE, "0002")
    done = ticketgraph(tmp_path, "verify")
    assert done.returncode == 2
    assert done.stderr == (
        "Error: The audit log has no chain: an older version wrote it. Start this version on "
        "the folder once.\n"
    )
    (tmp_path / DATABASE_FILE).write_bytes(b"not a database" * 100)
    done = ticketgraph(tmp_path, "export")
    assert done.returncode == 2
    assert "cannot be read" in done.stderr
    assert "Traceback" not in done.stderr
