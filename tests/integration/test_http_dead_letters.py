"""Dead letters of a real server.

Its database refuses what a run wants to record, until somebody helps.
"""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import REPOSITORY, ServerProcess, serving

REFUSAL = """
CREATE TRIGGER refusing BEFORE INSERT ON outbox WHEN NEW.payload LIKE '%poison%'
BEGIN SELECT RAISE(ABORT, 'refused'); END
"""
BODY = "Order ORD-111 was charged twice, please refund $29.99."
LIMITED = 60
NUMBERS = count(1)


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that cannot record the effects of tickets about poison."""
    with serving(tmp_path_factory.mktemp("dead"), LLM_PROVIDER="none") as process:
        with closing(sqlite3.connect(process.data_dir / "ticketgraph.db")) as tables:
            tables.execute(REFUSAL)
        yield process


@pytest.fixture(scope="module")
def client(refusing: ServerProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=refusing.url, timeout=LIMITED) as opened:
        yield opened


def given_up(client: httpx.Client) -> dict[str, Any]:
    """The result of a ticket whose run fails as often as it may."""
    sent = {
        "subject": "A poison invoice",
        "body": BODY,
        "customer_email": f"ada{next(NUMBERS)}@example.com",
    }
    run = client.post("/api/v1/workflow/process", json=sent).json()
    assert run["status"] == "failed", run
    return run


def actions(server: ServerProcess, ticket_id: str) -> list[str]:
    with closing(sqlite3.connect(server.data_dir / "ticketgraph.db")) as tables:
        found = tables.execute(
            "SELECT action FROM outbox WHERE ticket_id = ? ORDER BY id", (ticket_id,)
        )
        return [action for (action,) in found]


def test_it_is_listed_corrected_and_begun_anew(
    client: httpx.Client, refusing: ServerProcess
) -> None:
    run = given_up(client)
    listed = client.get("/api/v1/dead-letters").json()
    assert [(one["run_id"], one["attempts"]) for one in listed["items"]] == [
        (run["run_id"], 3)
    ]
    assert listed["total"] == 1
    address = f"/api/v1/dead-letters/{run['run_id']}"
    detail = client.get(address).json()
    assert (detail["ticket"]["subject"], detail["ticket"]["body"]) == (
        "A poison invoice",
        BODY,
    )
    assert client.post(f"{address}/retry", json={"subject": "  "}).status_code == 422
    answer = client.post(
        f"{address}/retry", json={"subject": "An invoice", "decided_by": "grace"}
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["run_id"]) == (
        "finished",
        run["run_id"],
    )
    assert (
        client.get(f"/api/v1/tickets/{run['ticket_id']}").json()["subject"]
        == "An invoice"
    )
    assert actions(refusing, run["ticket_id"]) == ["assignment"]
    assert client.post(f"{address}/retry").status_code == 409
    assert client.get(address).status_code == 404
    assert client.get("/api/v1/dead-letters").json() == {"items": [], "total": 0}


def test_uncorrected_it_is_given_up_again(client: httpx.Client) -> None:
    run = given_up(client)
    again = client.post(f"/api/v1/dead-letters/{run['run_id']}/retry").json()
    assert (again["status"], again["run_id"]) == ("failed", run["run_id"])
    assert client.get(f"/api/v1/dead-letters/{run['run_id']}").json()["attempts"] == 3


def test_on_the_command_line_it_goes_on_from_where_it_stopped(tmp_path: Path) -> None:
    with serving(tmp_path, LLM_PROVIDER="none") as process:
        with closing(sqlite3.connect(tmp_path / "ticketgraph.db")) as tables:
            tables.execute(REFUSAL)
        with httpx.Client(base_url=process.url, timeout=LIMITED) as client:
            run = given_up(client)
            before = client.get(f"/api/v1/runs/{run['run_id']}/history").json()[
                "checkpoints"
            ]
    with closing(sqlite3.connect(tmp_path / "ticketgraph.db")) as tables:
        tables.execute("DROP TRIGGER refusing")
    (letter,) = command(tmp_path, "dead-letters")
    assert (letter["run_id"], letter["ticket_id"]) == (run["run_id"], run["ticket_id"])
    (done,) = command(tmp_path, "retry", run["run_id"], "--by", "grace")
    assert done["status"] == "finished"
    assert command(tmp_path, "dead-letters") == []
    after = command(tmp_path, "history", run["run_id"])
    assert [point["checkpoint_id"] for point in after[:-1]] == [
        point["checkpoint_id"] for point in before
    ]


def command(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    """What `ticketgraph` prints, read as JSON lines."""
    program = [
        sys.executable,
        "-m",
        "server.cli",
        *arguments,
        "--json",
        "--data-dir",
        str(folder),
    ]
    done = subprocess.run(
        program,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=LIMITED,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
