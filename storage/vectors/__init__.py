"""Vectors of tickets, and the search for similar ones."""
