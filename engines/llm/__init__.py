"""The engine that asks a language model.

Offline, neither langchain's nor openai's client is imported.

From a node to a provider and back: engine.py (masks the ticket, fills a prompt, checks the
answer), ask.py (which model, how often; the only layer that retries), then engines/models:
budget.py (reserves and settles), gateway.py and breaker.py (whether and when a call may go
out), chat.py (one call), parse_answer.py (its text as a valid value). Back here,
checked_answers.py, or model_draft.py and grounding.py, turn that into our contracts.

assembly.py builds the engine from engines/models/settings.py and providers.py. Everything
that can go wrong is in engines/models/failures.py.
"""
