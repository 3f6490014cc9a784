"""Whatever is sent.

A 4xx as problem details, without an echo, and nobody else waits for its end.
"""

import asyncio
import json

import httpx
import pytest

from tests.conftest import ServerProcess
from tests.integration.bad_requests import (
    BAD,
    BY_ID,
    ENDPOINTS,
    HOSTILE,
    IDS,
    MARKER,
    QUERIES,
    WRONG,
    Body,
    flat,
)

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def ids(http: httpx.Client) -> dict[str, str]:
    """A run that waits, and its approval: the bodies, not the ids, are what is wrong."""
    sent = flat(
        "Your production system is down for all of our users and we are losing data."
    )
    run = http.post("/api/v1/workflow/process", json=sent).json()
    return {"run": run["run_id"], "approval": run["approval"]["id"]}


def assert_refused(
    answer: httpx.Response, statuses: range | tuple[int, ...] = range(400, 500)
) -> None:
    """A problem that says what to do and not what was sent."""
    assert answer.status_code in statuses, answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["title"]
    assert problem["detail"]
    assert MARKER not in answer.text
    assert answer.headers["x-request-id"]
    assert len(answer.content) < 5_000


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("bad", BAD)
def test_a_bad_body_is_refused(
    http: httpx.Client, ids: dict[str, str], path: str, bad: str
) -> None:
    assert_refused(
        http.post(path.format(**ids), content=BAD[bad](ENDPOINTS[path]), headers=JSON)
    )


@pytest.mark.parametrize(("path", "body"), WRONG)
def test_a_body_that_does_not_fit_is_refused(
    http: httpx.Client, ids: dict[str, str], path: str, body: Body
) -> None:
    assert_refused(http.post(path.format(**ids), json=body), (404, 422))


@pytest.mark.parametrize("path", QUERIES)
def test_a_query_out_of_range_is_refused(http: httpx.Client, path: str) -> None:
    assert_refused(http.get(path), (422,))


@pytest.mark.parametrize("wrong", IDS, ids=lambda text: text[:20])
@pytest.mark.parametrize(("method", "path"), BY_ID)
def test_an_unknown_id_is_not_found(
    http: httpx.Client, method: str, path: str, wrong: str
) -> None:
    body = {"json": {"type": "approve"}} if method == "POST" else {}
    assert_refused(http.request(method, path.format(wrong), **body), (404, 405))


@pytest.mark.parametrize("path", ENDPOINTS)
def test_another_content_type_is_refused(
    http: httpx.Client, ids: dict[str, str], path: str
) -> None:
    body = json.dumps(ENDPOINTS[path](MARKER)).encode()
    assert_refused(
        http.post(
            path.format(**ids), content=body, headers={"content-type": "text/plain"}
        )
    )


@pytest.mark.parametrize("path", ENDPOINTS)
def test_headers_without_end_are_refused(
    http: httpx.Client, ids: dict[str, str], path: str
) -> None:
    headers = JSON | {"x-big": MARKER + "y" * 65_536}
    assert_refused(
        http.post(path.format(**ids), json=ENDPOINTS[path]("x"), headers=headers),
        (431,),
    )


def test_of_a_key_sent_twice_the_last_counts(http: httpx.Client) -> None:
    body = (
        b'{"subject": "first", "subject": "second", "body": "x", "is_admin": true, '
        b'"status": "closed", "id": "mine"}'
    )
    stored = http.post("/tickets/", content=body, headers=JSON)
    assert stored.status_code == 201
    assert (stored.json()["subject"], stored.json()["status"]) == ("second", "received")
    assert stored.json()["id"] != "mine"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_a_ticket_like_any_other(http: httpx.Client, text: str) -> None:
    sent = {
        "subject": f"s {text}"[:500],
        "body": f"b {text}"[:50_000],
        "metadata": {"note": text[:1000]},
    }
    answer = http.post("/api/v1/workflow/process", json=sent)
    assert answer.status_code == 200, answer.text[:500]
    stored = http.get(f"/api/v1/tickets/{answer.json()['ticket_id']}").json()
    assert {name: stored[name] for name in sent} == sent
    assert stored["status"] in ("assigned", "waiting", "awaiting_customer", "resolved")


async def test_others_are_answered_meanwhile(
    server: ServerProcess, ids: dict[str, str]
) -> None:
    bodies = [
        (path.format(**ids), BAD[bad](make))
        for path, make in ENDPOINTS.items()
        for bad in BAD
    ]
    bodies += [
        ("/api/v1/workflow/classify", json.dumps(flat(text)).encode())
        for text in HOSTILE.values()
    ]
    async with (
        httpx.AsyncClient(base_url=server.url, timeout=300) as attacker,
        httpx.AsyncClient(timeout=60) as other,
    ):
        attack = asyncio.gather(
            *(attacker.post(path, content=body, headers=JSON) for path, body in bodies)
        )
        meanwhile = 0
        while not attack.done():
            answer = await other.post(
                f"{server.url}/api/v1/workflow/classify",
                json=flat("It does not print."),
            )
            assert answer.status_code == 200
            meanwhile += not attack.done()
        assert {answer.status_code // 100 for answer in await attack} <= {2, 4}
    assert meanwhile > 1
