"""INSERT ... ON CONFLICT for either database."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Executable
from sqlalchemy.dialects import postgresql, sqlite


def build_for_dialects(make: Callable[[Any], Executable]) -> dict[str, Executable]:
    """A statement for each dialect, by its name. `make` gets the dialect's `insert`."""
    return {"postgresql": make(postgresql.insert), "sqlite": make(sqlite.insert)}
