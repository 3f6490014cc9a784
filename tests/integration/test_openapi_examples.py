"""Every example in /openapi.json, sent to a real server as it stands, is accepted."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from tests.conftest import ServerProcess, serving
from tests.unit.test_openapi_document import BODIES, resolve_schema

FAILING = """
CREATE TRIGGER failing BEFORE INSERT ON outbox WHEN NEW.payload LIKE '%poison%'
BEGIN SELECT RAISE(ABORT, 'refused'); END
"""
DOWN = "Your production system is down for all of our users and we are losing data."
EXAMPLES = [
    (name, example)
    for name, schema in BODIES.items()
    for example in resolve_schema(schema)["examples"]
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server of its own, because what examples name is put into its database."""
    with serving(tmp_path_factory.mktemp("examples"), LLM_PROVIDER="none") as process:
        yield process


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60) as opened:
        yield opened


@pytest.fixture(scope="module")
def addresses(server: ServerProcess, client: httpx.Client) -> dict[str, str]:
    """The addresses with ids: a waiting run, a dead letter, and a parked effect."""

    def process_ticket(text: str) -> dict[str, Any]:
        sent = {"subject": text, "body": text}
        return client.post("/api/v1/workflow/process", json=sent).json()

    waiting, finished = process_ticket(DOWN), process_ticket("The invoice is missing.")
    with closing(sqlite3.connect(server.data_dir / "ticketgraph.db")) as tables:
        tables.execute(FAILING)
        dead = process_ticket("A poison invoice of $29.99 for order ORD-111.")
        tables.execute("DROP TRIGGER failing")
        tables.execute(
            "UPDATE outbox SET status = 'unknown' WHERE ticket_id = ?",
            (finished["ticket_id"],),
        )
        tables.commit()
    (parked, *_) = client.get("/api/v1/effects").json()["items"]
    return {
        "/api/v1/approvals/{approval_id}/decision": (
            f"/api/v1/approvals/{waiting['approval']['id']}/decision"
        ),
        "/api/v1/runs/{run_id}/fork": f"/api/v1/runs/{finished['run_id']}/fork",
        "/api/v1/dead-letters/{run_id}/retry": (
            f"/api/v1/dead-letters/{dead['run_id']}/retry"
        ),
        "/api/v1/effects/{key}/resolution": (
            f"/api/v1/effects/{parked['key']}/resolution"
        ),
    }


@pytest.mark.parametrize(
    ("name", "example"), EXAMPLES, ids=[name for name, _ in EXAMPLES]
)
def test_the_example_is_accepted(
    client: httpx.Client, addresses: dict[str, str], name: str, example: dict[str, Any]
) -> None:
    method, _, path = name.partition(" ")
    answer = client.request(method, addresses.get(path, path), json=example)
    assert answer.status_code in (200, 201), answer.text
