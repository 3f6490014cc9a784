"""The log of a real server: one line a request, a run, an escalation, a failing model."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import serving
from tests.modelstub import ModelStub

WORDS = "Marmaduke"
EMAIL = "zebedee.quux@example.com"
DOWN = {
    "subject": f"Everything is down, says {WORDS}",
    "body": f"{WORDS}: your production system is down for all users and we lose data.",
    "customer_email": EMAIL,
    "customer_name": WORDS,
}


def records_of(log: Path) -> list[dict[str, Any]]:
    """The JSON lines of a server's log."""
    lines = log.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def of_event(records: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    return [record for record in records if record["event"] == event]


@pytest.mark.parametrize("level", ["DEBUG", "Info"])
def test_a_request_and_its_run_can_be_followed(level: str, tmp_path: Path) -> None:
    with (
        serving(tmp_path, LOG_LEVEL=level) as server,
        httpx.Client(base_url=server.url, timeout=60) as http,
    ):
        asked = http.post(
            "/api/v1/workflow/process", json=DOWN, headers={"X-Request-ID": "req-1"}
        ).json()
        decision = {"type": "approve", "decided_by": "ada"}
        decided = http.post(
            f"/api/v1/approvals/{asked['approval']['id']}/decision", json=decision
        )
        assert decided.status_code == 200
        assert http.get("/no/such/Marmaduke\u202e").status_code == 404
        assert http.get(f"/api/v1/runs/{WORDS}%0Aforged").status_code in (404, 422)
        assert http.get(f"/api/v1/tickets/{WORDS}.Quux-4111").status_code == 404
    records = records_of(tmp_path / "server.log")
    ids = {"ticket_id": asked["ticket_id"], "run_id": asked["run_id"]}
    (stored,) = of_event(records, "ticket stored")
    assert stored["request_id"] == "req-1"
    for event in (
        "ticket stored",
        "run started",
        "run escalated",
        "run resumed",
        "run finished",
    ):
        (record,) = of_event(records, event)
        assert {name: record[name] for name in ids} == ids, event
    (escalated,) = of_event(records, "run escalated")
    assert escalated["approval_id"] == asked["approval"]["id"]
    answered = of_event(records, "request answered")
    (processed,) = [record for record in answered if record["request_id"] == "req-1"]
    assert {name: processed[name] for name in ids} == ids
    routes = [
        (record["method"], record["route"], record["status"]) for record in answered
    ]
    assert ("POST", "/api/v1/workflow/process", 200) in routes
    assert ("GET", "-", 404) in routes
    assert all(record["request_id"] for record in answered)
    log = (tmp_path / "server.log").read_text(encoding="utf-8")
    assert WORDS not in log
    assert "zebedee" not in log
    assert "forged" not in log


async def test_a_model_that_fails_is_named_at_every_call(
    stub: ModelStub, tmp_path: Path
) -> None:
    stub.reset()
    stub.mode = "500"
    environment = {"LLM_BASE_URL": stub.url, "DEFAULT_MODEL": "m", "LLM_API_KEY": "k"}
    with serving(tmp_path, **environment) as server:
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
            run = (await http.post("/api/v1/workflow/process", json=DOWN)).json()
    assert run["degraded"]
    failed = of_event(records_of(tmp_path / "server.log"), "model call failed")
    assert failed
    for record in failed:
        assert record["level"] == "warning"
        assert record["failure"]
        assert record["step"] in ("classify", "extract", "draft")
        assert record["ticket_id"] == run["ticket_id"]
        assert record["run_id"] == run["run_id"]
