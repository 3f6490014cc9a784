"""Measurements: run by hand, reported in docs/. Nothing here runs in the tests."""
