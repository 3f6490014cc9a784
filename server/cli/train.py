"""`ticketgraph train`: fits a desk on labelled tickets."""

from pathlib import Path
from typing import Annotated

import typer

from contracts.errors import InputError
from server.cli.desks import find_desk_folder
from server.cli.terminal.output import result_console

Files = Annotated[
    list[Path],
    typer.Argument(exists=True, dir_okay=False, help="Labelled tickets as JSON lines."),
]


def train(
    desk: Annotated[str, typer.Argument(help="The desk's id or folder.")],
    files: Files,
) -> None:
    """Fit a desk on labelled tickets: writes its learned.npz, vectors.npz and calibration.yaml.

    Needs scikit-learn, which running does not.

    Example: ticketgraph train customer_support evals/examples/customer_support.jsonl
    """
    try:
        from evals.training import train_desk as fit
    except ModuleNotFoundError as missing:
        raise InputError(
            f"Training needs {missing.name}: install scikit-learn, then train again."
        ) from None
    folder = find_desk_folder(desk)
    fitted = fit(folder, files)
    for name, value in fitted.model_dump().items():
        result_console().print(
            f"{name:20} {value:.3f}"
            if isinstance(value, float)
            else f"{name:20} {value}"
        )
