"""Texts as vectors, on the CPU and with no network."""
