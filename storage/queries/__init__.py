"""Queries and changes of our tables, a module a subject."""
