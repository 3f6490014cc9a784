"""Output: results go to stdout, remarks about them to stderr.

Control characters in customers' texts are removed.
"""

import os
from collections.abc import Mapping
from typing import Any, Literal

import orjson
import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

PIPE_WIDTH = 200
"""Columns of a table in a pipe or a file: wide enough that nothing is cut."""

IDENTIFIERS = ("ticket", "approval", "checkpoint", "desk", "run", "effect")
"""Columns whose values are copied into the next command, and so stay on one line."""

CONTROL_CHARACTERS = {
    code: "\ufffd"
    for code in (*range(0x20), *range(0x7F, 0xA0))
    if code not in (0x09, 0x0A)
} | {0x0D: None}
"""A terminal obeys control characters, so a customer's text must not hold any."""


def strip_control_characters(text: str) -> str:
    """The text without control characters. Tabs and line ends stay."""
    return text.translate(CONTROL_CHARACTERS)


def result_console(*, markup: bool = False) -> Console:
    """The console for results. `markup` only for texts without anything of a customer's."""
    return _make_console(stderr=False, markup=markup)


def remark_console() -> Console:
    """The console for progress, counts and faults."""
    return _make_console(stderr=True, markup=False)


def _make_console(*, stderr: bool, markup: bool) -> Console:
    console = Console(stderr=stderr, markup=markup, highlight=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PIPE_WIDTH
    return console


def print_json(value: BaseModel | Mapping[Any, Any]) -> None:
    """One JSON object on one line, in UTF-8 whatever the terminal's encoding."""
    data = (
        value.model_dump(mode="json") if isinstance(value, BaseModel) else dict(value)
    )
    typer.echo(orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS))


def make_table(*columns: str) -> Table:
    """An empty table. Identifiers stay on one line; milliseconds are aligned right."""
    made = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        side: Literal["left", "right"] = "right" if column == "ms" else "left"
        made.add_column(
            column, justify=side, overflow="fold", no_wrap=column in IDENTIFIERS
        )
    return made
