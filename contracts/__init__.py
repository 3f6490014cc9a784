"""The typed values that pass between nodes. Imports no other package of ours."""
