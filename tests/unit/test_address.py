"""What DATABASE_URL may say."""

from pathlib import Path

import pytest

from contracts.errors import InputError
from storage.address import Address, MemoryAddress, PostgresAddress, SqliteAddress, address_of

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
    assert address_of(url, FOLDER) == address


@pytest.mark.parametrize(
    "scheme", ["postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg2", "postgresql+psycopg"]
)
def test_postgresql_with_whatever_driver(scheme: str) -> None:
    address = address_of(f"{scheme}://ada:sec%40ret@host:5433/desk?sslmode=require", FOLDER)
    assert isinstance(address, PostgresAddress)
    assert address.url.drivername == "postgresql+psycopg"
    assert address.conninfo == "postgresql://ada:sec%40ret@host:5433/desk?sslmode=require"
    assert "ret" not in repr(address)


@pytest.mark.parametrize("url", ["mysql://host/desk", "desk.db", "http://host", "postgresql//x", ":::"])
def test_anything_else_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(InputError, match="DATABASE_URL") as refused:
        address_of(url, FOLDER)
    assert url not in str(refused.value)
