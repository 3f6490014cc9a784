"""Tickets a second and latency of one server by number of clients, and where the time goes.

    python -m benchmarks.speed --clients 1 16 100 300 --tickets 400

Over HTTP, on a new SQLite database; every ticket is another text of another customer
(benchmarks/corpus.py), so no duplicate takes its short cut.
"""

import argparse
import asyncio
import os
import platform
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.corpus import tickets
from tests.conftest import serving

PATH = "/api/v1/workflow/process"


async def send_load(
    url: str, corpus: Iterator[dict[str, str]], clients: int, count: int
) -> list[tuple[float, Any]]:
    """Send `count` tickets by so many clients at once.

    Returns the seconds and the answer of each; the answer is None on any error.
    """
    done: list[tuple[float, Any]] = []
    left = iter(range(count))

    async def client(session: aiohttp.ClientSession) -> None:
        for _ in left:
            ticket = next(corpus)
            body = {
                "subject": ticket["subject"],
                "body": ticket["body"],
                "customer_email": ticket["email"],
            }
            start = time.perf_counter()
            async with session.post(url + PATH, json={"ticket": body}) as response:
                answer = await response.json() if response.status == 200 else None
            done.append((time.perf_counter() - start, answer))

    connector = aiohttp.TCPConnector(limit=clients)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(client(session) for _ in range(clients)))
    return done


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far, user and system."""
    fields = (
        Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    )
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentile(values: list[float], share: float) -> float:
    """A percentile of values in seconds, in milliseconds."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] * 1000


async def measure(url: str, pid: int, clients: list[int], count: int) -> None:
    """Print a row for each number of clients, then the mean time of each step with one client."""
    corpus = tickets(count * (len(clients) + 2))
    await send_load(url, corpus, 8, 40)  # warm
    print("clients  tickets/s  p50 ms  p95 ms  CPU ms/ticket  errors  paths")
    for number in clients:
        before, start = cpu_seconds(pid), time.perf_counter()
        done = await send_load(url, corpus, number, max(count, number))
        seconds, used = time.perf_counter() - start, cpu_seconds(pid) - before
        times = [spent for spent, _ in done]
        paths = Counter(
            answer["disposition"] if answer else "error" for _, answer in done
        )
        shares = ", ".join(
            f"{name} {many / len(done):.0%}" for name, many in paths.most_common()
        )
        row = (
            f"{number:7} {len(done) / seconds:10.1f} {percentile(times, 0.5):7.1f} "
            f"{percentile(times, 0.95):7.1f}"
        )
        print(f"{row} {used / len(done) * 1000:14.1f} {paths['error']:7}  {shares}")
        if number == 1:
            show_steps(
                [answer for _, answer in done if answer], statistics.mean(times) * 1000
            )


def show_steps(answers: list[Any], whole: float) -> None:
    """Print the mean time of each step of a run."""
    spent: dict[str, list[float]] = defaultdict(list)
    for answer in answers:
        for step in answer["workflow_steps"]:
            spent[step["step_name"]].append(step["duration_ms"])
    steps = ", ".join(
        f"{name} {statistics.mean(times):.1f}" for name, times in spent.items()
    )
    print(
        f"         of {whole:.1f} ms: {steps}; the rest is HTTP, the graph, checkpoints and tables"
    )


def main() -> None:
    """Start a server on a new data folder and measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16, 100, 300])
    parser.add_argument("--tickets", type=int, default=400)
    chosen = parser.parse_args()
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}"
    )
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as server:
        asyncio.run(measure(server.url, server.pid, chosen.clients, chosen.tickets))


if __name__ == "__main__":
    main()
