"""Runs and approvals over HTTP.

History, forks, events, and every decision that a person can take.
"""

import json
import sqlite3
from contextlib import closing
from itertools import count
from typing import Any

import httpx
import pytest

from tests.conftest import ServerProcess

NUMBERS = count(1)
OUTAGE = (
    "Your production system is down for all of our users since nine and we are losing "
    "data. This is site {n}."
)
BEFORE = [
    "sanitize",
    "dedup",
    "classify",
    "extract",
    "retrieve",
    "gate",
    "draft",
    "route",
]


def started(http: httpx.Client, body: str = OUTAGE) -> dict[str, Any]:
    """The result of a new ticket of a new customer, which waits for a person unless told
    otherwise."""
    number = next(NUMBERS)
    sent = {
        "subject": "Help",
        "body": body.format(n=number),
        "customer_email": f"run{number}@example.com",
    }
    answer = http.post("/api/v1/workflow/process", json=sent)
    assert answer.status_code == 200, answer.text
    return answer.json()


def decided(
    http: httpx.Client, run: dict[str, Any], status: int = 200, **decision: Any
) -> dict[str, Any]:
    """The answer to a decision on what the run waits for."""
    answer = http.post(
        f"/api/v1/approvals/{run['approval']['id']}/decision", json=decision
    )
    assert answer.status_code == status, answer.text
    return answer.json()


def ticket_status(http: httpx.Client, run: dict[str, Any]) -> str:
    """Where the run's ticket stands."""
    return http.get(f"/api/v1/tickets/{run['ticket_id']}").json()["status"]


