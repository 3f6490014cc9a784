"""The job queue: one port, on SQLite a table of leased rows, on PostgreSQL procrastinate."""
