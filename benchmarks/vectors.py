"""Speed and recall of the search for similar tickets, in memory (SQLite) and by pgvector.

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
"""Tickets stored one by one at the end."""

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
Matrix = NDArray[np.float32]


def read_texts(count: int) -> Iterator[str]:
    """Distinct texts: the examples first, then generated ones."""
    for path in sorted(
        (Path(__file__).parents[1] / "evals" / "examples").glob("*.jsonl")
    ):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield f"{row['subject']}\n\n{row['body']}"
    for row in corpus(count):
        yield f"{row['subject']}\n\n{row['body']}"


def embed_texts(count: int) -> Matrix:
    """Fingerprints [n, d] of so many texts, in random order."""
    embedder = Embedder.load()
    every = list(read_texts(count))
    chosen = random.Random(7).sample(every, min(count, len(every)))
    return np.stack(
        [build_fingerprint(one, embedder.embed([one])[0]) for one in chosen]
    )


def mix_vectors(known: Matrix, count: int) -> Matrix:
    """Vectors [count, d] mixed from known ones, rounded to 16 bits as the databases have them."""
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
    """A ticket's row; one in ten is solved, one in three is of the other desk."""
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


def fingerprint_row(number: int, vector: Any) -> tuple[Any, ...]:
    """The row of a ticket's fingerprint."""
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


def find_exact(vectors: Matrix, question: Matrix, *, solved: bool) -> list[str]:
    """The true nearest tickets of the first desk."""
    numbers = np.array(
        [n for n in range(len(vectors)) if n % 3 < 2 and (n % 10 == 0 or not solved)]
    )
    order = np.argsort(-(vectors[numbers] @ question), kind="stable")[:ASKED]
    return [f"TKT-{number:08X}" for number in numbers[order]]


async def measure_search(
    vectors: Vectors, questions: Matrix, truth: list[list[str]], *, solved: bool
) -> str:
    """Latency and recall of one kind of search, as text."""
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
    """Print how long searching and storing take."""
    for solved in (False, True):
        truth = [find_exact(known, question, solved=solved) for question in questions]
        await measure_search(vectors, questions[:20], truth[:20], solved=solved)  # warm
        print(
            f"  {'solved only' if solved else 'of the desk'}: "
            f"{await measure_search(vectors, questions, truth, solved=solved)}"
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
        f"  storing: {NEW / (time.perf_counter() - start):.0f} tickets a second, one after "
        "the other"
    )


def megabytes() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * resource.getpagesize() / 1e6


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long something takes."""
    start = time.perf_counter()
    yield
    print(f"  {what}: {time.perf_counter() - start:.1f} s")


async def on_sqlite(known: Matrix, questions: Matrix) -> None:
    """Measure the search in memory, on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors.db"
        await asyncio.to_thread(migrate_sqlite, path)
        database = SqliteDatabase(path)
        numbers = range(len(known))
        async with database.open_write() as connection:
            marks = ", ".join("?" * 11)
            statement = f"INSERT INTO tickets ({TICKET}) VALUES ({marks})"  # noqa: S608
            await connection.exec_driver_sql(
                statement, [ticket_row(number) for number in numbers]
            )
            columns = fingerprints.c.keys()
            rows = [
                dict(zip(columns, fingerprint_row(n, known[n]), strict=True))
                for n in numbers
            ]
            await connection.execute(insert(fingerprints), rows)
            del rows
        vectors, before = BruteForceVectors(database, MODEL_NAME), megabytes()
        with timed("loading"):
            await vectors.load_index()
        print(f"  memory: {megabytes() - before:.0f} MB more in this process")
        await measure(vectors, database, known, questions)
        await database.close()


FINGERPRINT_TYPES = [*["varchar"] * 4, "int4", "varchar", "bool", "halfvec"]


def fill_postgres(url: str, known: Matrix) -> None:
    """Store tickets and fingerprints, then print how long the vector indexes take to build."""
    with psycopg.connect(url, autocommit=True) as connection:
        register_vector(connection)
        names = list(VECTOR_INDEXES)
        indexes = connection.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname = ANY(%s)", [names]
        )
        definitions = [row[0] for row in indexes.fetchall()]
        connection.execute(f"DROP INDEX {', '.join(names)}")
        copy_rows(connection, known)
        with timed("building the indexes"):
            for definition in definitions:
                connection.execute(definition)
        connection.execute("VACUUM ANALYZE fingerprints")
        size = connection.execute(
            "SELECT sum(pg_relation_size(name::regclass)) FROM unnest(%s::text[]) name",
            [names],
        )
        print(f"  indexes of the vectors: {float(size.fetchone()[0]) / 1e6:.0f} MB")


def copy_rows(connection: psycopg.Connection[Any], known: Matrix) -> None:
    """COPY the tickets and their fingerprints."""
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY tickets ({TICKET}) FROM STDIN") as copy:
            for number in range(len(known)):
                copy.write_row(ticket_row(number))
        with cursor.copy("COPY fingerprints FROM STDIN WITH (FORMAT BINARY)") as copy:
            copy.set_types(FINGERPRINT_TYPES)
            for number, vector in enumerate(known):
                copy.write_row(fingerprint_row(number, HalfVector(vector)))


async def search_postgres(url: str, known: Matrix, questions: Matrix) -> None:
    """Measure pgvector over one connection."""
    database = PostgresDatabase(
        cast("PostgresAddress", database_address_of(url, Path()))
    )
    await measure(PgVectors(database, MODEL_NAME), database, known, questions)
    await database.close()


def on_postgres(known: Matrix, questions: Matrix) -> None:
    """Measure pgvector on a new server."""
    with postgres_server(maintenance_work_mem="'1GB'") as server:
        server.make_template()
        url = server.fresh()
        fill_postgres(url, known)
        asyncio.run(search_postgres(url, known, questions))


def main() -> None:
    """Measure both with the same vectors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--texts", type=int, default=6_000)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    chosen = parser.parse_args()
    known = embed_texts(chosen.texts)
    questions, known = known[:QUESTIONS], mix_vectors(known[QUESTIONS:], chosen.tickets)
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
