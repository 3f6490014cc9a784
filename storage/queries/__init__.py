"""What is asked of our tables, one module per subject."""
