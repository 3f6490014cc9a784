"""Errors meant for the user: one sentence on stderr and exit code 2, never a stack trace."""

from typing import Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from contracts.errors import TicketGraphError
from server.cli.terminal.output import strip_control_characters

EXIT_REFUSED = 2
"""Exit code when a command could not be carried out at all."""

EXIT_PARTLY_REFUSED = 1
"""Exit code when a command ran to its end and part of it failed."""


class ErrorReportingGroup(TyperGroup):
    """Prints our errors, and those of the file system, as one sentence."""

    def invoke(self, ctx: Any) -> object:
        """Run the command. Raises typer.Exit in place of the errors that are meant for the user."""
        try:
            return super().invoke(ctx)
        except TicketGraphError as error:
            sentence = error.detail or error.title
        except OSError as error:
            # A broken pipe names no file; typer ends quietly on it.
            if error.filename is None:
                raise
            sentence = f"{error.filename}: {error.strerror}."
        typer.echo(f"Error: {strip_control_characters(sentence)}", err=True)
        raise typer.Exit(EXIT_REFUSED)


def describe_fault(error: ValidationError) -> str:
    """The first fault of a value, as its place and what is wrong; never the value itself."""
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]
