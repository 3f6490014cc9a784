"""The shapes that clients rely on: every way in, flat and nested, and what comes back."""

from typing import Any

import httpx
import pytest

BODY = (
    "My order ORD-48213 was charged twice, $59.98 instead of $29.99. Please refund the "
    "second payment."
)
STEP_FIELDS = {
    "step_name",
    "status",
    "started_at",
    "completed_at",
    "duration_ms",
    "error",
    "fallback_used",
    "tokens_used",
}
PROCESS_FIELDS = {
    "ticket_id",
    "classification",
    "extracted_fields",
    "response_draft",
    "routing",
    "duplicate_of",
    "similarity_score",
    "workflow_steps",
    "total_duration_ms",
    "created_at",
    "run_id",
    "disposition",
    "approval",
    "engine",
    "degraded",
    "injection_flag",
    "cost",
}
CLASSIFICATION_FIELDS = {
    "category",
    "category_confidence",
    "severity",
    "severity_confidence",
    "secondary_categories",
    "reasoning",
    "keywords_matched",
    "urgency_indicators",
}
EXTRACTION_FIELDS = {"fields", "missing_required", "validation_errors"}
DRAFT_FIELDS = {
    "content",
    "tone",
    "template_used",
    "suggested_actions",
    "requires_escalation",
    "greeting",
    "acknowledgment",
    "explanation",
    "action_items",
    "timeline",
    "closing",
}
ROUTING_FIELDS = {
    "team",
    "priority",
    "reasoning",
    "alternative_teams",
    "escalation_path",
    "confidence",
}
CLASSIFIED = {"category": "billing", "severity": "high"}
MADE = {
    "category": "billing",
    "category_confidence": 0.9,
    "severity": "high",
    "severity_confidence": 0.8,
}
FOUND = [
    {
        "name": "order_id",
        "value": "ORD-48213",
        "confidence": 0.95,
        "source_span": "ORD-48213",
    }
]


def ticket(customer: str, **more: Any) -> dict[str, Any]:
    """A ticket of one customer: what others wrote does not make it a duplicate."""
    return {
        "subject": "Charged twice",
        "body": BODY,
        "customer_email": f"{customer}@example.com",
        **more,
    }


