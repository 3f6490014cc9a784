"""Our tables: the truth for tickets, runs, approvals and effects."""
