"""How a benchmark shows what it met, and every promise that was broken."""

from collections.abc import Mapping, Sequence


def show_table(rows: Mapping[str, object], faults: Sequence[str]) -> None:
    """Print names and values below one another, then the faults."""
    for name, value in rows.items():
        print(f"{name:24}{value}")
    for fault in faults:
        print(f"  {fault}")
