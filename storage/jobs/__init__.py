"""What is to be done, and who does it: one port, a table on SQLite and procrastinate on PostgreSQL."""
