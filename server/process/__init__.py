"""The long-running processes: the server and the worker."""
