"""From a row to a ticket: columns that are no field of a ticket go into its metadata."""

from typing import Any

from pydantic import ValidationError

from contracts.ticket import NewTicket
from server.cli.terminal.read_rows import Fault, Row
from server.cli.terminal.usage_errors import describe_fault

EMPTY_TICKET = "it has neither a subject nor a body"


def make_ticket(row: Row, desk: str) -> NewTicket | Fault:
    """The ticket that a row describes, for `desk` unless the row names another."""
    own = {
        name: value
        for name, value in row.values.items()
        if name in NewTicket.model_fields
    }
    if not ("subject" in own or "body" in own):
        return Fault(row.line, EMPTY_TICKET)
    rest: dict[str, Any] = {
        name: value for name, value in row.values.items() if name not in own
    }
    given = own.get("metadata", {})
    own["metadata"] = {**rest, **given} if isinstance(given, dict) else given
    try:
        return NewTicket.model_validate({"desk": desk, "source": "cli"} | own)
    except ValidationError as error:
        return Fault(row.line, describe_fault(error))
