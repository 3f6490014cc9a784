"""Effects as people meet them: over HTTP, on the command line, and the settings behind them."""

import base64
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import count
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from server.settings import Settings
from storage.migrations.migrate import migrate_sqlite
from tests.conftest import REPOSITORY, ServerProcess

NUMBERS = count(1)


def parked(data_dir: Path, status: str = "unknown") -> str:
    """The key of an effect that waits for a person."""
    key = f"TKT-9:reply:{next(NUMBERS):024x}"
    row = {
        "key": key,
        "ticket_id": "TKT-9",
        "run_id": "run-9",
        "action": "reply",
        "target": "ada@example.com",
    }
    row |= {
        "payload": '{"text": "Done."}',
        "status": status,
        "attempts": 1,
        "error": "ReadTimeout",
    }
    row |= dict.fromkeys(
        ("created_at", "started_at", "settled_at"), "2026-05-04 12:00:00.000000"
    )
    names, places = ", ".join(row), ", ".join("?" * len(row))
    with (
        closing(sqlite3.connect(data_dir / "ticketgraph.db", timeout=30)) as tables,
        tables,
    ):
        tables.execute(
            f"INSERT INTO outbox ({names}) VALUES ({places})",  # noqa: S608
            tuple(row.values()),
        )
    return key


def test_what_waits_for_a_person_is_listed(
    http: httpx.Client, server: ServerProcess
) -> None:
    unknown, refused = parked(server.data_dir), parked(server.data_dir, "refused")
    listed = {
        entry["key"]: entry for entry in http.get("/api/v1/effects").json()["items"]
    }
    assert {unknown, refused} <= listed.keys()
    assert listed[unknown]["payload"] == {"text": "Done."}
    assert listed[unknown]["error"] == "ReadTimeout"
    only = http.get(
        "/api/v1/effects", params={"status": "refused", "limit": 500}
    ).json()["items"]
    assert {entry["status"] for entry in only} == {"refused"}
    first, second = (
        http.get("/api/v1/effects", params={"limit": 1, "offset": n}).json()["items"]
        for n in (0, 1)
    )
    assert first != second
    assert http.get("/api/v1/effects", params={"status": "lost"}).status_code == 422


def test_the_first_decision_counts(http: httpx.Client, server: ServerProcess) -> None:
    path = f"/api/v1/effects/{parked(server.data_dir)}/resolution"
    answer = http.post(
        path, json={"outcome": "sent", "decided_by": "ada", "remote_id": "4711"}
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["remote_id"]) == ("sent", "4711")
    again = http.post(path, json={"outcome": "drop"})
    assert (again.status_code, "it is sent" in again.json()["detail"]) == (409, True)
    with closing(sqlite3.connect(server.data_dir / "ticketgraph.db")) as tables:
        records = tables.execute(
            "SELECT actor, detail FROM audit WHERE kind = 'effect'"
        ).fetchall()
    assert ("ada", "4711") in [
        (actor, json.loads(detail)["remote_id"]) for actor, detail in records
    ]


def test_what_cannot_be_done_is_refused(
    http: httpx.Client, server: ServerProcess
) -> None:
    path = f"/api/v1/effects/{parked(server.data_dir)}/resolution"
    again = http.post(path, json={"outcome": "send_again"})
    assert (again.status_code, "DELIVERY_WEBHOOK_URL" in again.json()["detail"]) == (
        422,
        True,
    )
    assert http.post(path, json={"outcome": "forget"}).status_code == 422
    assert (
        http.post(
            "/api/v1/effects/TKT-0:reply:0/resolution", json={"outcome": "drop"}
        ).status_code
        == 404
    )
    assert (
        http.post(
            "/api/v1/effects/a b/resolution", json={"outcome": "drop"}
        ).status_code
        == 422
    )


def cli(data_dir: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [
        sys.executable,
        "-m",
        "server.cli",
        "effects",
        *arguments,
        "--data-dir",
        str(data_dir),
    ]
    return subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_command_line_lists_and_resolves(tmp_path: Path) -> None:
    migrate_sqlite(tmp_path / "ticketgraph.db")
    key = parked(tmp_path)
    listed = cli(tmp_path)
    assert key in listed.stdout, listed.stderr
    done = cli(tmp_path, "resolve", key, "drop", "--by", "ada", "--json")
    assert (json.loads(done.stdout)["status"], done.returncode) == ("dropped", 0)
    again = cli(tmp_path, "resolve", key, "sent")
    assert (again.returncode, again.stderr.strip()) == (
        2,
        "Error: This effect does not wait for a person (any more): it is dropped.",
    )
    assert "No effect waits for a person." in cli(tmp_path).stderr
    assert key in cli(tmp_path, "--status", "dropped", "--json").stdout


def test_an_empty_setting_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DELIVERY_WEBHOOK_URL", "")
    monkeypatch.setenv("DELIVERY_WEBHOOK_SECRET", " ")
    assert (Settings().delivery_webhook_url, Settings().delivery_webhook_secret) == (
        None,
        None,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DELIVERY_WEBHOOK_URL", "ftp://receiver.example"),
        ("DELIVERY_WEBHOOK_URL", "http://"),
        ("DELIVERY_WEBHOOK_SECRET", "whsec_too-short"),
        ("DELIVERY_TIMEOUT_SECONDS", "6"),
        ("DELIVERY_TIMEOUT_SECONDS", "0"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as raised:
        Settings()
    assert value not in str(raised.value) or len(value) < 2


def test_a_secret_is_taken_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "whsec_" + base64.b64encode(b"x" * 32).decode()
    monkeypatch.setenv("DELIVERY_WEBHOOK_SECRET", secret)
    assert secret not in repr(Settings())
