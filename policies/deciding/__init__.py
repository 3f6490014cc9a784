"""What happens to a ticket: pure decisions over facts and a desk's rules."""
