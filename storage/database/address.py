"""Where the database is: what DATABASE_URL says, in the words of our drivers."""

from dataclasses import dataclass
from pathlib import Path

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from contracts.errors import InputError

DATABASE_FILE = "ticketgraph.db"
"""Its name in the data folder."""

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
    """One file, which one process at a time uses."""

    path: Path


@dataclass(frozen=True)
class MemoryAddress:
    """Nothing is kept beyond the process."""


@dataclass(frozen=True)
class PostgresAddress:
    """A database on a server. `url` may hold a password: it is for drivers, never for a text."""

    url: URL

    @property
    def libpq_conninfo(self) -> str:
        """The same for libpq."""
        return self.url.set(drivername="postgresql").render_as_string(
            hide_password=False
        )

    def __repr__(self) -> str:
        return f"PostgresAddress({self.url.render_as_string(hide_password=True)})"


Address = SqliteAddress | MemoryAddress | PostgresAddress


def database_address_of(database_url: str | None, data_dir: Path) -> Address:
    """Where the database is; a file in the data folder when nothing is said.

    Whatever driver a URL names, ours are used. Raises InputError for a URL that names
    another kind of database, or has options that libpq does not know.
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
    """The same address for our driver: `ssl` is what asyncpg calls `sslmode`."""
    query = dict(url.query)
    if "ssl" in query and "sslmode" not in query:
        given = query.pop("ssl")
        query["sslmode"] = "require" if given == "true" else given
    return url.set(drivername="postgresql+psycopg", query=query)


def check_libpq_address(address: PostgresAddress) -> PostgresAddress:
    """The address, if libpq understands it. Raises InputError, which repeats nothing of it."""
    try:
        conninfo_to_dict(address.libpq_conninfo)
    except ProgrammingError:
        raise InputError(UNKNOWN_OPTION) from None
    return address
