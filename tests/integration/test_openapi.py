"""What /openapi.json promises is what the server does: Schemathesis against a real process.

OPENAPI_EXAMPLES sets how many requests of each kind each operation gets, for a longer look by hand.
"""

import os
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from server.app import create_app
from server.settings import Settings
from tests.conftest import ServerProcess

EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", "5"))
DOCUMENT = create_app(Settings()).openapi()
OPERATIONS = [
    found.ok()
    for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()
]
PROMISES = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def test_the_document_is_the_one_that_is_served(http: httpx.Client) -> None:
    assert http.get("/openapi.json").json() == DOCUMENT


def kinds(operation: Any) -> list[str]:
    """What is worth sending.

    Fitting requests, broken ones, and fitting ones about things that exist.
    """
    if operation.path_parameters:
        return ["fitting", "existing"]
    return ["fitting", "broken"] if operation.body or operation.query else ["fitting"]


@pytest.fixture(scope="module")
def existing(http: httpx.Client) -> dict[str, str]:
    """The ids of a helpdesk ticket that waits for a person, and the key of an effect."""
    sent = {
        "title": "Network",
        "description": "The whole network is down for everybody.",
        "email": "a@example.com",
    }
    record = http.post("/webhook/ticket", json=sent).json()
    names = {name: record[name] for name in ("ticket_id", "run_id", "approval_id")}
    http.post(
        "/api/v1/workflow/process",
        json={"subject": "Invoice", "body": "Please send it again."},
    )
    recorded = http.get(
        "/api/v1/effects", params={"status": "recorded", "limit": 1}
    ).json()["items"]
    return names | {"key": recorded[0]["key"]}


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        pytest.param(one, kind, id=f"{one.label} {kind}")
        for one in OPERATIONS
        for kind in kinds(one)
    ],
)
def test_the_operation_keeps_its_promises(
    server: ServerProcess, existing: dict[str, str], operation: Any, kind: str
) -> None:
    mode = GenerationMode.NEGATIVE if kind == "broken" else GenerationMode.POSITIVE

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def keeps(case: Any) -> None:
        if kind == "existing":
            case.path_parameters = {
                name: existing[name] for name in case.path_parameters
            }
        case.call_and_validate(base_url=server.url, checks=PROMISES)

    keeps()
