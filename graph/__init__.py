"""The graph: its state, its nodes and edges, and the choices between them."""
