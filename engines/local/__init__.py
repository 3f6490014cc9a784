"""The local engine: no model API, no network."""