def posted(
    http: httpx.Client, path: str, body: Any, status: int = 200
) -> dict[str, Any]:
    """The answer to a request that has to succeed."""
    answer = http.post(path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["x-request-id"]
    return answer.json()


def test_process_answers_flat_and_nested_alike(http: httpx.Client) -> None:
    options = {"options": {"response_tone": "formal"}}
    nested = posted(
        http, "/api/v1/workflow/process", {"ticket": ticket("nested"), **options}
    )
    flat = posted(http, "/api/v1/workflow/process", {**ticket("flat"), **options})
    for run in (nested, flat):
        assert run.keys() >= PROCESS_FIELDS
        assert run["classification"].keys() >= CLASSIFICATION_FIELDS
        assert run["extracted_fields"].keys() >= EXTRACTION_FIELDS
        assert run["response_draft"].keys() >= DRAFT_FIELDS
        assert run["routing"].keys() >= ROUTING_FIELDS
        assert all(step.keys() >= STEP_FIELDS for step in run["workflow_steps"])
        assert run["response_draft"]["tone"] == "formal"
    assert nested["classification"] == flat["classification"]
    assert nested["extracted_fields"] == flat["extracted_fields"]
    assert nested["status"] == "finished"


@pytest.mark.parametrize("name", ["skip_response", "skip_response_generation"])
def test_options_skip_steps(http: httpx.Client, name: str) -> None:
    sent = {
        "ticket": ticket(name),
        "options": {name: True, "skip_extraction": True, "enable_parallel": False},
    }
    run = posted(http, "/api/v1/workflow/process", sent)
    assert run["response_draft"] is None
    assert run["extracted_fields"] is None
    steps = {step["step_name"]: step["status"] for step in run["workflow_steps"]}
    assert (steps["draft"], steps["extract"], steps["classify"]) == (
        "skipped",
        "skipped",
        "completed",
    )


def test_classify_answers_flat_and_nested(http: httpx.Client) -> None:
    flat = posted(http, "/api/v1/workflow/classify", ticket("c"))
    assert flat.keys() >= CLASSIFICATION_FIELDS
    assert flat["classification"] == {
        name: flat[name] for name in flat["classification"]
    }
    assert posted(http, "/api/v1/workflow/classify", {"ticket": ticket("c")}) == flat


def test_extract_answers_flat_and_nested_and_asks_for_what_the_category_needs(
    http: httpx.Client,
) -> None:
    flat = posted(
        http, "/api/v1/workflow/extract", {**ticket("e"), "category": "billing"}
    )
    assert flat.keys() >= EXTRACTION_FIELDS
    assert flat["extraction"] == {name: flat[name] for name in flat["extraction"]}
    values = {field["name"]: field["value"] for field in flat["fields"]}
    assert values["order_id"] == "ORD-48213"
    assert flat["missing_required"] == []
    assert (
        posted(
            http,
            "/api/v1/workflow/extract",
            {"ticket": ticket("e"), "category": "billing"},
        )
        == flat
    )
    technical = posted(
        http,
        "/api/v1/workflow/extract",
        {"ticket": ticket("e"), "category": "technical"},
    )
    assert technical["missing_required"] == ["error_code"]
    assert (
        posted(http, "/api/v1/workflow/extract", ticket("e"))["missing_required"] == []
    )


def test_respond_answers_flat_and_nested(http: httpx.Client) -> None:
    sent = {
        "ticket": ticket("r"),
        "classification": MADE,
        "extraction": {"fields": FOUND},
        "options": {"tone": "formal"},
    }
    nested = posted(http, "/api/v1/workflow/respond", sent)
    assert nested.keys() >= DRAFT_FIELDS
    assert nested["response_draft"] == {
        name: nested[name] for name in nested["response_draft"]
    }
    assert nested["tone"] == "formal"
    flat = {
        **ticket("r"),
        **MADE,
        "extracted_fields": {"fields": FOUND},
        "tone": "formal",
    }
    assert posted(http, "/api/v1/workflow/respond", flat) == nested


def test_route_answers_flat_and_nested(http: httpx.Client) -> None:
    nested = posted(
        http,
        "/api/v1/workflow/route",
        {"ticket": ticket("t"), "classification": CLASSIFIED},
    )
    assert nested.keys() >= ROUTING_FIELDS
    assert nested["routing"] == {name: nested[name] for name in nested["routing"]}
    assert (nested["team"], nested["priority"]) == ("billing_team", "high")
    flat = posted(http, "/api/v1/workflow/route", {**ticket("t"), **CLASSIFIED})
    assert {**flat, "due_at": 0, "routing": 0} == {**nested, "due_at": 0, "routing": 0}


def test_single_steps_store_nothing(http: httpx.Client) -> None:
    for path in ("classify", "extract"):
        posted(
            http,
            f"/api/v1/workflow/{path}",
            ticket("stores-nothing", customer_id="stores-nothing"),
        )
    assert (
        http.get("/api/v1/tickets", params={"customer_id": "stores-nothing"}).json()[
            "total"
        ]
        == 0
    )


def test_short_tickets_are_stored_then_evaluated_once(http: httpx.Client) -> None:
    answer = http.post("/tickets/", json=ticket("short"))
    assert answer.status_code == 201
    stored = answer.json()
    assert stored.keys() == {
        "id",
        "subject",
        "body",
        "customer_email",
        "status",
        "priority",
        "intent",
        "suggestion",
        "created_at",
    }
    assert (stored["status"], stored["intent"], stored["suggestion"]) == (
        "received",
        None,
        None,
    )
    first = posted(http, f"/tickets/{stored['id']}/ai-evaluate", None)
    assert (first["intent"], first["status"]) == ("billing", "awaiting_review")
    assert first["priority"] in ("low", "medium", "high")
    assert 0 < first["confidence"] <= 1
    assert first["suggestion"]
    assert posted(http, f"/tickets/{stored['id']}/ai-evaluate", None) == first
    read = http.get(f"/tickets/{stored['id']}").json()
    assert (read["intent"], read["suggestion"]) == ("billing", first["suggestion"])
    assert read in http.get("/tickets/", params={"limit": 5}).json()


def test_the_webhook_answers_with_the_record(http: httpx.Client) -> None:
    sent = {
        "title": "VPN",
        "description": "The VPN client says error 789 and does not connect.",
        "email": "staff@example.com",
        "priority": "low",
        "metadata": {"floor": 3},
    }
    record = posted(http, "/webhook/ticket", sent)
    assert record["ticket_id"].startswith("TKT-")
    assert (record["title"], record["description"], record["email"]) == (
        sent["title"],
        sent["description"],
        sent["email"],
    )
    assert record["status"] in ("classified", "routed")
    assert record["department"] == record["classification"]["department"] == "IT"
    assert record["routed_to_system"] in ("jira", "freshservice", "slack", "outbox")
    assert record["assigned_to"]
    assert record["error_message"] is None
    assert http.get(f"/webhook/ticket/{record['ticket_id']}").json() == record
    other_desk = posted(http, "/tickets/", ticket("not-a-webhook"), 201)
    assert http.get(f"/webhook/ticket/{other_desk['id']}").status_code == 404


def test_a_problem_names_itself(http: httpx.Client) -> None:
    answer = http.get(
        "/api/v1/tickets/TKT-00000000", headers={"x-request-id": "seen-by-client.1"}
    )
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "seen-by-client.1"
    assert answer.json().keys() == {"type", "title", "status", "detail", "errors"}
    unusable = http.get(
        "/api/v1/tickets/TKT-00000000", headers={"x-request-id": "not a harmless id"}
    )
    assert unusable.headers["x-request-id"] != "not a harmless id"
    invalid = http.post("/api/v1/workflow/process", json={"subject": "x"}).json()
    assert [error["field"] for error in invalid["errors"]] == ["ticket.body"]
    assert http.delete("/api/v1/tickets").status_code == 405