def events(
    http: httpx.Client, run_id: str, **headers: str
) -> list[tuple[str | None, str, dict[str, Any]]]:
    """A run's events as (id, event, data), until the stream ends."""
    answer = http.get(f"/api/v1/runs/{run_id}/events", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    found: list[tuple[str | None, str, dict[str, Any]]] = []
    for block in answer.text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        found.append((fields.get("id"), fields["event"], json.loads(fields["data"])))
    return found


def test_a_run_is_read_as_it_was_answered(http: httpx.Client) -> None:
    run = started(http)
    assert http.get(f"/api/v1/runs/{run['run_id']}").json() == run
    assert (run["status"], run["disposition"]) == ("waiting", "escalate")
    decided(http, run, type="approve")
    assert http.get(f"/api/v1/runs/{run['run_id']}").json()["status"] == "finished"


def test_the_history_leads_from_the_start_to_the_question(http: httpx.Client) -> None:
    run = started(http)
    history = http.get(f"/api/v1/runs/{run['run_id']}/history").json()
    moments = history["checkpoints"]
    assert history["run_id"] == run["run_id"]
    assert [moment["step"] for moment in moments] == list(range(-1, len(moments) - 1))
    assert [moment["parent_id"] for moment in moments[1:]] == [
        moment["checkpoint_id"] for moment in moments[:-1]
    ]
    assert (moments[-1]["next"], moments[-1]["pending_interrupt"]) == (
        ["escalate"],
        True,
    )
    assert set(moments[3]["next"]) == {"classify", "extract", "retrieve"}


def test_a_fork_has_its_own_result_and_no_effect(http: httpx.Client) -> None:
    run = started(http, "Order ORD-{n} was charged twice, please refund $29.99.")
    answer = http.post(
        f"/api/v1/runs/{run['run_id']}/fork", json={"body": OUTAGE.format(n="forked")}
    )
    assert answer.status_code == 201
    forked = answer.json()
    assert answer.headers["location"] == f"/api/v1/runs/{forked['run_id']}"
    assert forked["forked_from"] == run["run_id"] != forked["run_id"]
    assert (forked["disposition"], forked["status"]) == ("escalate", "waiting")
    assert http.get(f"/api/v1/runs/{run['run_id']}").json() == run
    assert ticket_status(http, run) == "assigned"
    assert decided(http, forked, type="approve")["status"] == "finished"
    assert ticket_status(http, run) == "assigned"


def test_a_fork_goes_on_from_a_moment(http: httpx.Client) -> None:
    run = started(http, "Order ORD-{n} was charged twice, please refund $29.99.")
    moments = http.get(f"/api/v1/runs/{run['run_id']}/history").json()["checkpoints"]
    at = next(moment for moment in moments if moment["next"] == ["draft"])
    sent = {"checkpoint_id": at["checkpoint_id"], "options": {"tone": "technical"}}
    forked = http.post(f"/api/v1/runs/{run['run_id']}/fork", json=sent).json()
    assert forked["status"] == "finished"
    assert forked["response_draft"]["tone"] == "technical"
    assert forked["classification"] == run["classification"]
    unknown = http.post(
        f"/api/v1/runs/{run['run_id']}/fork", json={"checkpoint_id": "0"}
    )
    assert unknown.status_code == 404


def test_events_are_the_steps_and_go_on_after_the_last_one_seen(
    http: httpx.Client,
) -> None:
    run = started(http)
    told = events(http, run["run_id"])
    steps = [
        (number, data["step_name"]) for number, event, data in told if event == "step"
    ]
    assert [number for number, _ in steps] == [str(number) for number in range(1, 9)]
    assert sorted(name for _, name in steps) == sorted(BEFORE)
    assert told[-1] == (None, "rest", {"status": "waiting"})
    assert events(http, run["run_id"], **{"Last-Event-ID": "6"}) == told[6:]
    assert events(http, run["run_id"], **{"Last-Event-ID": "nonsense"}) == told
    decided(http, run, type="approve")
    later = events(http, run["run_id"], **{"Last-Event-ID": "8"})
    assert [data.get("step_name", data.get("status")) for _, _, data in later] == [
        "escalate",
        "deliver",
        "finished",
    ]


def test_approvals_are_listed_and_read(http: httpx.Client) -> None:
    run = started(http)
    asked = http.get(f"/api/v1/approvals/{run['approval']['id']}").json()
    assert (asked["status"], asked["decision"], asked["decided_by"]) == (
        "pending",
        None,
        None,
    )
    assert (asked["run_id"], asked["ticket_id"]) == (run["run_id"], run["ticket_id"])
    assert asked["request"] == run["approval"]["request"]
    assert asked["request"]["draft"] == run["response_draft"]["content"]
    assert asked["request"]["reasons"]
    assert asked in listed(http, "pending")
    decided(http, run, type="reject", decided_by="grace")
    answered = http.get(f"/api/v1/approvals/{run['approval']['id']}").json()
    assert (answered["status"], answered["decided_by"]) == ("decided", "grace")
    assert asked["id"] not in [item["id"] for item in listed(http, "pending")]
    assert answered in listed(http, "decided")
    assert answered in listed(http, "all")


def listed(http: httpx.Client, status: str) -> list[dict[str, Any]]:
    """All approvals with a status: what other tests left is there too."""
    found: list[dict[str, Any]] = []
    while items := http.get(
        "/api/v1/approvals",
        params={"status": status, "limit": 500, "offset": len(found)},
    ).json()["items"]:
        found += items
    return found


@pytest.mark.parametrize(
    ("decision", "status", "actions"),
    [
        ({"type": "approve"}, "resolved", ["assignment", "reply"]),
        (
            {"type": "edit", "text": "We are on it."},
            "resolved",
            ["assignment", "reply"],
        ),
        ({"type": "respond", "text": "Call me."}, "resolved", ["assignment", "reply"]),
        ({"type": "reject"}, "assigned", ["assignment"]),
        ({"type": "reassign", "team": "technical_support"}, "assigned", ["assignment"]),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)
def test_a_decision_settles_the_ticket(
    http: httpx.Client,
    server: ServerProcess,
    decision: dict[str, Any],
    status: str,
    actions: list[str],
) -> None:
    run = started(http)
    settled = decided(
        http,
        run,
        decided_by="ada",
        shown_hash=run["approval"]["request"]["shown_hash"],
        **decision,
    )
    assert (settled["status"], settled["approval"]) == ("finished", None)
    assert [step["step_name"] for step in settled["workflow_steps"]][-2:] == [
        "escalate",
        "deliver",
    ]
    assert ticket_status(http, run) == status
    with closing(sqlite3.connect(server.data_dir / "ticketgraph.db")) as tables:
        rows = tables.execute(
            "SELECT action FROM outbox WHERE ticket_id = ? ORDER BY id",
            (run["ticket_id"],),
        )
        assert [action for (action,) in rows] == actions
    again = decided(http, run, 409, type="approve", decided_by="grace")
    assert "ada already decided this" in again["detail"]


def test_a_reply_that_changed_since_it_was_shown_is_not_approved(
    http: httpx.Client,
) -> None:
    run = started(http)
    refused = decided(http, run, 409, type="approve", shown_hash="0" * 64)
    assert "changed since it was shown" in refused["detail"]
    shown = run["approval"]
    assert (refused["current"]["id"], refused["current"]["request"]) == (
        shown["id"],
        shown["request"],
    )
    assert ticket_status(http, run) == "waiting"
    assert decided(http, run, type="approve")["status"] == "finished"


def test_guidance_makes_another_draft_and_asks_again(http: httpx.Client) -> None:
    run = started(http)
    guided = decided(
        http,
        run,
        type="reject",
        guidance="Say that engineers are on it.",
        decided_by="ada",
    )
    assert guided["status"] == "waiting"
    assert guided["approval"]["id"] != run["approval"]["id"]
    assert guided["approval"]["request"]["round"] == 1
    assert [step["step_name"] for step in guided["workflow_steps"]][-3:] == [
        "escalate",
        "draft",
        "route",
    ]
    assert decided(http, run, 409, type="approve")["detail"].startswith(
        "ada already decided this"
    )
    assert decided(http, guided, type="approve")["status"] == "finished"


def test_an_unknown_team_is_refused_and_the_question_stays(http: httpx.Client) -> None:
    run = started(http)
    decided(http, run, 422, type="reassign", team="no_such_team")
    decided(http, run, 422, type="edit", text="  ")
    assert (
        http.get(f"/api/v1/approvals/{run['approval']['id']}").json()["status"]
        == "pending"
    )
