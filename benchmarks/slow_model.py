"""A model that takes its time: the tests' stub in a process of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.receiver import await_answer
from tests.conftest import free_port, process


@contextmanager
def thinking(folder: Path, seconds: float) -> Iterator[dict[str, str]]:
    """A model whose every call takes so many seconds.

    Gives the environment of a process that is to ask it.
    """
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
