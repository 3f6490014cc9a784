"""Notifies waiting requests, in this and other processes, that a run was saved or settled."""
