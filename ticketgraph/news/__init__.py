"""Tells waiting requests that a run has moved."""
