"""Ticket in, disposition out.

Every case of `cases/*.yaml` through the HTTP API of a real server, with no model.
"""

from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.spec.expectations import PATHS, differences, request_of

CASES = [
    pytest.param(group, case, id=f"{group}/{case['id']}")
    for group in PATHS
    for case in yaml.safe_load(
        (Path(__file__).parent / "cases" / f"{group}.yaml").read_text(encoding="utf-8")
    )
]


@pytest.mark.parametrize(("group", "case"), CASES)
def test_the_case_holds(http: httpx.Client, group: str, case: dict[str, Any]) -> None:
    answer = http.post(PATHS[group], json=request_of(group, case))
    assert answer.status_code == 200, answer.text
    assert differences(group, case, answer.json()) == []


def test_the_same_ticket_twice_is_linked(http: httpx.Client) -> None:
    ticket = {
        "subject": "Two parcels, one empty",
        "body": "Both parcels of order ORD-88213 came today. One of them was empty.",
        "customer_email": "twice@example.com",
    }
    first = http.post("/api/v1/workflow/process", json={"ticket": ticket}).json()
    second = http.post("/api/v1/workflow/process", json={"ticket": ticket}).json()
    assert first["duplicate_of"] is None
    assert second["duplicate_of"] == first["ticket_id"]
    assert second["similarity_score"] == 1.0
    assert second["disposition"] == "duplicate"
    assert second["classification"] == first["classification"]
    assert "classify" not in [step["step_name"] for step in second["workflow_steps"]]


def test_another_order_is_another_ticket(http: httpx.Client) -> None:
    def report(order: str) -> dict[str, Any]:
        body = (
            f"Order {order} has not arrived, although it was promised for Monday. Please "
            "look into it."
        )
        ticket = {
            "subject": "Missing order",
            "body": body,
            "customer_email": "orders@example.com",
        }
        return http.post("/api/v1/workflow/process", json={"ticket": ticket}).json()

    report("ORD-111")
    assert report("ORD-112")["duplicate_of"] is None
