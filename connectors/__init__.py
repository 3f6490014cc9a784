"""What carries effects to other systems."""
