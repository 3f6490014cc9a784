"""Cleaning: what the `sanitize` node needs, as pure functions over text."""

from text.cleaning.cleaner import TextCleaner

__all__ = ["TextCleaner"]
