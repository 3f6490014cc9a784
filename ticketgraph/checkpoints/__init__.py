"""Checkpoints of runs on SQLite and PostgreSQL, written in groups and fenced."""
