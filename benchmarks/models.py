"""Tickets through a model: how fast when it works, and what happens when its calls fail.

    python -m benchmarks.models --llm-url http://127.0.0.1:8690/v1 --parts one load failures

The URL is that of a fake model which speaks OpenAI's chat completions and takes, at its
root, POST /control {"mode", "delay", "fail_rate"}, POST /reset, and GET /stats with the
number of `calls`. Every figure is of a real server on a data folder of its own, over real
HTTP; every ticket is another text of another customer.

  one        one ticket after the other: the median of five, and where its time goes
  load       many clients at once
  failures   each way to fail, of all calls and of 30 %: a few tickets, then thirty at once
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from benchmarks.corpus import tickets
from benchmarks.speed import percentile, send_load, show_steps
from tests.conftest import ServerProcess, serving

MODES = (
    "500",
    "503",
    "429",
    "401",
    "timeout",
    "drop",
    "malformed",
    "truncated",
    "fenced",
    "wrongschema",
    "empty",
    "nochoices",
    "html",
)
RATES = (1.0, 0.3)
FEW, THIRTY = 6, 30
FAILING_DELAY = 0.1
"""Seconds that a call takes in the measurements of failures."""


class FakeModel:
    """The fake model's controls."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.root = urljoin(url, "/")

    def control(self, **wanted: Any) -> None:
        """Change its behaviour and reset its counts."""
        httpx.post(f"{self.root}control", json=wanted).raise_for_status()
        httpx.post(f"{self.root}reset").raise_for_status()

    def calls(self) -> int:
        """Calls since `control`."""
        return httpx.get(f"{self.root}stats").raise_for_status().json()["calls"]

    @contextmanager
    def server(self) -> Iterator[ServerProcess]:
        """A new server that uses it, with closed circuits."""
        model = {
            "LLM_BASE_URL": self.url,
            "LLM_API_KEY": "none",
            "DEFAULT_MODEL": "fake",
        }
        with (
            tempfile.TemporaryDirectory() as folder,
            serving(Path(folder), None, LLM_PROVIDER="compatible", **model) as server,
        ):
            yield server


def circuits(server: ServerProcess) -> str:
    """The circuits' states in /health."""
    known = httpx.get(f"{server.url}/health").json()["models"]
    return ", ".join(model["circuit"] for model in known)


def calls_of(answer: Any) -> list[int]:
    """The number of calls of each step that called a model."""
    return [
        step["usage"]["calls"]
        for step in answer["workflow_steps"]
        if step["usage"]["calls"]
    ]


def measure_one(model: FakeModel, delay: float) -> None:
    """Measure single tickets, one after the other."""
    model.control(mode="ok", delay=delay, fail_rate=1.0)
    corpus = tickets(6)
    with model.server() as server:
        asyncio.run(send_load(server.url, corpus, 1, 1))  # the first connection
        done = asyncio.run(send_load(server.url, corpus, 1, 5))
    times = [spent for spent, _ in done]
    print(
        f"one ticket: median {statistics.median(times):.3f} s of "
        f"{', '.join(f'{t:.3f}' for t in times)}"
    )
    print(
        f"         calls: {[sum(calls_of(answer)) for _, answer in done]}, delay {delay:g} s a call"
    )
    show_steps([answer for _, answer in done], statistics.mean(times) * 1000)


def measure_load(model: FakeModel, delay: float, clients: int, count: int) -> None:
    """Measure many clients at once, on a warm server."""
    model.control(mode="ok", delay=delay, fail_rate=1.0)
    corpus = tickets(count + 16)
    with model.server() as server:
        asyncio.run(send_load(server.url, corpus, 8, 16))
        start = time.perf_counter()
        done = asyncio.run(send_load(server.url, corpus, clients, count))
        seconds = time.perf_counter() - start
    times, answers = (
        [spent for spent, _ in done],
        [answer for _, answer in done if answer],
    )
    print(
        f"{clients} clients, {count} tickets: {count / seconds:.1f}/s, p50 "
        f"{percentile(times, 0.5):.0f} ms, "
        f"p95 {percentile(times, 0.95):.0f} ms, answered {len(answers)}, by the model alone "
        f"{sum(not answer['degraded'] for answer in answers)}"
    )


def measure_failure(model: FakeModel, mode: str, rate: float) -> None:
    """Measure a few tickets in sequence, then thirty at once, while calls fail in this way."""
    corpus = tickets(FEW + THIRTY)
    model.control(mode=mode, delay=FAILING_DELAY, fail_rate=rate)
    with model.server() as server:
        done = asyncio.run(send_load(server.url, corpus, 1, FEW))
        before, state = model.calls(), circuits(server)
        done += asyncio.run(send_load(server.url, corpus, THIRTY, THIRTY))
        after = model.calls() - before
    answers = [answer for _, answer in done if answer]
    degraded = sum(answer["degraded"] for answer in answers) / max(1, len(answers))
    most = max((calls for answer in answers for calls in calls_of(answer)), default=0)
    row = (
        f"{mode:12} {rate:4.0%} {len(answers):5}/{len(done)} {degraded:9.0%} "
        f"{max(t for t, _ in done):8.2f} s"
    )
    print(f"{row} {most:11} {before:10} {state or '-':>10} {after:16}", flush=True)


def main() -> None:
    """Measure what was chosen."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--llm-url", required=True)
    parser.add_argument(
        "--parts",
        nargs="+",
        choices=["one", "load", "failures"],
        default=["one", "load", "failures"],
    )
    parser.add_argument(
        "--delay",
        type=float,
        default=1.0,
        help="seconds a call takes when the model works",
    )
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--tickets", type=int, default=500)
    parser.add_argument("--modes", nargs="+", default=MODES)
    parser.add_argument("--rates", type=float, nargs="+", default=RATES)
    chosen = parser.parse_args()
    model = FakeModel(chosen.llm_url)
    if "one" in chosen.parts:
        measure_one(model, chosen.delay)
    if "load" in chosen.parts:
        measure_load(model, chosen.delay, chosen.clients, chosen.tickets)
    if "failures" in chosen.parts:
        print(
            "mode         rate answered  degraded    slowest  calls/step  first calls  circuit "
            " calls of thirty"
        )
        for mode in chosen.modes:
            for rate in chosen.rates:
                measure_failure(model, mode, rate)


if __name__ == "__main__":
    main()
