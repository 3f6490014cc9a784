"""The arithmetic of the audit log.

Every record's hash covers its words and the hash of the record before it.

After Haber and Stornetta, How to Time-Stamp a Digital Document (1991): who knows the newest
hash can tell that nothing before it was changed.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

GENESIS_HASH = sha256(b"ticketgraph audit log, format 1").hexdigest()
"""What the first record names as the hash before it.

Another format of records would need another one.
"""

HASHED_COLUMNS = (
    "actor",
    "at",
    "detail",
    "kind",
    "previous_hash",
    "run_id",
    "ticket_id",
)
"""The columns that a hash covers, as they are stored.

A record's place is covered by `previous_hash`.
"""


def canonical_json(value: Mapping[str, Any]) -> str:
    """The one way to write a value as JSON: keys sorted, no spaces, ASCII.

    Raises ValueError, TypeError for others.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def hash_record(record: Mapping[Any, Any]) -> str:
    """SHA-256, hexadecimal, of what a record says and follows.

    Raises TypeError, ValueError for values that no record of ours has.
    """
    return sha256(
        canonical_json({name: record[name] for name in HASHED_COLUMNS}).encode()
    ).hexdigest()


def format_time(at: datetime) -> str:
    """A time as it is stored and hashed.

    UTC, microseconds, always 27 characters, so that it sorts as text.

    Raises ValueError for a time without a zone.
    """
    if at.tzinfo is None:
        raise ValueError("A time without a zone cannot be stored.")
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
