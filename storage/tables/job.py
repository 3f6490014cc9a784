"""The job queue on SQLite; PostgreSQL has procrastinate's tables instead."""

from sqlalchemy import Column, Index, Integer, String, Table

from storage.database.columns import UtcDateTime
from storage.tables.metadata import metadata

jobs = Table(
    "jobs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(32), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("lock", String(160), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("ready_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("worker", String(64)),
    Column("leased_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "lock"),
    Index(None, "ready_at"),
    Index(None, "kind", "subject"),
)
"""One row an open job; a job that is done is deleted.

A worker holds the job until `leased_until`. `fence` is the fencing token: every lease
raises it, and a worker with an older one cannot settle the job. Of the jobs with one
`lock`, one runs at a time.
"""
