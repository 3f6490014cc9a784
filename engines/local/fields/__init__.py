"""Fields of a ticket by patterns: no model, no network, linear time on any text."""

from engines.local.fields.extraction import extract_fields

__all__ = ["extract_fields"]
