"""Every error as problem details (RFC 9457): what went wrong, and what the caller can do.

Never what was sent.
"""

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from contracts.errors import TicketGraphError, UnavailableError
from storage.database.unavailable import AWAY

log = logging.getLogger("ticketgraph")

DATABASE_AWAY = (
    "The database cannot be reached, does not answer or has no space. What was not answered "
    "before may or may not "
    "be kept: send it again later, best with the same Idempotency-Key."
)

RETRY_AFTER = "5"
"""Seconds, for answers that are worth another try."""


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str
    problem: str


class ProblemDetails(BaseModel):
    """The body of every error (application/problem+json)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = Field(default_factory=list)
    current: dict[str, Any] | None = Field(
        default=None,
        description="How a thing is now, where the request was about how it was before",
    )


PROBLEM_SCHEMA = f"#/components/schemas/{ProblemDetails.__name__}"


def problem(
    status: int,
    title: str,
    detail: str,
    errors: Sequence[FieldProblem] = (),
    current: dict[str, Any] | None = None,
) -> Response:
    """The response for one problem."""
    body = ProblemDetails(
        title=title, status=status, detail=detail, errors=list(errors), current=current
    )
    headers = {"retry-after": RETRY_AFTER} if status == 503 else None
    return Response(
        body.model_dump_json(exclude_none=True),
        status,
        headers,
        media_type="application/problem+json",
    )


def handle_problems(app: FastAPI) -> None:
    """Let every error of the app end as problem details."""
    app.exception_handler(TicketGraphError)(on_ours)
    app.exception_handler(RequestValidationError)(on_invalid)
    app.exception_handler(HTTPException)(on_http)
    for away in AWAY:
        app.exception_handler(away)(on_away)
    app.exception_handler(Exception)(on_unexpected)


def document_problems(app: FastAPI) -> None:
    """Let the app's document name errors by their media type.

    FastAPI takes every model for application/json.
    """
    document = app.openapi()
    operations = [
        operation for path in document["paths"].values() for operation in path.values()
    ]
    for response in (
        response
        for operation in operations
        for response in operation["responses"].values()
    ):
        content = response.get("content", {})
        if (
            content.get("application/json", {}).get("schema", {}).get("$ref")
            == PROBLEM_SCHEMA
        ):
            content["application/problem+json"] = content.pop("application/json")


async def on_ours(_request: Request, error: TicketGraphError) -> Response:
    """An error of our tree: its class is the title, its message says what to do."""
    shown = (
        error.detail
        if error.status < 500 or isinstance(error, UnavailableError)
        else "The server's log says more."
    )
    return problem(error.status, error.title, shown)


async def on_invalid(_request: Request, error: RequestValidationError) -> Response:
    """A request that does not fit the schema: which fields, and why."""
    wrong = [
        FieldProblem(field=field_of(entry), problem=entry["msg"])
        for entry in error.errors()
    ]
    what = (
        ", ".join(dict.fromkeys(entry.field for entry in wrong if entry.field))
        or "the request"
    )
    return problem(
        422,
        "The request does not fit the schema.",
        f"Correct {what} and send it again.",
        wrong,
    )


async def on_http(_request: Request, error: HTTPException) -> Response:
    """What the framework refuses: unknown paths, methods, broken JSON."""
    return problem(
        error.status_code, "The request cannot be answered.", str(error.detail)
    )


async def on_away(_request: Request, error: Exception) -> Response:
    """The database cannot be reached, or is full."""
    log.warning("the database is away: %s", type(error).__name__)
    return problem(503, UnavailableError().title, DATABASE_AWAY)


async def on_unexpected(_request: Request, error: Exception) -> Response:
    """A defect of ours. The log has it; the caller gets no trace."""
    log.error("unexpected error", exc_info=error)
    return problem(
        500,
        "Something went wrong on our side.",
        "Nothing that was acknowledged is lost. Try again later.",
    )


def field_of(entry: dict[str, Any]) -> str:
    """Where the problem is, without `body` or `query` in front.

    Names of our schema, never keys of the caller's.
    """
    return ".".join(str(part) for part in entry["loc"][1:])[:100]
