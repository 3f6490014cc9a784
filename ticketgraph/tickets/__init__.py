"""How a ticket comes in."""
