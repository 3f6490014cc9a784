"""`ticketgraph desk`: lists the desks and checks their policy files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import typer

import policies
from contracts.errors import DeskError, NotFoundError
from server.cli.terminal.open_app import load_settings
from server.cli.terminal.output import (
    make_table,
    result_console,
    strip_control_characters,
)
from server.cli.terminal.usage_errors import EXIT_PARTLY_REFUSED

Level = Literal["error", "warning"]

SHIPPED_DESKS_FOLDER = Path(policies.__file__).parent / "desks"
"""The desks that come with the program; DESKS_DIR names another folder of desks."""

ERROR_KINDS = ("bad-pattern",)
"""Findings that the loader does not look for, to load quickly, and that fail on a ticket."""

desk = typer.Typer(help="Look at the desks.", no_args_is_help=True)


@desk.command("list")
def list_desks() -> None:
    """List the desks.

    Example: ticketgraph desk list
    """
    from policies.loading.load import load_desks

    made = make_table(
        "desk", "title", "version", "languages", "categories", "teams", "articles"
    )
    for found in load_desks(desks_folder()).values():
        settings = found.settings
        counts = (
            str(len(part))
            for part in (found.categories, found.routing.teams, found.articles)
        )
        made.add_row(
            found.id,
            settings.title,
            str(settings.version),
            ", ".join(settings.languages),
            *counts,
        )
    result_console().print(made)


@desk.command("check")
def check(
    which: Annotated[
        str | None,
        typer.Argument(help="A desk's folder or id; all desks if not given."),
    ] = None,
) -> None:
    """Check desks: errors, rules that overlap, and rules that never apply.

    An error keeps the desk from being used and gives exit code 1; a warning is something
    its author should look at.

    Example: ticketgraph desk check customer_support
    """
    folders = [find_desk_folder(which)] if which else desk_folders()
    found = [finding for folder in folders for finding in find_desk_faults(folder)]
    for level, line in found:
        typer.echo(f"{level}: {strip_control_characters(line)}")
    if any(level == "error" for level, _ in found):
        raise typer.Exit(EXIT_PARTLY_REFUSED)
    if not found:
        typer.echo("no findings")


def desks_folder() -> Path:
    """The folder of desks that the server would use."""
    return load_settings().desks_dir or SHIPPED_DESKS_FOLDER


def desk_folders() -> list[Path]:
    """The folder of each desk, by name."""
    return sorted(path for path in desks_folder().iterdir() if path.is_dir())


def find_desk_folder(which: str) -> Path:
    """The folder that is meant. Raises NotFoundError."""
    for folder in (Path(which), desks_folder() / which):
        if folder.is_dir():
            return folder.resolve()
    known = ", ".join(path.name for path in desk_folders())
    raise NotFoundError(
        f"There is no desk and no folder {which!r}. The desks are: {known}."
    )


def find_desk_faults(folder: Path) -> Iterator[tuple[Level, str]]:
    """Every finding about one desk: its level, and a line with file, rule and what to do."""
    from policies.loading.check import check_desk
    from policies.loading.load import load_desk

    try:
        loaded = load_desk(folder)
    except DeskError as error:
        for line in error.detail.splitlines():
            yield "error", line
        return
    for finding in check_desk(loaded):
        level: Level = "error" if finding.rule in ERROR_KINDS else "warning"
        yield level, f"{folder.name}/{finding.file}: {finding.rule}: {finding.text}"
