"""The tables.

LangGraph's own checkpoint tables live in the same database and are not described here.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.database.columns import HalfVector, UtcDateTime

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING_CONVENTION)

FINGERPRINT_DIMENSIONS = 896
"""Numbers in a fingerprint."""

VECTOR_INDEXES = ("ix_fingerprints_vector", "ix_fingerprints_solved")
"""Indexes that only PostgreSQL has: migration 0006 makes them, and no Table describes them."""

tickets = Table(
    "tickets",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("desk", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("customer", String(400)),
    Column("customer_id", String(100)),
    Column("customer_email", String(320)),
    Column("customer_name", String(200)),
    Column("metadata", JSON, nullable=False),
    Column("source", String(40), nullable=False),
    Column("source_id", String(255)),
    Column("received_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("status", String(32), nullable=False),
    Column("category", String(64)),
    Column("severity", String(16)),
    Column("priority", String(16)),
    Column("assigned_team", String(64)),
    Column("duplicate_of", String(64)),
    Column("solution", Text),
    Column("due_at", UtcDateTime),
    Index(None, "status"),
    Index(None, "received_at"),
    Index(None, "customer", "received_at"),
    Index(
        "ix_tickets_source_id",
        "desk",
        "source",
        "source_id",
        unique=True,
        sqlite_where=text("source_id IS NOT NULL"),
        postgresql_where=text("source_id IS NOT NULL"),
    ),
)
"""`customer` is Ticket.customer; `solution` is what solved it, for tickets that were solved.

`due_at` is when the first answer is due, by the SLA of its severity.
"""

idempotency = Table(
    "idempotency",
    metadata,
    Column("scope", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column(
        "ticket_id",
        String(64),
        ForeignKey("tickets.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("run_id", String(64)),
    Column("created_at", UtcDateTime, nullable=False, index=True),
)
"""Which request a caller's key stands for. `digest` is of that request.

`run_id` None where a ticket is only stored.
"""

fingerprints = Table(
    "fingerprints",
    metadata,
    Column(
        "ticket_id",
        String(64),
        ForeignKey("tickets.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("model", String(64), nullable=False),
    Column("desk", String(64), nullable=False),
    Column("customer", String(400)),
    Column("place", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("solved", Boolean, nullable=False),
    Column("vector", HalfVector(FINGERPRINT_DIMENSIONS), nullable=False),
    Index(None, "desk", "customer", "place", unique=True),
)
"""What a ticket reads like, comparable within one `model`.

`place` is 1 for the first ticket of this customer that the desk remembered: who came first
is who was remembered first, whatever the clocks say. 0 without a customer. `digest` is
equal for the same text; empty for what is older than it.
"""

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
"""`epoch` counts who has gone on with the run.

Whoever has an older one may write nothing of it any more.

`begun` counts how often somebody went on with it since it last rested, `attempts` how often
it failed; `pruned_at` says since when its checkpoints are gone.
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

"""`usage` is what its model calls came to (contracts.usage.Usage).

None for a step that made none.
"""

approvals = Table(
    "approvals",
    metadata,
    Column("id", String(64), primary_key=True),
    Column(
        "run_id", String(64), ForeignKey("runs.id", ondelete="CASCADE"), nullable=False
    ),
    Column("ticket_id", String(64), nullable=False),
    Column("interrupt_id", String(64), nullable=False),
    Column("request", JSON, nullable=False),
    Column("shown_hash", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("decision", JSON),
    Column("decided_by", String(200)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("decided_at", UtcDateTime),
    Column("expires_at", UtcDateTime, nullable=False),
    UniqueConstraint("run_id", "interrupt_id"),
    Index(None, "status"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(128), nullable=False, unique=True),
    Column("ticket_id", String(64), nullable=False, index=True),
    Column("run_id", String(64), nullable=False),
    Column("action", String(32), nullable=False),
    Column("target", String(320), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("started_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("remote_id", String(200)),
    Column("error", Text),
    Index(None, "status"),
)
"""The ledger of effects.

The unique `key` is what makes each happen at most once, and the marker at the receiver.

`attempts` counts the times that it was about to be sent, `started_at` is the last of them:
whoever began an earlier one may not settle it. `remote_id` is what the receiver calls it.
"""

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
"""What is to be done, on SQLite. A row is somebody's (`worker`) until `leased_until`.

Done, it is gone.

`fence` counts the leases: whoever had an earlier one may not finish it. Of one `lock` one
row at a time is done.
"""

deadlines = Table(
    "deadlines",
    metadata,
    Column("key", String(160), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column(
        "ticket_id",
        String(64),
        ForeignKey("tickets.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("subject", String(64), nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
    Index(
        "ix_deadlines_due",
        "due_at",
        sqlite_where=text("done_at IS NULL"),
        postgresql_where=text("done_at IS NULL"),
    ),
)
"""What is to happen at a time.

`subject` is the ticket or the approval, `key` its kind and subject.
"""

audit = Table(
    "audit",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("at", String(27), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("ticket_id", String(64), nullable=False, index=True),
    Column("run_id", String(64)),
    Column("actor", String(200), nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
"""Who decided what, and by which rules. Rows are only ever added.

`at` and `detail` are kept as the very words that are hashed, which no type of a database
can write in another way.
"""
