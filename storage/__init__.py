"""The database: our tables hold the state of tickets, runs, approvals and effects."""
