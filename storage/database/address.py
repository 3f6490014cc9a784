"""Where the database is: DATABASE_URL, parsed for our drivers."""

from dataclasses import dataclass
from pathlib import Path

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from contracts.errors import InputError

DATABASE_FILE = "ticketgraph.db"
"""The SQLite file's name in the data folder."""

INVALID_URL = (
    "DATABASE_URL names no database that can be used. Write "
    "postgresql://user:password@host/name, or "
    "sqlite:///file.db, leave it empty for a database in memory, or unset it for a file in "
    "DATA_DIR."
)

UNKNOWN_OPTION = (
    "DATABASE_URL has an option after its question mark that PostgreSQL does not know, or one "
    "that cannot be read. "
    "The names are those of libpq, sslmode for example. Write %3F for a question mark in a "
    "password."
)


@dataclass(frozen=True)
class SqliteAddress:
    """One SQLite file, which one serving process at a time uses."""

    path: Path


@dataclass(frozen=True)
class MemoryAddress:
    """A SQLite database in memory, which ends with the process."""


@dataclass(frozen=True)
class PostgresAddress:
    """A PostgreSQL database. `url` may hold a password: never print or log it."""

    url: URL

    @property
    def libpq_conninfo(self) -> str:
        """The address as libpq takes it, with the password."""
        return self.url.set(drivername="postgresql").render_as_string(
            hide_password=False
        )

    def __repr__(self) -> str:
        return f"PostgresAddress({self.url.render_as_string(hide_password=True)})"


Address = SqliteAddress | MemoryAddress | PostgresAddress


def database_address_of(database_url: str | None, data_dir: Path) -> Address:
    """The address that DATABASE_URL names; a file in the data folder when it is unset.

    A driver in the URL is ignored. Raises InputError for another kind of database and for
    options that libpq does not know.
    """
    if database_url is None:
        return SqliteAddress(data_dir / DATABASE_FILE)
    if not database_url.strip():
        return MemoryAddress()
    try:
        url = make_url(database_url.strip())
    except ArgumentError:
        raise InputError(INVALID_URL) from None
    match url.get_backend_name():
        case "postgresql" | "postgres":
            return check_libpq_address(PostgresAddress(to_libpq_options(url)))
        case "sqlite" if url.database in (None, "", ":memory:"):
            return MemoryAddress()
        case "sqlite":
            return SqliteAddress(Path(str(url.database)))
    raise InputError(INVALID_URL)


def to_libpq_options(url: URL) -> URL:
    """The URL for psycopg, with asyncpg's `ssl` renamed to libpq's `sslmode`."""
    query = dict(url.query)
    if "ssl" in query and "sslmode" not in query:
        given = query.pop("ssl")
        query["sslmode"] = "require" if given == "true" else given
    return url.set(drivername="postgresql+psycopg", query=query)


def check_libpq_address(address: PostgresAddress) -> PostgresAddress:
    """The address, if libpq can parse it. Raises InputError, which quotes nothing of it."""
    try:
        conninfo_to_dict(address.libpq_conninfo)
    except ProgrammingError:
        raise InputError(UNKNOWN_OPTION) from None
    return address
