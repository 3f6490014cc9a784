"""The audit log against somebody who has the database file.

Whatever is changed is found, and named.
"""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audit import log as audit
from storage.audit.chain import GENESIS_HASH, HASHED_COLUMNS, hash_record
from storage.audit.verification import Verification, verify_chain
from storage.database.sqlite import SqliteDatabase
from storage.database.sync_connection import SyncConnection, run_without_waiting
from storage.migrations.migrate import migrate_sqlite

COUNT = 9
START = datetime(2026, 1, 31, 12, tzinfo=UTC)
COLUMNS = (*HASHED_COLUMNS, "hash")


async def add(connection: AsyncConnection, number: int) -> None:
    at = START + timedelta(hours=number)
    detail = {"scores": {"category": 0.125 * number}, "rules": ["outage", "größer"]}
    await audit.append_record(
        connection, "finished", f"TKT-{number}", f"run{number}", "system", detail, at
    )


@pytest.fixture(scope="module")
async def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log as we wrote it, in one file without a WAL beside it.

    Two records in each transaction.
    """
    path = tmp_path_factory.mktemp("audit") / "written.db"
    await asyncio.to_thread(migrate_sqlite, path)
    database = SqliteDatabase(path)
    for number in range(1, COUNT + 1, 2):
        async with database.open_write() as connection:
            for each in range(number, min(number + 2, COUNT + 1)):
                await add(connection, each)
    await database.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    return path


@pytest.fixture(scope="module")
def head(written: Path) -> str:
    return verified(written).head


@pytest.fixture
def copy(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(written, tmp_path / "copy.db"))


def tamper(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.create_function(
            "rehash",
            7,
            lambda *values: hash_record(dict(zip(HASHED_COLUMNS, values, strict=True))),
        )
        connection.execute("BEGIN")
        for statement in statements:
            connection.execute(statement)
        connection.execute("COMMIT")


REHASH = (
    "UPDATE audit SET hash = rehash(actor, at, detail, kind, previous_hash, run_id, "
    "ticket_id) WHERE sequence = "
)


def verified(path: Path, kept: str | None = None, page: int = 4) -> Verification:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        found = run_without_waiting(
            verify_chain(
                cast("AsyncConnection", SyncConnection(connection)), kept, page
            )
        )
    engine.dispose()
    return found


def move(old: int | str, new: int | str) -> str:
    return f"UPDATE audit SET sequence = {new} WHERE sequence = {old}"  # noqa: S608


def make_room(place: int) -> list[str]:
    """Every number from `place` on becomes one larger."""
    above = f"UPDATE audit SET sequence = sequence + 1000 WHERE sequence >= {place}"  # noqa: S608
    return [above, "UPDATE audit SET sequence = sequence - 999 WHERE sequence >= 1000"]


def insert_copy(of: int, at: int) -> str:
    rest = ", ".join(COLUMNS)
    return (
        f"INSERT INTO audit (sequence, {rest}) SELECT {at}, {rest} FROM audit WHERE "  # noqa: S608
        f"sequence = {of}"
    )


CLOSE = "UPDATE audit SET sequence = sequence - 1 WHERE sequence > {}"
FORGED = [
    *make_room(5),
    insert_copy(4, 5),
    "UPDATE audit SET actor = 'mallory' WHERE sequence = 5",
    (
        "UPDATE audit SET previous_hash = (SELECT hash FROM audit WHERE sequence = 4) WHERE "
        "sequence = 5"
    ),
]
TAMPERED = {
    "words": (
        ["UPDATE audit SET actor = 'mallory' WHERE sequence = 5"],
        (5, "changed"),
    ),
    "a score": (
        [
            "UPDATE audit SET detail = replace(detail, '0.25', '0.99') WHERE sequence = 2"
        ],
        (2, "changed"),
    ),
    "a space": (
        ["UPDATE audit SET detail = replace(detail, ':', ': ') WHERE sequence = 2"],
        (2, "changed"),
    ),
    "a type": (
        ["UPDATE audit SET detail = CAST(detail AS BLOB) WHERE sequence = 2"],
        (2, "changed"),
    ),
    "no text": (
        ["UPDATE audit SET actor = CAST(x'FF' AS TEXT) WHERE sequence = 7"],
        (7, "changed"),
    ),
    "words, with a new hash": (
        ["UPDATE audit SET kind = 'x' WHERE sequence = 5", REHASH + "5"],
        (6, "removed"),
    ),
    "the first": (["DELETE FROM audit WHERE sequence = 1"], (1, "removed")),
    "one inside": (["DELETE FROM audit WHERE sequence IN (4, 5)"], (4, "removed")),
    "one inside, numbers closed": (
        ["DELETE FROM audit WHERE sequence = 4", CLOSE.format(4)],
        (4, "removed"),
    ),
    "neighbours": ([move(4, 99), move(5, 4), move(99, 5)], (4, "reordered")),
    "far apart": ([move(2, 99), move(8, 2), move(99, 8)], (2, "reordered")),
    "one to the end": ([move(3, 99), CLOSE.format(3), move(98, 9)], (3, "reordered")),
    "forged": ([*FORGED, REHASH + "5"], (5, "inserted")),
    "forged, without a hash": (FORGED, (5, "inserted")),
    "a copy": ([*make_room(6), insert_copy(2, 6)], (6, "inserted")),
    "the first, again": ([*make_room(6), insert_copy(1, 6)], (6, "inserted")),
    "before all": ([insert_copy(1, 0)], (0, "inserted")),
    "after all": ([insert_copy(3, 10)], (10, "inserted")),
}


def test_the_log_as_we_wrote_it_is_whole(written: Path, head: str) -> None:
    assert verified(written) == (COUNT, head, None)
    assert verified(written, kept=head).fault is None
    assert (
        verified(written, page=COUNT) == verified(written, page=1) == verified(written)
    )


@pytest.mark.parametrize("what", TAMPERED)
def test_what_was_done_is_found_and_named(copy: Path, what: str) -> None:
    statements, expected = TAMPERED[what]
    tamper(copy, *statements)
    fault = verified(copy).fault
    assert fault is not None
    assert (fault.sequence, fault.kind) == expected


def test_a_cut_end_is_whole_in_itself_and_the_kept_head_tells(
    copy: Path, head: str
) -> None:
    older = verified(copy)
    tamper(copy, "DELETE FROM audit WHERE sequence > 6")
    assert verified(copy).fault is None
    found = verified(copy, kept=head)
    assert found.records == 6
    assert found.fault is not None
    assert (found.fault.sequence, found.fault.kind) == (7, "truncated")
    tamper(copy, "DELETE FROM audit")
    assert verified(copy) == (0, GENESIS_HASH, None)
    assert verified(copy, kept=older.head).fault is not None


def test_a_kept_head_stays_good_while_the_log_grows(written: Path, copy: Path) -> None:
    tamper(copy, "DELETE FROM audit WHERE sequence > 4")
    earlier = verified(copy).head
    assert verified(written, kept=earlier).fault is None
    assert verified(written, kept=GENESIS_HASH).fault is None


def test_a_log_written_anew_is_found_by_the_kept_head(copy: Path, head: str) -> None:
    link = (
        "UPDATE audit SET previous_hash = (SELECT hash FROM audit WHERE sequence = {}) "
        "WHERE sequence = {}"
    )
    anew = [
        step
        for n in range(6, COUNT + 1)
        for step in (link.format(n - 1, n), REHASH + str(n))
    ]
    tamper(
        copy,
        "UPDATE audit SET actor = 'mallory' WHERE sequence = 5",
        REHASH + "5",
        *anew,
    )
    assert verified(copy).fault is None
    assert verified(copy, kept=head).fault is not None


@pytest.mark.parametrize("byte", [b"X", b"\xff"])
def test_a_byte_in_the_file(copy: Path, byte: bytes) -> None:
    raw = copy.read_bytes()
    at = raw.index(b"TKT-7run7")
    copy.write_bytes(raw[:at] + byte + raw[at + 1 :])
    fault = verified(copy).fault
    assert fault is not None
    assert (fault.sequence, fault.kind) == (7, "changed")


values = (
    st.text(max_size=8)
    | st.integers(-(2**63), 2**63 - 1)
    | st.binary(max_size=8)
    | st.floats()
    | st.none()
)
numbers = st.integers(1, COUNT)


@settings(max_examples=150, deadline=None)
@given(number=numbers, column=st.sampled_from(COLUMNS), value=values)
def test_any_value_that_is_changed_is_found(
    written: Path,
    tmp_path_factory: pytest.TempPathFactory,
    number: int,
    column: str,
    value: object,
) -> None:
    path = Path(shutil.copy(written, tmp_path_factory.getbasetemp() / "changed.db"))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        look = f"SELECT {column} FROM audit WHERE sequence = ?"  # noqa: S608
        before = connection.execute(look, (number,)).fetchone()
        try:
            connection.execute(
                f"UPDATE audit SET {column} = ? WHERE sequence = ?",  # noqa: S608
                (value, number),
            )
        except sqlite3.IntegrityError:
            return  # a column that is never empty
        after = connection.execute(look, (number,)).fetchone()
    fault = verified(path).fault
    assert (fault is None) == (before == after)
    assert fault is None or fault.sequence == number


@settings(max_examples=150, deadline=None)
@given(order=st.permutations(range(1, COUNT + 1)), kept=st.integers(0, COUNT))
def test_any_other_order_or_selection_is_found(
    written: Path,
    tmp_path_factory: pytest.TempPathFactory,
    head: str,
    order: list[int],
    kept: int,
) -> None:
    path = Path(shutil.copy(written, tmp_path_factory.getbasetemp() / "ordered.db"))
    left = order[:kept]
    places = [move(old, new + 1000) for new, old in enumerate(left, 1)]
    rest = [
        "DELETE FROM audit WHERE sequence < 1000",
        "UPDATE audit SET sequence = sequence - 1000",
    ]
    tamper(path, *places, *rest)
    unbroken = next((n for n, old in enumerate(left) if old != n + 1), len(left))
    found = verified(path)
    assert (found.fault is None) == (unbroken == len(left))
    assert found.records == unbroken
    assert (verified(path, kept=head).fault is None) == (
        left == list(range(1, COUNT + 1))
    )


async def test_a_transaction_that_is_rolled_back_leaves_no_gap(copy: Path) -> None:
    database = SqliteDatabase(copy)

    async def failing(connection: AsyncConnection) -> None:
        await add(connection, 50)
        raise ZeroDivisionError

    works = [
        failing if n % 3 else lambda connection: add(connection, 60) for n in range(9)
    ]
    results = await asyncio.gather(
        *(database.run_transaction(work) for work in works), return_exceptions=True
    )
    assert sum(isinstance(result, ZeroDivisionError) for result in results) == 6
    async with database.open_read() as connection:
        found = await verify_chain(connection)
    await database.close()
    assert (found.records, found.fault) == (COUNT + 3, None)


def test_records_from_before_the_chain_are_chained_in_their_order(
    tmp_path: Path,
) -> None:
    path = tmp_path / "old.db"
    migrate_sqlite(path, "0002")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for number in (2, 3, 7):
            row = (
                number,
                f"2026-01-0{number} 08:00:00.000000",
                f"TKT-{number}",
                '{"rules":["a"],"degraded":false}',
            )
            connection.execute(
                "INSERT INTO audit VALUES (?, ?, 'finished', ?, NULL, 'system', ?)", row
            )
    migrate_sqlite(path)
    assert verified(path)[0::2] == (3, None)
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT sequence, at, ticket_id, detail FROM audit ORDER BY sequence"
        ).fetchall()
    assert rows == [
        (
            place,
            f"2026-01-0{number}T08:00:00.000000Z",
            f"TKT-{number}",
            '{"degraded":false,"rules":["a"]}',
        )
        for place, number in ((1, 2), (2, 3), (3, 7))
    ]
