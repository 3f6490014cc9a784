"""The audit log's hash chain: each record's hash covers the record and the hash before it.

Whoever keeps the newest hash can later verify that nothing before it was changed (Haber and
Stornetta, How to Time-Stamp a Digital Document, 1991).
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

GENESIS_HASH = sha256(b"ticketgraph audit log, format 1").hexdigest()
"""The hash before the first record. Another record format would need another value."""

HASHED_COLUMNS = (
    "actor",
    "at",
    "detail",
    "kind",
    "previous_hash",
    "run_id",
    "ticket_id",
)
"""The columns that a hash covers, as stored. `previous_hash` covers the record's place."""


def canonical_json(value: Mapping[str, Any]) -> str:
    """A value as canonical JSON: keys sorted, no spaces, ASCII.

    Raises TypeError or ValueError for values that JSON does not have.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def hash_record(record: Mapping[Any, Any]) -> str:
    """SHA-256 of a record's HASHED_COLUMNS, hexadecimal.

    Raises TypeError or ValueError for values that JSON does not have.
    """
    return sha256(
        canonical_json({name: record[name] for name in HASHED_COLUMNS}).encode()
    ).hexdigest()


def format_time(at: datetime) -> str:
    """A time as it is stored and hashed: UTC, microseconds, 27 characters, so it sorts as text.

    Raises ValueError for a naive time.
    """
    if at.tzinfo is None:
        raise ValueError("A time without a zone cannot be stored.")
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
