"""Reads and checks a folder of desks."""
