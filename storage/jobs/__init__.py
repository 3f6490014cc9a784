"""What is to be done, and who does it.

One port, a table on SQLite and procrastinate on PostgreSQL.
"""
