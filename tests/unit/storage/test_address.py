"""What DATABASE_URL may say."""

from pathlib import Path

import pytest

from contracts.errors import InputError
from storage.database.address import (
    Address,
    MemoryAddress,
    PostgresAddress,
    SqliteAddress,
    database_address_of,
)
from storage.database.postgres import (
    IDLE_TRANSACTION_OPTION,
    VECTOR_SEARCH_OPTIONS,
    make_session_options,
)
from storage.database.timeouts import TIMEOUT_SECONDS

FOLDER = Path("folder")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (None, SqliteAddress(FOLDER / "ticketgraph.db")),
        ("", MemoryAddress()),
        ("  ", MemoryAddress()),
        ("sqlite://", MemoryAddress()),
        ("sqlite:///:memory:", MemoryAddress()),
        ("sqlite+aiosqlite:///:memory:", MemoryAddress()),
        ("sqlite:///some/file.db", SqliteAddress(Path("some/file.db"))),
        ("sqlite+aiosqlite:////some/file.db", SqliteAddress(Path("/some/file.db"))),
    ],
)
def test_sqlite(url: str | None, address: Address) -> None:
    assert database_address_of(url, FOLDER) == address


@pytest.mark.parametrize(
    "scheme",
    [
        "postgresql",
        "postgres",
        "postgresql+asyncpg",
        "postgresql+psycopg2",
        "postgresql+psycopg",
    ],
)
def test_postgresql_with_whatever_driver(scheme: str) -> None:
    address = database_address_of(
        f"{scheme}://ada:sec%40ret@host:5433/desk?sslmode=require", FOLDER
    )
    assert isinstance(address, PostgresAddress)
    assert address.url.drivername == "postgresql+psycopg"
    assert (
        address.libpq_conninfo
        == "postgresql://ada:sec%40ret@host:5433/desk?sslmode=require"
    )
    assert "ret" not in repr(address)


@pytest.mark.parametrize(
    ("options", "meant"),
    [
        ("ssl=prefer", "sslmode=prefer"),
        ("ssl=true", "sslmode=require"),
        (
            "ssl=verify-full&target_session_attrs=any",
            "sslmode=verify-full&target_session_attrs=any",
        ),
        ("options=-csearch_path%3Dfoo", "options=-csearch_path%3Dfoo"),
    ],
)
def test_options_in_the_words_of_libpq(options: str, meant: str) -> None:
    address = database_address_of(f"postgresql+asyncpg://host/desk?{options}", FOLDER)
    assert isinstance(address, PostgresAddress)
    assert address.libpq_conninfo == f"postgresql://host/desk?{meant}"


@pytest.mark.parametrize(
    "options",
    ["command_timeout=5", "ssl=require&sslmode=disable", "ret%20=1", "secret?x=1"],
)
def test_options_that_libpq_does_not_know_are_refused_without_being_repeated(
    options: str,
) -> None:
    with pytest.raises(InputError, match="option") as refused:
        database_address_of(
            f"postgresql+asyncpg://ada:sec%40ret@host/desk?{options}", FOLDER
        )
    assert not any(
        part in str(refused.value)
        for part in ("ret", "ada", "host", "timeout", "require", "disable")
    )
    assert refused.value.__suppress_context__


def test_options_of_the_address_are_kept_beside_ours() -> None:
    address = database_address_of(
        "postgresql://host/desk?options=-csearch_path%3Dfoo&keepalives_idle=77", FOLDER
    )
    assert isinstance(address, PostgresAddress)
    opened = make_session_options(address)
    assert (
        opened["options"]
        == f"{IDLE_TRANSACTION_OPTION} {VECTOR_SEARCH_OPTIONS} -csearch_path=foo"
    )
    assert opened["keepalives_idle"] == "77"
    assert opened["tcp_user_timeout"] == TIMEOUT_SECONDS * 1000


@pytest.mark.parametrize(
    "url", ["mysql://host/desk", "desk.db", "http://host", "postgresql//x", ":::"]
)
def test_anything_else_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(InputError, match="DATABASE_URL") as refused:
        database_address_of(url, FOLDER)
    assert url not in str(refused.value)
