"""What drivers raise when the database is away or full.

Nothing is wrong with the work, which can be done later.
"""

import sqlite3

import psycopg
import psycopg_pool
from sqlalchemy import exc

UNAVAILABLE_ERRORS = (
    exc.OperationalError,
    exc.InterfaceError,
    exc.TimeoutError,
    sqlite3.OperationalError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg_pool.PoolTimeout,
    psycopg_pool.PoolClosed,
)
"""Not reached, gone in between, all connections taken, no space left."""
