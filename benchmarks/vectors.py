"""How fast and how well similar tickets are found, in memory (SQLite) and by pgvector, at a
given number of tickets.

    python -m benchmarks.vectors --tickets 100000 --texts 3000

The vectors are made from those of distinct texts (evals/examples, then
benchmarks/corpus.py): each is a mixture of two of them with some noise. The questions are
texts that are in no mixture. A tenth of the tickets is solved, two thirds belong to the
desk that is asked.
"""

import argparse
import asyncio
import json
import os
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import psycopg
from numpy.typing import NDArray
from pgvector import HalfVector
from pgvector.psycopg import register_vector
from sqlalchemy import insert

from benchmarks.corpus import tickets as corpus
from engines.embedding.embedder import MODEL_NAME, Embedder
from engines.embedding.similarity import build_fingerprint
from storage.database.address import PostgresAddress, database_address_of
from storage.database.database import Database
from storage.database.postgres import PostgresDatabase
from storage.database.sqlite import SqliteDatabase
from storage.migrations.migrate import migrate_sqlite
from storage.tables import VECTOR_INDEXES, fingerprints, tickets
from storage.vectors.brute_force import BruteForceVectors
from storage.vectors.pgvector import PgVectors
from storage.vectors.port import Vectors
from tests.postgres import postgres_server

QUESTIONS = 200
ASKED = 5
NEW = 500
"""Tickets remembered one by one at the end."""

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
Matrix = NDArray[np.float32]


def texts(count: int) -> Iterator[str]:
    """Distinct texts: those that people might write first, made ones after them."""
    for path in sorted(
        (Path(__file__).parents[1] / "evals" / "examples").glob("*.jsonl")
    ):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield f"{row['subject']}\n\n{row['body']}"
    for row in corpus(count):
        yield f"{row['subject']}\n\n{row['body']}"


def read(count: int) -> Matrix:
    """The fingerprints of so many texts, in a random order."""
    embedder = Embedder.load()
    every = list(texts(count))
    chosen = random.Random(7).sample(every, min(count, len(every)))
    return np.stack(
        [build_fingerprint(one, embedder.embed([one])[0]) for one in chosen]
    )


def mixed(known: Matrix, count: int) -> Matrix:
    """So many vectors like the known ones, as the databases keep them: in 16 bits."""
    rng = np.random.default_rng(7)
    first, second = (
        known[rng.integers(0, len(known), count)],
        known[rng.integers(0, len(known), count)],
    )
    share = rng.uniform(0, 0.5, (count, 1)).astype(np.float32)
    vectors = (
        first * (1 - share)
        + second * share
        + rng.normal(0, 0.006, first.shape).astype(np.float32)
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float16).astype(np.float32)


def ticket_row(number: int) -> tuple[Any, ...]:
    """Ticket number so and so; one in ten is solved, one in three is of the other desk."""
    solution = "Done." if number % 10 == 0 else None
    return (
        f"TKT-{number:08X}",
        f"desk{number % 3 // 2}",
        "s",
        "b",
        f"c{number // 4}",
        "{}",
        "api",
        str(NOW),
        str(NOW),
        "closed",
        solution,
    )


TICKET = (
    "id, desk, subject, body, customer, metadata, source, received_at, updated_at, "
    "status, solution"
)


def print_row(number: int, vector: Any) -> tuple[Any, ...]:
    """Its fingerprint."""
    ticket_id, desk, *_, solution = ticket_row(number)
    return (
        ticket_id,
        MODEL_NAME,
        desk,
        f"c{number // 4}",
        number % 4 + 1,
        "",
        solution is not None,
        vector,
    )


def exact(vectors: Matrix, question: Matrix, *, solved: bool) -> list[str]:
    """The true nearest of the first desk."""
    numbers = np.array(
        [n for n in range(len(vectors)) if n % 3 < 2 and (n % 10 == 0 or not solved)]
    )
    order = np.argsort(-(vectors[numbers] @ question), kind="stable")[:ASKED]
    return [f"TKT-{number:08X}" for number in numbers[order]]


async def asked(
    vectors: Vectors, questions: Matrix, truth: list[list[str]], *, solved: bool
) -> str:
    """Milliseconds and recall of one kind of question."""
    spent, found = [], []
    for question, expected in zip(questions, truth, strict=True):
        start = time.perf_counter()
        near = await vectors.find_nearest(
            question, "desk0", ASKED, but="", only_solved=solved
        )
        spent.append((time.perf_counter() - start) * 1000)
        found.append(len({one.ticket_id for one in near} & set(expected)) / ASKED)
    p50, p95 = np.percentile(spent, (50, 95))
    return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, recall@{ASKED} {np.mean(found):.4f}"


