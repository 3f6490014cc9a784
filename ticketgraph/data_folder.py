"""One process a data folder: a second copy would run everything twice."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contracts.errors import UnavailableError


@contextmanager
def hold_data_folder(folder: Path) -> Iterator[None]:
    """Hold the folder, made if it is missing.

    Raises UnavailableError when another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "ticketgraph.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UnavailableError(
                f"Another ticketgraph uses the data folder {folder}. "
                "Stop it, or choose another with DATA_DIR or DATABASE_URL."
            ) from None
        yield
