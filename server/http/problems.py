"""Every error as problem details (RFC 9457): what went wrong, and what the caller can do.

Never what was sent.
"""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from contracts.errors import TicketGraphError, UnavailableError
from contracts.log import describe_error, log
from storage.database.unavailable import UNAVAILABLE_ERRORS

DATABASE_UNAVAILABLE = (
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


def problem_response(
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
    app.exception_handler(TicketGraphError)(handle_own_error)
    app.exception_handler(RequestValidationError)(handle_validation_error)
    app.exception_handler(HTTPException)(handle_http_error)
    for away in UNAVAILABLE_ERRORS:
        app.exception_handler(away)(handle_database_unavailable)
    app.exception_handler(Exception)(handle_unexpected_error)


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


async def handle_own_error(_request: Request, error: TicketGraphError) -> Response:
    """An error of our tree: its class is the title, its message says what to do."""
    shown = (
        error.detail
        if error.status < 500 or isinstance(error, UnavailableError)
        else "The server's log says more."
    )
    return problem_response(error.status, error.title, shown)


async def handle_validation_error(
    _request: Request, error: RequestValidationError
) -> Response:
    """A request that does not fit the schema: which fields, and why."""
    wrong = [
        FieldProblem(field=field_path_of(entry), problem=entry["msg"])
        for entry in error.errors()
    ]
    what = (
        ", ".join(dict.fromkeys(entry.field for entry in wrong if entry.field))
        or "the request"
    )
    return problem_response(
        422,
        "The request does not fit the schema.",
        f"Correct {what} and send it again.",
        wrong,
    )


async def handle_http_error(_request: Request, error: HTTPException) -> Response:
    """What the framework refuses: unknown paths, methods, broken JSON."""
    return problem_response(
        error.status_code, "The request cannot be answered.", str(error.detail)
    )


async def handle_database_unavailable(_request: Request, error: Exception) -> Response:
    """The database cannot be reached, or is full."""
    log.warning("database unavailable", error=type(error).__name__)
    return problem_response(503, UnavailableError().title, DATABASE_UNAVAILABLE)


async def handle_unexpected_error(_request: Request, error: Exception) -> Response:
    """A defect of ours. The log has it; the caller gets no trace."""
    log.error("unexpected error", **describe_error(error))
    return problem_response(
        500,
        "Something went wrong on our side.",
        "Nothing that was acknowledged is lost. Try again later.",
    )


def field_path_of(entry: dict[str, Any]) -> str:
    """Where the problem is, without `body` or `query` in front.

    Names of our schema, never keys of the caller's.
    """
    return ".".join(str(part) for part in entry["loc"][1:])[:100]
