"""Runs and their steps."""

from sqlalchemy import (
    JSON,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from storage.database.columns import UtcDateTime
from storage.tables.metadata import metadata

runs = Table(
    "runs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column(
        "ticket_id",
        String(64),
        ForeignKey("tickets.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("flow_version", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("options", JSON, nullable=False),
    Column("forked_from", String(64)),
    Column("attempts", Integer, nullable=False, default=0),
    Column("epoch", Integer, nullable=False, server_default="0"),
    Column("begun", Integer, nullable=False, server_default="0"),
    Column("result", JSON),
    Column("error", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("pruned_at", UtcDateTime),
    Index(None, "ticket_id"),
    Index(None, "status"),
)
"""One row a run of a ticket through the graph.

`epoch` is the fencing token: each worker that claims the run raises it, and writes that
carry an older one are refused. `begun` counts claims since the run last waited for a
person or ended, `attempts` counts failures; `pruned_at` is when its checkpoints were
deleted.
"""

steps = Table(
    "steps",
    metadata,
    Column(
        "run_id",
        String(64),
        ForeignKey("runs.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("position", Integer, primary_key=True),
    Column("step_name", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("duration_ms", Float, nullable=False),
    Column("error", Text),
    Column("engine", String(16)),
    Column("prompt_version", String(64)),
    Column("tokens_used", Integer, nullable=False),
    Column("usage", JSON),
    Column("cost_usd", Float, nullable=False, server_default="0"),
    Index(
        "ix_steps_paid",
        "started_at",
        sqlite_where=text("cost_usd > 0"),
        postgresql_where=text("cost_usd > 0"),
    ),
)
"""One row a node that a run went through, in order of `position`.

`usage` adds up the step's model calls (contracts.usage.Usage); null without one.
"""
