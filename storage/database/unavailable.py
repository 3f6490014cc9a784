"""The drivers' errors that mean an unavailable or full database: the work can be retried."""

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
"""Unreachable, connection lost, pool exhausted, disk full."""
