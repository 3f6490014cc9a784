"""Two workers on one database, for every kind of database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.migrations.migrate import migrate_sqlite
from tests.integration.jobs.bench import Bench, bench
from tests.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """DATABASE_URL of a database with nothing in it."""
    if request.param == "sqlite":
        migrate_sqlite(tmp_path / "jobs.db")
        return f"sqlite:///{tmp_path / 'jobs.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.fresh()


@pytest.fixture
async def one(url: str) -> AsyncIterator[Bench]:
    """A worker that does nothing with its tasks, unless its `handler` is set."""
    async with bench(url) as opened:
        yield opened


@pytest.fixture
async def other(url: str) -> AsyncIterator[Bench]:
    """Another one on the same database."""
    async with bench(url) as opened:
        yield opened
