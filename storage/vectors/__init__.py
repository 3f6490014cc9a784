"""What tickets read like, and which read alike."""
