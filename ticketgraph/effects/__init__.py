"""The outbox of effects, and the sender that delivers them."""
