"""Typed, versioned prompts."""
