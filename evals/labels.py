"""Labelled tickets, as JSON Lines, that quality is measured on."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ConfigDict, Field, ValidationError

from contracts.errors import InputError
from contracts.ticket import Text
from contracts.values import Severity, Value

_HELPDESK: Final = "internal_helpdesk"
_FIELDS_OF_COLUMNS: Final = {
    "email": "account_email",
    "phone": "phone_number",
    "order_id": "order_id",
    "error_code": "error_code",
}


class LabelledTicket(Value):
    """One ticket with its labels. A label of None was not given, and is not measured.

    `duplicate_of` is the exception: None in a row that has the key means that the ticket
    repeats no other.
    """

    model_config = ConfigDict(extra="ignore")

    id: str
    desk: str = "customer_support"
    subject: Text = ""
    body: Text = ""
    customer_email: str | None = None
    customer_name: str | None = None
    category: str | None = None
    severity: Severity | None = None
    fields: dict[str, tuple[float | str, ...]] | None = Field(
        default=None, description="All that the text holds"
    )
    safe: bool | None = Field(
        default=None, description="True when the desk may answer without a person"
    )
    injection: bool | None = None
    duplicate_of: str | None = Field(
        default=None, description="Id of the earlier ticket that this one repeats"
    )
    duplicates: tuple[str, ...] | None = Field(
        default=None, description="Ids of the tickets that are about the same thing"
    )
    language: str | None = None

    @property
    def has_duplicate_label(self) -> bool:
        """Whether the row says if this ticket repeats an earlier one."""
        return "duplicate_of" in self.model_fields_set


def read_labelled(path: Path) -> list[LabelledTicket]:
    """Every ticket of a file, one JSON object a line; blank lines are skipped.

    Takes golden rows (all labels), and rows of public collections: `category`,
    `department`, `duplicates`, or the columns `email`, `phone`, `order_id` and
    `error_code`. Other keys are ignored, subject and body may be missing. Raises InputError
    with file and line for a file that cannot be read, a line that is no such object, an id
    that comes twice, and a `duplicate_of` that names no earlier line's ticket.
    """
    rows: dict[str, LabelledTicket] = {}
    for number, line in _read_lines(path):
        place = f"{path.name}:{number}"
        row = _parse_labelled(line, place)
        if row.id in rows:
            raise InputError(
                f"{place}: the id {row.id} was used before; give every ticket its own"
            )
        if row.duplicate_of and row.duplicate_of not in rows:
            raise InputError(
                f"{place}: duplicate_of names no earlier ticket of this file; put the original "
                "before it"
            )
        rows[row.id] = row
    return list(rows.values())


def _read_lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is not UTF-8 text") from error
    # Not splitlines: a line separator inside a JSON string does not end the line.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line


def _parse_labelled(line: str, place: str) -> LabelledTicket:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{place}: not JSON: {error.msg} at column {error.colno}"
        ) from error
    if not isinstance(row, dict):
        raise InputError(f"{place}: a labelled ticket is a JSON object")
    try:
        return LabelledTicket.model_validate(_as_golden_row(row))
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}"
            for e in error.errors(include_input=False)
        )
        raise InputError(f"{place}: {faults}") from error


def _as_golden_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of any known shape, with the keys of a golden row."""
    known = {
        name: value
        for name, value in row.items()
        if value is not None or name == "duplicate_of"
    }
    if "department" in row:
        known = {"desk": _HELPDESK, "category": row["department"]} | known
    if columns := [column for column in _FIELDS_OF_COLUMNS if column in row]:
        known["fields"] = {
            _FIELDS_OF_COLUMNS[column]: row[column] for column in columns
        }
    return known


def find_original(
    row: LabelledTicket, rows: Mapping[str, LabelledTicket]
) -> str | None:
    """The first ticket of the chain that this one repeats; None when it repeats none.

    `rows` are those of one file, by id.
    """
    original = row.duplicate_of
    while original and (earlier := rows[original].duplicate_of):
        original = earlier
    return original
