"""A slow model: the tests' model stub in its own process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.receiver import await_answer
from tests.conftest import free_port, process


@contextmanager
def run_slow_model(folder: Path, seconds: float) -> Iterator[dict[str, str]]:
    """A model whose calls take `seconds`. Yields the environment of a process that uses it."""
    port = free_port()
    program = ("-m", "tests.modelstub", "--port", str(port), "--delay", str(seconds))
    with process(log=folder / "model.log", program=program):
        await_answer(f"http://127.0.0.1:{port}/requests")
        yield {
            "LLM_PROVIDER": "compatible",
            "LLM_BASE_URL": f"http://127.0.0.1:{port}/v1",
            "LLM_API_KEY": "none",
            "DEFAULT_MODEL": "stub",
        }
