"""`ticketgraph graph`: the graph as it is compiled."""

import typer


def graph() -> None:
    """Print the graph in Mermaid's language.

    Example: ticketgraph graph > graph.mmd
    """
    from graph.build import build_graph

    typer.echo(build_graph().get_graph().draw_mermaid())
