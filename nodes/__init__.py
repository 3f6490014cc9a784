"""One file, one function, one node id. Nodes reach the world through `nodes.services` only."""
