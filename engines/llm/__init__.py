"""The engine that asks a language model. Nothing of langchain or openai is imported before the first call."""
