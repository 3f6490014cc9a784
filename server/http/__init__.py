"""Handling that every HTTP request shares: limits, strict JSON, problem details, Prefer."""
