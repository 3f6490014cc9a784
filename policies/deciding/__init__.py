"""What happens to a ticket: pure functions of the facts and a desk's rules."""
