"""What a working process does besides: the deadline clock and maintenance."""
