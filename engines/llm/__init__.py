"""The engine that asks a language model.

Offline, nothing of langchain's or openai's clients is imported.

The main path, from a node to a provider and back: engine.py (masks, fills a prompt, checks
what comes of it), asking.py (which model, how often; the only layer that tries again),
budget.py (reserves and settles), gateway.py and breaker.py (whether and when a call may go
out), chat.py (one call), reading.py (its text as a valid value), then understanding.py, or
drafting.py and grounding.py (from that to our contracts).

assembly.py puts it together from settings.py and providers.py. Whatever goes wrong is in
failures.py.
"""
