"""How severe a ticket is, by deterministic signals in its text."""
