"""Every error as problem details (RFC 9457): what went wrong, and what the caller can do.

Nothing of the request is repeated.
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
"""Seconds after which a request that got 503 may be sent again."""


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="The field's path, its parts joined by dots")
    problem: str = Field(description="What is wrong with it")


class ProblemDetails(BaseModel):
    """The body of every error (application/problem+json)."""

    type: str = Field(
        default="about:blank",
        description="A URI of the kind of problem; about:blank: the status says it",
    )
    title: str = Field(description="The kind of problem, in words")
    status: int = Field(description="The HTTP status")
    detail: str = Field(description="What went wrong, and what to do")
    errors: list[FieldProblem] = Field(
        default_factory=list,
        description="The fields that do not fit, when that is the problem",
    )
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
    """Register the handlers that turn every error into problem details."""
    app.exception_handler(TicketGraphError)(handle_own_error)
    app.exception_handler(RequestValidationError)(handle_validation_error)
    app.exception_handler(HTTPException)(handle_http_error)
    for error in UNAVAILABLE_ERRORS:
        app.exception_handler(error)(handle_database_unavailable)
    app.exception_handler(Exception)(handle_unexpected_error)


def document_problems(app: FastAPI) -> None:
    """Declare errors as application/problem+json in the app's OpenAPI document.

    FastAPI declares every model as application/json.
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
    """A TicketGraphError: its title and its message; of a 5xx only what is safe to show."""
    shown = (
        error.detail
        if error.status < 500 or isinstance(error, UnavailableError)
        else "The server's log says more."
    )
    return problem_response(error.status, error.title, shown)


async def handle_validation_error(
    _request: Request, error: RequestValidationError
) -> Response:
    """A request that does not fit its schema: which fields, and why."""
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
    """An HTTPException: unknown path or method, broken JSON, oversized body."""
    return problem_response(
        error.status_code, "The request cannot be answered.", str(error.detail)
    )


async def handle_database_unavailable(_request: Request, error: Exception) -> Response:
    """503 for a database that cannot be reached or has no space."""
    log.warning("database unavailable", error=type(error).__name__)
    return problem_response(503, UnavailableError().title, DATABASE_UNAVAILABLE)


async def handle_unexpected_error(_request: Request, error: Exception) -> Response:
    """500 for a defect: the log gets the frames of the traceback, the caller does not."""
    log.error("unexpected error", **describe_error(error))
    return problem_response(
        500,
        "Something went wrong on our side.",
        "Nothing that was acknowledged is lost. Try again later.",
    )


def field_path_of(entry: dict[str, Any]) -> str:
    """The field's path without the leading `body` or `query`.

    It consists of our schema's names, never of keys that the caller chose.
    """
    return ".".join(str(part) for part in entry["loc"][1:])[:100]
