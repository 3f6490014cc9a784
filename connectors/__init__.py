"""Connectors: deliver effects to other systems."""
