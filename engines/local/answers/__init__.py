"""Which article answers a ticket alone, and what in a ticket rules that out."""