async def measure(
    vectors: Vectors, database: Database, known: Matrix, questions: Matrix
) -> None:
    """Print what searching and remembering take."""
    for solved in (False, True):
        truth = [exact(known, question, solved=solved) for question in questions]
        await asked(vectors, questions[:20], truth[:20], solved=solved)  # warm
        print(
            f"  {'solved only' if solved else 'of the desk'}: "
            f"{await asked(vectors, questions, truth, solved=solved)}"
        )
    async with database.open_write() as connection:
        names = TICKET.split(", ")
        new = [
            dict(zip(names, ticket_row(len(known) + number), strict=True))
            for number in range(NEW)
        ]
        for row in new:
            await connection.execute(
                insert(tickets).values(
                    row | {"metadata": {}, "received_at": NOW, "updated_at": NOW}
                )
            )
    start = time.perf_counter()
    for number in range(NEW):
        await vectors.store_fingerprint(
            f"TKT-{len(known) + number:08X}",
            "digest",
            questions[number % len(questions)],
        )
    print(
        f"  remembering: {NEW / (time.perf_counter() - start):.0f} tickets a second, one after "
        "the other"
    )


def megabytes() -> float:
    """What this process holds."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * resource.getpagesize() / 1e6


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long something takes."""
    start = time.perf_counter()
    yield
    print(f"  {what}: {time.perf_counter() - start:.1f} s")


async def on_sqlite(known: Matrix, questions: Matrix) -> None:
    """In memory, from a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors.db"
        await asyncio.to_thread(migrate_sqlite, path)
        database = SqliteDatabase(path)
        numbers = range(len(known))
        async with database.open_write() as connection:
            statement = f"INSERT INTO tickets ({TICKET}) VALUES ({', '.join('?' * 11)})"  # noqa: S608
            await connection.exec_driver_sql(
                statement, [ticket_row(number) for number in numbers]
            )
            columns = fingerprints.c.keys()
            rows = [
                dict(zip(columns, print_row(n, known[n]), strict=True)) for n in numbers
            ]
            await connection.execute(insert(fingerprints), rows)
            del rows
        vectors, before = BruteForceVectors(database, MODEL_NAME), megabytes()
        with timed("loading"):
            await vectors.load_index()
        print(f"  memory: {megabytes() - before:.0f} MB more in this process")
        await measure(vectors, database, known, questions)
        await database.close()


def fill(url: str, known: Matrix) -> None:
    """Store the tickets and their fingerprints, and print how long the indexes of the
    vectors take.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        register_vector(connection)
        indexes = connection.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname = ANY(%s)",
            [list(VECTOR_INDEXES)],
        )
        definitions = [row[0] for row in indexes.fetchall()]
        connection.execute(f"DROP INDEX {', '.join(VECTOR_INDEXES)}")
        with connection.cursor() as cursor:
            with cursor.copy(f"COPY tickets ({TICKET}) FROM STDIN") as copy:
                for number in range(len(known)):
                    copy.write_row(ticket_row(number))
            with cursor.copy(
                "COPY fingerprints FROM STDIN WITH (FORMAT BINARY)"
            ) as copy:
                copy.set_types(
                    [
                        "varchar",
                        "varchar",
                        "varchar",
                        "varchar",
                        "int4",
                        "varchar",
                        "bool",
                        "halfvec",
                    ]
                )
                for number, vector in enumerate(known):
                    copy.write_row(print_row(number, HalfVector(vector)))
        with timed("building the indexes"):
            for definition in definitions:
                connection.execute(definition)
        connection.execute("VACUUM ANALYZE fingerprints")
        size = connection.execute(
            "SELECT sum(pg_relation_size(name::regclass)) FROM unnest(%s::text[]) name",
            [list(VECTOR_INDEXES)],
        )
        print(f"  indexes of the vectors: {float(size.fetchone()[0]) / 1e6:.0f} MB")


async def asked_postgres(url: str, known: Matrix, questions: Matrix) -> None:
    """Over one connection."""
    database = PostgresDatabase(
        cast("PostgresAddress", database_address_of(url, Path()))
    )
    await measure(PgVectors(database, MODEL_NAME), database, known, questions)
    await database.close()


def on_postgres(known: Matrix, questions: Matrix) -> None:
    """On a server that is started for this."""
    with postgres_server(maintenance_work_mem="'1GB'") as server:
        server.make_template()
        url = server.fresh()
        fill(url, known)
        asyncio.run(asked_postgres(url, known, questions))


def main() -> None:
    """Measure both on the same vectors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--texts", type=int, default=6_000)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    chosen = parser.parse_args()
    known = read(chosen.texts)
    questions, known = known[:QUESTIONS], mixed(known[QUESTIONS:], chosen.tickets)
    print(
        f"{os.cpu_count()} cores; {chosen.tickets} tickets made of {chosen.texts} texts"
    )
    if chosen.only != "postgres":
        print("in memory:")
        asyncio.run(on_sqlite(known, questions))
    if chosen.only != "sqlite":
        print("pgvector:")
        on_postgres(known, questions)


if __name__ == "__main__":
    main()
