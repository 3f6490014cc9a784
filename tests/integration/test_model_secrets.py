"""Keys, customers and their words: in no log and in no answer, whatever fails.

Wrong settings stop the start.
"""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.conftest import REPOSITORY, serving
from tests.modelstub import ModelStub

KEY = "sk-4242-do-not-show"
EMAIL = "zebedee.quux@example.com"
WORDS = "Marmaduke"
FAILURES = (
    *(
        "malformed",
        "ok",
        "wrongschema",
        "ok",
        "500",
        "ok",
        "drop",
        "ok",
        "html",
        "ok",
        "400",
        "ok",
        "truncated",
        "ok",
    ),
    *(
        "refusal",
        "429",
        "ok",
        "moderated",
        "toolong",
        "ok",
        "badjson",
        "ok",
        "quota",
        "ok",
        "errorbody",
        "ok",
        "401",
    ),
)
"""Each is heard of: a good answer in between keeps the circuit closed until the key is refused."""


async def test_debug_logs_of_failing_calls_hold_no_secret(
    stub: ModelStub, tmp_path: Path
) -> None:
    stub.reset()
    calls = {"RETRY_MAX_ATTEMPTS": "1", "LLM_CACHE_SIZE": "0"}
    with serving(
        tmp_path,
        None,
        LOG_LEVEL="debug",
        LLM_BASE_URL=stub.url,
        LLM_API_KEY=KEY,
        **calls,
    ) as server:
        async with httpx.AsyncClient(base_url=server.url, timeout=300) as client:
            stub.then(*FAILURES)
            ticket = {
                "subject": f"{WORDS} charged twice",
                "body": f"My {WORDS} was charged.",
                "customer_email": EMAIL,
            }
            steps = [
                f"/api/v1/workflow/{name}" for name in ("classify", "extract")
            ] * 13
            seen = [
                (await client.post(step, json={"ticket": ticket})).text
                for step in steps
            ]
            done = await client.post(
                "/api/v1/workflow/process", json={"ticket": ticket}
            )
            seen += [
                done.text,
                (await client.get("/health")).text,
                (await client.get("/metrics")).text,
            ]
    assert done.json()["degraded"]
    assert len(stub.requests) >= 25
    assert {request.headers["Authorization"] for request in stub.requests} == {
        f"Bearer {KEY}"
    }
    log = (tmp_path / "server.log").read_text(encoding="utf-8")
    assert '"event": "model call failed"' in log
    for secret in (KEY, EMAIL, WORDS):
        assert secret not in log
    assert KEY not in "".join(seen)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("LLM_PROVIDER", "skynet", "A setting cannot be used: llm_provider"),
        ("LLM_BASE_URL", "models.example", "A setting cannot be used: llm_base_url"),
        ("MAX_TOKENS", "many", "A setting cannot be used: max_tokens"),
        ("TEMPERATURE", "9", "A setting cannot be used: temperature"),
        ("OPENAI_API_KEY", f"{KEY}\u00e9", "A setting cannot be used: openai_api_key"),
        ("METRICS_PORT", "0", "A setting cannot be used: metrics_port"),
        (
            "PROMETHEUS_METRICS_ENABLED",
            "perhaps",
            "A setting cannot be used: prometheus_metrics_enabled",
        ),
        (
            "LLM_PROVIDER",
            "",
            "LLM_API_KEY is set, but not whose key it is: set LLM_PROVIDER or LLM_BASE_URL.",
        ),
        (
            "LLM_PROVIDER",
            "azure",
            "DEFAULT_MODEL is not set, and azure has no model of its own",
        ),
        (
            "LLM_PROVIDER",
            "compatible",
            "LLM_BASE_URL is not set: compatible has no address of its own.",
        ),
        ("LLM_PRICES", "nowhere.yaml", "The price table nowhere.yaml cannot be read"),
    ],
)
def test_a_wrong_value_stops_the_start_with_a_sentence(
    tmp_path: Path, name: str, value: str, words: str
) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "server.cli",
            "serve",
            "--port",
            "0",
            "--data-dir",
            str(tmp_path),
        ],
        cwd=tmp_path,
        env=os.environ
        | {"PYTHONPATH": str(REPOSITORY), "LLM_API_KEY": KEY, name: value},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: {words}")
    assert len(done.stderr.splitlines()) == 1
    assert KEY not in done.stdout + done.stderr
