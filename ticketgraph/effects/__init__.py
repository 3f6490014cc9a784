"""The outbox: what leaves the system, and the sender that delivers it."""
