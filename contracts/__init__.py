"""The typed things that pass between nodes. Imports nothing of ours."""
