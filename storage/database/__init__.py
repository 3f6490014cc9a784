"""How the database is reached: addresses, connections, transactions, timeouts."""
