"""Prints a benchmark's results and the violated guarantees."""

from collections.abc import Mapping, Sequence


def show_table(rows: Mapping[str, object], faults: Sequence[str]) -> None:
    """Print names and values, one a line, then the faults."""
    for name, value in rows.items():
        print(f"{name:24}{value}")
    for fault in faults:
        print(f"  {fault}")
