"""Stored tickets over HTTP: created, read, and listed in pages with filters."""

from typing import Any

import httpx
import pytest

TEXT = (
    "My order {order} was charged twice, $59.98 instead of $29.99. Please refund the second "
    "payment."
)


def ticket(customer: str, **more: Any) -> dict[str, Any]:
    """A ticket of one customer: what others wrote does not make it a duplicate."""
    body = TEXT.format(order="ORD-48213")
    return {
        "subject": "Charged twice",
        "body": body,
        "customer_email": f"{customer}@example.com",
        **more,
    }


@pytest.fixture(scope="module")
def seven(http: httpx.Client) -> list[str]:
    """Ids of seven tickets of one customer, the newest first."""
    made: list[str] = []
    for number in range(7):
        sent = ticket(
            "seven", customer_id="seven", body=TEXT.format(order=f"ORD-{7000 + number}")
        )
        made.append(
            http.post("/api/v1/workflow/process", json=sent).json()["ticket_id"]
        )
    return made[::-1]


def page(http: httpx.Client, **query: Any) -> dict[str, Any]:
    """A page of the seven tickets."""
    answer = http.get("/api/v1/tickets", params={"customer_id": "seven", **query})
    assert answer.status_code == 200
    return answer.json()


def test_tickets_come_in_pages(http: httpx.Client, seven: list[str]) -> None:
    second = page(http, page=2, page_size=3)
    assert [item["id"] for item in second["items"]] == seven[3:6]
    assert second["tickets"] == second["items"]
    assert {name: second[name] for name in ("total", "page", "page_size", "pages")} == {
        "total": 7,
        "page": 2,
        "page_size": 3,
        "pages": 3,
    }
    assert page(http, limit=3, offset=3) == second
    beyond = page(http, page=9, page_size=3)
    assert (beyond["items"], beyond["total"]) == ([], 7)


def test_tickets_are_filtered(http: httpx.Client, seven: list[str]) -> None:
    known = page(http)["items"][0]
    for name in ("category", "severity", "priority", "status", "assigned_team"):
        assert all(
            item[name] == known[name]
            for item in page(http, **{name: known[name]})["items"]
        )
    for name in ("category", "assigned_team"):
        assert page(http, **{name: "no-such-thing"})["total"] == 0
    assert page(http, assigned_team="billing_team")["total"] == 7


def test_an_unknown_parameter_is_refused_with_the_ones_that_there_are(
    http: httpx.Client,
) -> None:
    answer = http.get("/api/v1/effects", params={"state": "sent"})
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith("It takes limit, offset, status.")


def test_a_parameter_that_is_given_twice_is_refused(http: httpx.Client) -> None:
    answer = http.get("/api/v1/tickets?status=open&status=closed")
    assert answer.status_code == 422
    assert "twice" in answer.json()["detail"]


def test_listed_tickets_have_their_runs(http: httpx.Client, seven: list[str]) -> None:
    stored = http.post("/tickets/", json=ticket("stored")).json()["id"]
    alone = {
        address: http.get(f"{address}/{number}").json()
        for address in ("/api/v1/tickets", "/tickets")
        for number in [seven[0]]
    }
    for address, one in alone.items():
        found = http.get(f"{address}/", params={"limit": 200}, follow_redirects=True)
        rows = found.json()
        items = {
            row["id"]: row for row in (rows if address == "/tickets" else rows["items"])
        }
        assert items[one["id"]] == one
        assert items[stored]["status"] == "received"
    assert alone["/api/v1/tickets"]["run_url"].startswith("/api/v1/runs/")
    assert alone["/tickets"]["suggestion"]


def test_a_ticket_is_created_and_read(http: httpx.Client) -> None:
    sent = ticket(
        "created", customer_name="Ada", metadata={"plan": "gold", "seats": [1, 2]}
    )
    answer = http.post("/api/v1/tickets", json={"ticket": sent})
    assert answer.status_code == 201
    created = answer.json()
    assert answer.headers["location"] == f"/api/v1/tickets/{created['id']}"
    assert created["id"] == created["ticket_id"]
    http.get(f"{created['run_url']}/events")
    read = http.get(answer.headers["location"]).json()
    assert {name: read[name] for name in sent} == sent
    assert (read["status"], read["run_id"]) == ("assigned", created["run_id"])
