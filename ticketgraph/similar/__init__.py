"""Finds similar and duplicate tickets."""
