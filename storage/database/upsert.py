"""Inserting what may be there already, in the words of whichever database it is."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Executable
from sqlalchemy.dialects import postgresql, sqlite


def build_for_dialects(make: Callable[[Any], Executable]) -> dict[str, Executable]:
    """A statement by the name of the dialect.

    `make` gets an `insert` that knows ON CONFLICT, as both databases do.
    """
    return {"postgresql": make(postgresql.insert), "sqlite": make(sqlite.insert)}
