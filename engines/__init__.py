"""What understands tickets: the local engine, and models."""
