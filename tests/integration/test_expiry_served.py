"""A question that nobody answers, on a real server whose desks wait for a few seconds."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from tests.conftest import REPOSITORY, ServerProcess, serving

HOURS = 0.001
LIMITED = 60
OUTAGE = (
    "Your production system is down for all of our users since nine and we are losing "
    "data every minute."
)


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Customer support hands on what nobody answered, the helpdesk keeps it."""
    folder = tmp_path_factory.mktemp("impatient")
    shutil.copytree(REPOSITORY / "policies" / "desks", folder / "desks")
    for name, expiry in (
        ("customer_support", "reassign"),
        ("internal_helpdesk", "reject"),
    ):
        file = folder / "desks" / name / "desk.yaml"
        words = file.read_text(encoding="utf-8").replace(
            "approval_hours: 72", f"approval_hours: {HOURS}"
        )
        words = words.replace("approval_reminder_hours: 36\n", "").replace(
            ": reassign", f": {expiry}"
        )
        words = words.replace(
            "# yaml-language-server: $schema=../../schema/desk.schema.json\n", ""
        )
        file.write_text(words, encoding="utf-8")
    with serving(
        folder, LLM_PROVIDER="none", DESKS_DIR=str(folder / "desks")
    ) as process:
        yield process


@pytest.fixture(scope="module")
def client(impatient: ServerProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=impatient.url, timeout=LIMITED) as opened:
        yield opened


def finished(client: httpx.Client, run_id: str) -> None:
    """Follow the run's events until it rests for good."""
    deadline = time.monotonic() + LIMITED
    while (
        '{"status": "finished"}' not in client.get(f"/api/v1/runs/{run_id}/events").text
    ):
        assert time.monotonic() < deadline, "nobody decided"


def effects(server: ServerProcess, ticket_id: str) -> dict[str, str]:
    """Action and target of everything that is to be done outside."""
    with closing(sqlite3.connect(server.data_dir / "ticketgraph.db")) as tables:
        return dict(
            tables.execute(
                "SELECT action, target FROM outbox WHERE ticket_id = ?", (ticket_id,)
            )
        )


def kept_decision(client: httpx.Client, approval_id: str) -> tuple[str, str, str]:
    asked = client.get(f"/api/v1/approvals/{approval_id}").json()
    return asked["decided_by"], asked["decision"]["type"], asked["decision"]["team"]


def test_it_goes_to_the_next_team_and_nothing_to_the_customer(
    client: httpx.Client, impatient: ServerProcess
) -> None:
    sent = {"subject": "Help", "body": OUTAGE, "customer_email": "ada@example.com"}
    run = client.post("/api/v1/workflow/process", json=sent).json()
    assert run["disposition"] == "escalate"
    finished(client, run["run_id"])
    ticket = client.get(f"/api/v1/tickets/{run['ticket_id']}").json()
    assert (ticket["status"], ticket["assigned_team"]) == (
        "assigned",
        "general_support",
    )
    done = effects(impatient, run["ticket_id"])
    assert done["assignment"] == "general_support"
    assert not {"reply", "external_ticket"} & done.keys()
    assert kept_decision(client, run["approval"]["id"]) == (
        "system:expiry",
        "reassign",
        "general_support",
    )
    late = client.post(
        f"/api/v1/approvals/{run['approval']['id']}/decision", json={"type": "approve"}
    )
    assert late.status_code == 409
    assert late.json()["detail"].startswith("system:expiry already decided")


def test_or_stays_where_it_is_as_the_desk_says(
    client: httpx.Client, impatient: ServerProcess
) -> None:
    sent = {
        "title": "Network",
        "description": "The whole network is down for everybody.",
        "email": "a@example.com",
    }
    record = client.post("/webhook/ticket", json=sent).json()
    finished(client, record["run_id"])
    assert kept_decision(client, record["approval_id"]) == (
        "system:expiry",
        "reject",
        None,
    )
    done = effects(impatient, record["ticket_id"])
    assert done["assignment"] == record["assigned_to"]
    assert "reply" not in done
