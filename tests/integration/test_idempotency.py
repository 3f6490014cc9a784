"""The same request twice is one ticket.

By its key for a day, by its source's id for ever, whoever races or dies.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from contracts.errors import ReusedError
from contracts.ticket import NewTicket
from storage.queries.idempotency import PRUNE_LIMIT
from tests.conftest import ServerProcess, serving
from tests.inspected import InspectedTicketGraph
from ticketgraph.tickets.intake import KEY_LIFETIME, RequestKey

DYING = str(Path(__file__).parent / "dying_at_intake.py")
WAYS_IN = {
    "/api/v1/workflow/process": 200,
    "/api/v1/tickets": 201,
    "/tickets/": 201,
    "/webhook/ticket": 200,
}
IDS = [path.strip("/").replace("/", "-") for path in WAYS_IN]


def body_for(path: str, name: str, **more: Any) -> dict[str, Any]:
    """What to send there: a ticket of a customer of that name."""
    text, email = (
        f"Order ORD-48213 was charged twice, says {name}.",
        f"{name}@example.com",
    )
    if path == "/webhook/ticket":
        return {"title": "Charged twice", "description": text, "email": email, **more}
    return {"subject": "Charged twice", "body": text, "customer_email": email, **more}


def id_of(answer: httpx.Response) -> str:
    """The ticket that an answer is about."""
    assert answer.is_success, answer.text
    return answer.json().get("ticket_id") or answer.json()["id"]


def replayed(answer: httpx.Response) -> bool:
    """Whether an answer says that it is one of before."""
    return answer.headers.get("idempotency-replayed") == "true"


def of_customer(data_dir: Path, name: str) -> dict[str, list[str]]:
    """The tickets of a customer, their runs and their effects."""
    queries = {
        "tickets": "SELECT id FROM tickets t WHERE customer_email = ?",
        "runs": (
            "SELECT r.status FROM runs r JOIN tickets t ON t.id = r.ticket_id WHERE "
            "customer_email = ?"
        ),
        "effects": (
            "SELECT action FROM outbox o JOIN tickets t ON t.id = o.ticket_id WHERE "
            "customer_email = ?"
        ),
    }
    with closing(sqlite3.connect(data_dir / "ticketgraph.db")) as tables:
        found = {
            kind: tables.execute(query, (f"{name}@example.com",))
            for kind, query in queries.items()
        }
        return {kind: [row[0] for row in rows] for kind, rows in found.items()}


@pytest_asyncio.fixture
async def client(server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    """An asynchronous client of the shared server."""
    async with httpx.AsyncClient(base_url=server.url, timeout=300) as opened:
        yield opened


@pytest.mark.parametrize(("path", "status"), WAYS_IN.items(), ids=IDS)
def test_a_key_twice_is_one_ticket(
    http: httpx.Client, server: ServerProcess, path: str, status: int
) -> None:
    name = f"twice-{status}{path.count('/')}"
    body, headers = body_for(path, name), {"Idempotency-Key": f"{name}:1"}
    first = http.post(path, json=body, headers=headers)
    again = http.post(path, json=dict(reversed(body.items())), headers=headers)
    assert (first.status_code, again.status_code) == (status, status)
    assert (replayed(first), replayed(again)) == (False, True)
    assert id_of(first) == id_of(again)
    assert first.headers.get("location") == again.headers.get("location")
    assert of_customer(server.data_dir, name)["tickets"] == [id_of(first)]
    other = http.post(path, json=body, headers={"Idempotency-Key": f"{name}:2"})
    assert not replayed(other)
    assert id_of(other) != id_of(first)


def test_a_repeated_process_answers_with_the_same_result(
    http: httpx.Client, server: ServerProcess
) -> None:
    path, headers = "/api/v1/workflow/process", {"Idempotency-Key": "result"}
    body = body_for(path, "result", metadata={"b": 1, "a": [1.5, None]})
    first = http.post(path, json=body, headers=headers)
    nested = {
        "options": {},
        "ticket": {**body, "metadata": {"a": [1.5, None], "b": 1}, "source_id": None},
    }
    again = http.post(path, json=nested, headers=headers)
    assert replayed(again)
    assert first.json() == again.json()
    assert of_customer(server.data_dir, "result")["runs"] == ["finished"]
    assert of_customer(server.data_dir, "result")["effects"] == ["assignment"]


@pytest.mark.parametrize("path", WAYS_IN, ids=IDS)
def test_a_key_with_another_body_is_refused(
    http: httpx.Client, server: ServerProcess, path: str
) -> None:
    name = f"other-body-{IDS[list(WAYS_IN).index(path)]}"
    headers = {"Idempotency-Key": name}
    id_of(http.post(path, json=body_for(path, name), headers=headers))
    refused = http.post(
        path, json=body_for(path, name, metadata={"changed": True}), headers=headers
    )
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["title"] == "This key stands for another request."
    assert "this one with a new key" in refused.json()["detail"]
    assert len(of_customer(server.data_dir, name)["tickets"]) == 1


def test_other_options_are_another_body(http: httpx.Client) -> None:
    path, headers = "/api/v1/workflow/process", {"Idempotency-Key": "options"}
    body = body_for(path, "options")
    id_of(http.post(path, json=body, headers=headers))
    assert (
        http.post(
            path, json={**body, "options": {"tone": "formal"}}, headers=headers
        ).status_code
        == 409
    )


def test_a_key_is_one_of_its_address(http: httpx.Client) -> None:
    headers = {"Idempotency-Key": "address"}
    answers = [
        http.post(path, json=body_for(path, "address"), headers=headers)
        for path in WAYS_IN
    ]
    assert len({id_of(answer) for answer in answers}) == len(WAYS_IN)


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "caf\u00e9", "tab\there"])
def test_a_key_that_is_none_is_refused(http: httpx.Client, key: str) -> None:
    body = body_for("/api/v1/tickets", "no-key")
    answer = http.post(
        "/api/v1/tickets", json=body, headers={"Idempotency-Key": key.encode("latin-1")}
    )
    assert answer.status_code == 422
    assert [error["field"].lower() for error in answer.json()["errors"]] == [
        "idempotency-key"
    ]


@pytest.mark.parametrize("path", WAYS_IN, ids=IDS)
async def test_racing_first_requests_are_one_ticket(
    client: httpx.AsyncClient, server: ServerProcess, path: str
) -> None:
    for trial in range(5):
        name = f"race-{IDS[list(WAYS_IN).index(path)]}-{trial}"
        headers, body = {"Idempotency-Key": name}, body_for(path, name)
        answers = await asyncio.gather(
            *(client.post(path, json=body, headers=headers) for _ in range(8))
        )
        assert len({id_of(answer) for answer in answers}) == 1
        assert {answer.status_code for answer in answers} == {WAYS_IN[path]}
        assert sorted(map(replayed, answers)) == [False] + [True] * 7
        assert len(of_customer(server.data_dir, name)["tickets"]) == 1


async def test_of_racing_bodies_under_one_key_one_wins(
    client: httpx.AsyncClient, server: ServerProcess
) -> None:
    path = "/api/v1/tickets"
    for trial in range(10):
        name = f"bodies-{trial}"
        bodies = [
            body_for(path, name, metadata={"number": number}) for number in range(4)
        ]
        headers = {"Idempotency-Key": name}
        answers = await asyncio.gather(
            *(client.post(path, json=body, headers=headers) for body in bodies)
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
        assert len(of_customer(server.data_dir, name)["tickets"]) == 1


async def test_racing_source_ids_are_one_ticket(
    client: httpx.AsyncClient, server: ServerProcess
) -> None:
    path = "/webhook/ticket"
    for trial in range(5):
        name = f"source-race-{trial}"
        bodies = [
            body_for(path, name, source_id=name, metadata={"delivery": number})
            for number in range(8)
        ]
        answers = await asyncio.gather(
            *(client.post(path, json=body) for body in bodies)
        )
        assert len({id_of(answer) for answer in answers}) == 1
        found = of_customer(server.data_dir, name)
        assert (len(found["tickets"]), len(found["runs"])) == (1, 1)


def test_a_source_id_is_one_per_desk_and_source(http: httpx.Client) -> None:
    webhook = "/webhook/ticket"
    first = http.post(webhook, json=body_for(webhook, "sources", source_id="42"))
    again = http.post(
        webhook, json=body_for(webhook, "sources", source_id="42", priority="high")
    )
    assert replayed(again)
    assert id_of(again) == id_of(first)
    elsewhere = http.post(
        webhook, json=body_for(webhook, "sources", source_id="42", source="jira")
    )
    desk = http.post(
        "/api/v1/tickets", json=body_for("/api/v1/tickets", "sources", source_id="42")
    )
    assert len({id_of(first), id_of(elsewhere), id_of(desk)}) == 3
    assert http.get(f"/api/v1/tickets/{id_of(first)}").json()["source_id"] == "42"


@pytest.mark.parametrize(
    "change",
    [
        {"description": "Something else."},
        {"title": "Other"},
        {"email": "m@example.com"},
    ],
)
def test_a_source_id_with_another_text_or_customer_is_refused(
    http: httpx.Client, change: dict[str, str]
) -> None:
    body = body_for("/webhook/ticket", "source-body", source_id="source-body")
    id_of(http.post("/webhook/ticket", json=body))
    refused = http.post("/webhook/ticket", json=body | change)
    assert refused.status_code == 409
    assert "a source_id of its own" in refused.json()["detail"]


def test_a_stored_ticket_of_the_same_source_id_gets_its_one_run(
    http: httpx.Client, server: ServerProcess
) -> None:
    body = body_for("/tickets/", "stored", source_id="stored")
    stored = http.post("/tickets/", json=body)
    keys = [{"Idempotency-Key": key} for key in ("a", "a", "b")]
    answers = [
        http.post("/api/v1/workflow/process", json=body, headers=headers)
        for headers in keys
    ]
    assert {id_of(answer) for answer in (stored, *answers)} == {id_of(stored)}
    assert all(replayed(answer) for answer in answers)
    assert len({answer.json()["run_id"] for answer in answers}) == 1
    assert of_customer(server.data_dir, "stored")["runs"] == ["finished"]


def test_a_caller_says_how_long_it_waits(http: httpx.Client) -> None:
    path = "/api/v1/workflow/process"
    for prefer in ("respond-async", "wait=0"):
        sent, key = (
            body_for(path, "prefers", metadata={"prefer": prefer}),
            {"Idempotency-Key": prefer},
        )
        answer = http.post(path, json=sent, headers={"Prefer": prefer} | key)
        assert (answer.status_code, answer.json()["status"]) == (202, "running")
        assert answer.headers["preference-applied"] == prefer
        again = http.post(path, json=sent, headers={"Prefer": "wait=30"} | key)
        assert (again.status_code, again.headers["preference-applied"]) == (
            200,
            "wait=30",
        )
        assert again.json() == http.get(answer.headers["location"]).json()
    assert (
        "preference-applied"
        not in http.post(path, json=body_for(path, "prefers-nothing")).headers
    )


async def test_a_day_later_a_key_is_new_and_a_source_id_is_not(tmp_path: Path) -> None:
    new = NewTicket(subject="Charged twice", body="Order ORD-1 was charged twice.")
    known = new.model_copy(update={"source_id": "7"})
    async with InspectedTicketGraph.open(tmp_path) as app:
        intake, now = app.parts.intake, app.parts.services.now()

        async def stored(ticket: NewTicket, at: timedelta, key: str | None) -> str:
            intake.now = lambda: now + at
            claim = await app.tickets.submit(
                ticket, start=False, key=RequestKey("here", key) if key else None
            )
            return claim.ticket.id

        first, source = (
            await stored(new, timedelta(0), "k"),
            await stored(known, timedelta(0), None),
        )
        for number in range(PRUNE_LIMIT + 5):
            await stored(new, timedelta(seconds=1), f"k{number}")
        assert await stored(new, KEY_LIFETIME, "k") == first
        later = await stored(new, KEY_LIFETIME + timedelta(hours=1), "k")
        assert later != first
        assert await stored(known, 400 * KEY_LIFETIME, None) == source
        with pytest.raises(ReusedError):
            await stored(
                known.model_copy(update={"body": "Another text."}),
                400 * KEY_LIFETIME,
                None,
            )
        assert (
            keys_in(tmp_path) == 6
        )  # of 105 the 100 oldest are gone, and the first one came again
        await stored(new, 2 * KEY_LIFETIME, "last")
        assert keys_in(tmp_path) == 2


def keys_in(data_dir: Path) -> int:
    """How many keys are kept."""
    with closing(sqlite3.connect(data_dir / "ticketgraph.db")) as tables:
        return tables.execute("SELECT count(*) FROM idempotency").fetchone()[0]


@pytest.fixture(scope="module")
def retried(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, tuple[httpx.Response, Path]]:
    """What each retry was answered, after a server had died with the first request's answer
    on its lips."""
    folder = tmp_path_factory.mktemp("dying")
    bodies = {
        path: body_for(path, f"dies-{number}") for number, path in enumerate(WAYS_IN)
    }
    headers = {"Idempotency-Key": "only-once"}
    for path, body in bodies.items():
        with serving(folder, program=[DYING]) as server:
            with pytest.raises(httpx.TransportError):
                httpx.post(
                    f"{server.url}{path}", json=body, headers=headers, timeout=300
                )
            assert server.process.wait(10) == -9
    with serving(folder) as server:
        answers = {
            path: httpx.post(
                server.url + path, json=bodies[path], headers=headers, timeout=300
            )
            for path in bodies
        }
        for answer in answers.values():
            run_id = answer.json().get("run_id")
            if run_id:
                httpx.get(f"{server.url}/api/v1/runs/{run_id}/events", timeout=300)
    return {path: (answer, folder) for path, answer in answers.items()}


@pytest.mark.parametrize("path", WAYS_IN, ids=IDS)
def test_a_kill_before_the_answer_leaves_one_ticket_for_the_retry(
    retried: dict[str, tuple[httpx.Response, Path]], path: str
) -> None:
    answer, folder = retried[path]
    assert answer.status_code == WAYS_IN[path]
    assert replayed(answer)
    found = of_customer(folder, f"dies-{list(WAYS_IN).index(path)}")
    assert found["tickets"] == [id_of(answer)]
    assert len(found["runs"]) == (path != "/tickets/")
    assert set(found["runs"]) <= {"finished", "waiting"}
    assert len(found["effects"]) == len(set(found["effects"]))
