"""Work commands while a server has the data folder: they go through the server by themselves."""

import fcntl
import json
import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from server.cli import app
from server.process.server_address import local_url
from tests.conftest import REPOSITORY, START_SECONDS, ServerProcess, process, serving

TICKETS = """\
Subject,Body,Customer Email,Plan
Cannot log in,I forgot my password. How do I reset it?,ada@example.com,
one,cell,too,many,here
,Where is my order ORD-12345?,,
Everything is down,"Your production system is down for all of our users since 9:00, and we are \
losing data every minute.",ops@example.com,gold
"""


def run_process(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "server.cli", *arguments],
        cwd=REPOSITORY,
        env=os.environ | {"DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def invoke(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--data-dir", str(folder)])


def address_file(folder: Path) -> Path:
    return folder / "ticketgraph.address"


@pytest.fixture(scope="module")
def server_process(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Path, str]]:
    """A server on every interface and a port of the system's choice: folder and URL."""
    folder = tmp_path_factory.mktemp("beside")
    log = folder / "server.log"
    arguments = ("serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104
    with process(*arguments, log=log, DATA_DIR=str(folder)) as running:
        deadline = time.monotonic() + START_SECONDS
        while not (
            ready := re.search(r"ready on http://0\.0\.0\.0(:\d+)", log.read_text())
        ):
            if running.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the server did not start: {log.read_text()}")
            time.sleep(0.05)  # between two looks at another process
        yield folder, f"http://127.0.0.1{ready[1]}"
    assert not address_file(folder).exists(), "the server stopped and left its address"


@pytest.fixture(scope="module")
def runs(
    server_process: tuple[Path, str],
) -> Sequence[dict[str, Any]]:
    """What `process` printed beside the server."""
    folder, _ = server_process
    file = folder / "tickets.csv"
    file.write_text(TICKETS)
    done = run_process(folder, "process", str(file), "--json")
    assert done.returncode == 1, done.stderr
    assert "tickets.csv:3: 5 cells under 4 columns" in done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_address_is_this_machines_and_only_for_this_user(
    server_process: tuple[Path, str],
) -> None:
    folder, url = server_process
    written = json.loads(address_file(folder).read_text())
    assert written["url"] == url
    assert stat.S_IMODE(address_file(folder).stat().st_mode) == 0o600


def test_nobody_without_the_token_is_answered(
    server_process: tuple[Path, str],
) -> None:
    _, url = server_process
    for token in ("", "Bearer wrong", "Bearer"):
        refused = httpx.get(f"{url}/commands/desks", headers={"Authorization": token})
        assert refused.status_code == 404


def test_a_ticket_is_processed_decided_and_shown_through_the_server(
    server_process: tuple[Path, str],
    runs: Sequence[dict[str, Any]],
) -> None:
    folder, url = server_process
    login, order, outage = runs
    assert login["classification"]["category"] == "account"
    assert "ORD-12345" in json.dumps(order["extracted_fields"])
    assert outage["status"] == "waiting"
    for run in runs:
        assert run == httpx.get(f"{url}/api/v1/runs/{run['run_id']}").json()
    listed = run_process(folder, "approvals", "--json")
    (approval,) = map(json.loads, listed.stdout.splitlines())
    assert approval == httpx.get(f"{url}/api/v1/approvals").json()["items"][0]
    decided = run_process(
        folder, "decide", approval["id"], "approve", "--decided-by", "grace", "--json"
    )
    assert json.loads(decided.stdout)["status"] == "finished"
    shown = run_process(folder, "show", outage["ticket_id"])
    assert "reply to ops@example.com" in shown.stdout
    second = run_process(folder, "decide", approval["id"], "reject", "--by", "ada")
    assert (second.returncode, second.stderr.count("\n")) == (2, 1)
    assert "grace already decided this" in second.stderr
    stored = httpx.get(f"{url}/api/v1/tickets/{outage['ticket_id']}").json()
    assert stored["metadata"] == {"plan": "gold"}
    assert stored["source"] == "cli"


def test_a_fork_runs_in_the_server(
    server_process: tuple[Path, str],
    runs: Sequence[dict[str, Any]],
) -> None:
    folder, _ = server_process
    done = invoke(folder, "fork", runs[0]["run_id"], "--tone", "friendly", "--json")
    forked = json.loads(done.stdout)
    assert forked["forked_from"] == runs[0]["run_id"]
    assert forked["response_draft"]["tone"] == "friendly"


def test_after_a_kill_every_command_prints_the_same_without_the_server(
    tmp_path: Path,
) -> None:
    file = tmp_path / "tickets.csv"
    file.write_text(TICKETS)
    with serving(tmp_path) as server:
        done = invoke(tmp_path, "process", str(file), "--json")
        run = json.loads(done.stdout.splitlines()[0])
        commands = read_commands(run["ticket_id"], run["run_id"], file)
        beside = [invoke(tmp_path, *command) for command in commands]
        server.kill()
    assert address_file(tmp_path).exists()
    for command, seen in zip(commands, beside, strict=True):
        alone = invoke(tmp_path, *command)
        assert (seen.exit_code, seen.stdout, seen.stderr) == (
            alone.exit_code,
            alone.stdout,
            alone.stderr,
        ), command
    with (tmp_path / "ticketgraph.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = invoke(tmp_path, "approvals")
    assert refused.exit_code == 2
    assert "Another ticketgraph uses the data folder" in refused.stderr


def read_commands(ticket_id: str, run_id: str, file: Path) -> list[list[str]]:
    """Every work command with what it prints and what it refuses, changing nothing."""
    return [
        ["show", ticket_id],
        ["show", run_id, "--json"],
        ["history", run_id],
        ["history", run_id, "--json"],
        ["approvals", "--status", "all"],
        ["approvals", "--status", "all", "--json", "--limit", "501"],
        ["effects", "--status", "all"],
        ["effects", "--status", "all", "--json", "--limit", "2"],
        ["dead-letters"],
        ["show", "TKT-00000000"],
        ["show", "absent"],
        ["history", "absent"],
        ["fork", run_id, "--checkpoint", "absent"],
        ["decide", "absent", "approve"],
        ["retry", "absent"],
        ["effects", "resolve", "absent", "drop"],
        ["process", str(file), "--desk", "absent"],
    ]


def test_a_port_that_another_server_has_now_is_not_asked(
    server: ServerProcess, tmp_path: Path
) -> None:
    old = {
        "url": server.url,
        "token": "of a server that was killed",
        "database": str(tmp_path / "ticketgraph.db"),
    }
    address_file(tmp_path).write_text(json.dumps(old))
    assert invoke(tmp_path, "approvals", "--status", "all").exit_code == 0
    assert (tmp_path / "ticketgraph.db").exists(), "the other server was asked"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),  # noqa: S104
        ("10.1.2.3", "http://10.1.2.3:80"),
        ("::", "http://[::1]:80"),
        ("::1", "http://[::1]:80"),
    ],
)
def test_what_a_client_on_this_machine_connects_to(host: str, url: str) -> None:
    assert local_url(host, 80) == url
