"""Our tables, a module a family, on one shared MetaData.

Import them from here: a table is in `metadata` only once its module is imported.
LangGraph's and procrastinate's tables live in the same database and are not described here.
"""

from storage.tables.approval import approvals
from storage.tables.audit_log import audit
from storage.tables.deadline import deadlines
from storage.tables.effect import outbox
from storage.tables.fingerprint import (
    FINGERPRINT_DIMENSIONS,
    VECTOR_INDEXES,
    fingerprints,
)
from storage.tables.job import jobs
from storage.tables.metadata import metadata
from storage.tables.run import runs, steps
from storage.tables.ticket import idempotency, tickets

__all__ = [
    "FINGERPRINT_DIMENSIONS",
    "VECTOR_INDEXES",
    "approvals",
    "audit",
    "deadlines",
    "fingerprints",
    "idempotency",
    "jobs",
    "metadata",
    "outbox",
    "runs",
    "steps",
    "tickets",
]
