"""Who acts: the person whose name goes into the audit log."""

import getpass
from typing import Annotated

import typer

DecidedBy = Annotated[
    str | None,
    typer.Option("--decided-by", "--by", help="Who decides; you, if not given."),
]


def os_user() -> str:
    """Who runs this process; "unknown" where the system has no name for them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
