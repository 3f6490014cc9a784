"""Rows of a file, each with the line it starts on. A row that cannot be read is a Fault.

`json` is any sequence of values, lists being opened: a list, one object and JSON lines all
read as `json`. `jsonl` reads line by line, so that a broken line is the only one lost.
After a syntax error inside CSV or JSON nothing more is read: where the next row begins could
only be guessed, and a wrong guess would make a ticket that no customer wrote.
"""

import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from contracts.errors import InputError

Format = Literal["json", "jsonl", "csv", "text"]

FORMAT_BY_SUFFIX: dict[str, Format] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".txt": "text",
}
"""The format of a file, by its extension."""

STDIN = "-"
MAX_CELL_LENGTH = 10_000_000
REQUIRED_COLUMNS = {"subject", "body"}
REST_UNREAD_HINT = "correct it: what comes after it was not read"
_SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True)
class Row:
    """One record: `values` by column, without those that are empty."""

    line: int
    values: dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """A record that cannot be used, and why."""

    line: int
    text: str


def read_rows(file: str, format: Format | None) -> list[Row | Fault]:
    """Every record of a file, or of stdin for `-` (JSON unless told otherwise).

    Raises InputError when the file cannot be read as a whole, or its format is unknown.
    """
    chosen = format or (
        FORMAT_BY_SUFFIX.get(Path(file).suffix.lower()) if file != STDIN else "json"
    )
    if chosen is None:
        raise InputError(
            f"{file}: the format is not known by this extension. Name it with --format."
        )
    text = read_text(file)
    read = {
        "json": parse_json_rows,
        "jsonl": parse_jsonl_rows,
        "csv": parse_csv_rows,
        "text": parse_text_rows,
    }[chosen]
    try:
        return list(read(text))
    except InputError as error:
        raise InputError(f"{file}: {error.detail}") from error


def read_text(file: str) -> str:
    """The whole text. Raises InputError for a missing file or one that is not UTF-8."""
    try:
        data = sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(
            f"{file}: this is not UTF-8 text. Save it with that encoding."
        ) from None
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}.") from None


def parse_text_rows(text: str) -> Iterator[Row | Fault]:
    """The text as the body of one record."""
    if text.strip():
        yield Row(1, {"body": text})


def _skip_space(text: str, at: int) -> int:
    """Where the next character stands that is no white space, or the end."""
    found = _SPACE.match(text, at)
    return found.end() if found else at


def parse_json_rows(text: str) -> Iterator[Row | Fault]:
    """Records of JSON values one after another; the items of a list are records."""
    decoder, at, line, inside = json.JSONDecoder(), 0, 1, False
    while (begin := _skip_space(text, at)) < len(text):
        line += text.count("\n", at, begin)
        at = begin
        if text[at] in ("],[" if inside else "["):
            inside = text[at] != "]"
            at += 1
            continue
        try:
            value, at = decoder.raw_decode(text, begin)
        except (ValueError, RecursionError) as error:
            line = error.lineno if isinstance(error, json.JSONDecodeError) else line
            yield Fault(line, f"this is not JSON; {REST_UNREAD_HINT}")
            return
        yield make_row(value, line)
        line += text.count("\n", begin, at)
    if inside:
        yield Fault(line, "the list is not closed; something is missing after it")


def parse_jsonl_rows(text: str) -> Iterator[Row | Fault]:
    """One record a line."""
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        try:
            yield make_row(json.loads(content), line)
        except (ValueError, RecursionError):
            yield Fault(line, "this line is not JSON")


def parse_csv_rows(text: str) -> Iterator[Row | Fault]:
    """One record a row under the header, whose names may be written with capitals and spaces.

    Raises InputError when the header names neither a subject nor a body.
    """
    csv.field_size_limit(MAX_CELL_LENGTH)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=_guess_delimiter(text), strict=True
    )
    columns: list[str] = []
    line = 1
    try:
        for cells in reader:
            if not columns:
                columns = [cell.strip().casefold().replace(" ", "_") for cell in cells]
                if not REQUIRED_COLUMNS.intersection(columns):
                    raise InputError(
                        "the first line must name the columns, at least subject or body."
                    )
            elif len(cells) > len(columns):
                yield Fault(
                    line,
                    (
                        f"{len(cells)} cells under {len(columns)} columns; put text with commas in "
                        "quotes"
                    ),
                )
            elif any(cells):
                yield make_row(dict(zip(columns, cells, strict=False)), line)
            line = reader.line_num + 1
    except csv.Error as error:
        yield Fault(line, f"this row is not CSV ({error}); {REST_UNREAD_HINT}")


def _guess_delimiter(text: str) -> str:
    header = text.split("\n", 1)[0]
    return max(",;\t", key=header.count)


def make_row(value: Any, line: int) -> Row | Fault:
    """The record that a JSON value describes; a Fault when it cannot be stored."""
    if not isinstance(value, dict):
        return Fault(line, "this is not an object with subject and body")
    values = {
        name: content for name, content in value.items() if content not in (None, "")
    }
    try:
        orjson.dumps(values)
    except TypeError as error:
        return Fault(line, f"it cannot be stored: {error}")
    return Row(line, values)
