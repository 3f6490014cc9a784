"""Calls of language models: providers, retries, circuit breaker, budgets, prices, parsing."""
