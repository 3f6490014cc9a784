"""`python -m tests.modelstub --port 8090`.

The stub as a process, switched by POST /control, read by GET /requests.

curl -d '{"then": ["500", "ok"], "rejects": ["json_schema"]}' localhost:8090/control
"""

import argparse
import asyncio

from tests.modelstub import MODES, ModelStub


async def _serve(port: int, mode: str, delay: float) -> None:
    async with ModelStub(port) as stub:
        stub.mode, stub.delay = mode, delay
        print(stub.url, flush=True)  # noqa: T201 - for whoever started it
        await asyncio.Event().wait()


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--mode", choices=MODES, default="ok")
    parser.add_argument(
        "--delay", type=float, default=0.0, help="seconds before every answer"
    )
    given = parser.parse_args()
    asyncio.run(_serve(given.port, given.mode, given.delay))


if __name__ == "__main__":
    _main()
