"""`ticketgraph doctor`: what is wrong with the model, in words, and as an exit code."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engines.models.providers import PROVIDERS
from server.cli import app
from tests.conftest import REPOSITORY, free_port
from tests.modelstub import ModelStub

KEY = "sk-4242-do-not-show"
PAGE = (REPOSITORY / "docs/models.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^### (.+)\n\n```ini\n((?:\w+=.+\n)+)```$", PAGE, re.MULTILINE)

NO_DATABASE = "database   note There is none yet: data/ticketgraph.db is made by ticketgraph serve."

Doctor = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def doctor(stub: ModelStub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Doctor:
    """Runs the command in this environment: its exit code, and all that it says of the models."""
    stub.reset()
    monkeypatch.chdir(tmp_path)

    async def run(*options: str, **environment: str) -> tuple[int, str]:
        given = {
            "LLM_BASE_URL": stub.url,
            "LLM_API_KEY": KEY,
            "DEFAULT_MODEL": "gpt-4.1-mini",
        } | environment
        done = await asyncio.to_thread(
            CliRunner().invoke, app, ["doctor", *options], env=given
        )
        assert KEY not in done.output
        assert "Traceback" not in done.output
        if done.exit_code == 2:
            return 2, done.output
        first, rest = done.output.split("\n", 1)
        assert first == NO_DATABASE
        return done.exit_code, rest

    return run


def test_no_model_is_well_and_loads_no_client(tmp_path: Path) -> None:
    watching = (
        "import sys; from server.cli import app\ntry: app(['doctor'])\nfinally: print"
        "('openai' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", watching],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "none: the local engine does the whole job" in done.stdout
    assert done.stdout.endswith("False\n")


async def test_a_good_model(doctor: Doctor, stub: ModelStub) -> None:
    code, says = await doctor()
    assert code == 0
    assert says.startswith("model      ok   compatible/gpt-4.1-mini: answers in ")
    assert "asked by json_schema, 120 tokens" in says
    assert len(says.splitlines()) == len(stub.requests) == 1
    assert stub.requests[0].body["max_tokens"] == 1024, (
        "as much room to think as for a ticket"
    )


async def test_both_models_are_asked(doctor: Doctor, stub: ModelStub) -> None:
    stub.then("ok", "404")
    code, says = await doctor(FALLBACK_MODEL="gpt-4o-mini")
    assert code == 1
    first, second, comfort = says.splitlines()
    assert first.startswith("model      ok   compatible/gpt-4.1-mini")
    assert second.startswith("model      BAD  compatible/gpt-4o-mini")
    assert "the local engine does what a model cannot" in comfort


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (
            "401",
            (
                "refused the key. The provider answered 401: check the key and what it may use. "
                "The key was sent"
            ),
        ),
        ("403", "The provider answered 403: check the key"),
        (
            "404",
            (
                "does not know this model: check DEFAULT_MODEL and FALLBACK_MODEL. It was asked at "
                "{stub}"
            ),
        ),
        ("402", "The account has no credit left."),
        ("quota", "The account's quota is used up"),
        ("429", "limits the rate of calls. The provider answered 429."),
        ("500", "The provider answered 500. It was asked at {stub}"),
        (
            "html",
            (
                "The answer is not JSON of a completion. It was asked at {stub}: is it running, "
                "and is that the"
            ),
        ),
        ("drop", "The connection failed. It was asked at {stub}"),
        ("temperature", "The model does not take this TEMPERATURE"),
        ("truncated", "Raise MAX_TOKENS."),
        (
            "malformed",
            (
                "is not JSON. There is no JSON object in it. It can be reached, but does not "
                "answer as asked."
            ),
        ),
        ("nochoices", "The answer has no message."),
        ("refusal", "The model declined to answer. The model refused."),
    ],
)
async def test_what_is_wrong_is_said_in_words(
    doctor: Doctor, stub: ModelStub, mode: str, words: str
) -> None:
    stub.mode = mode
    code, says = await doctor()
    assert code == 1
    assert says.startswith("model      BAD  compatible/gpt-4.1-mini: ")
    assert words.format(stub=stub.url) in says
    assert len(stub.requests) == 1


async def test_a_missing_key_is_told_from_a_wrong_one(
    doctor: Doctor, stub: ModelStub
) -> None:
    stub.mode = "401"
    _, says = await doctor(LLM_API_KEY="")
    assert "No key is set (settings: LLM_API_KEY)." in says
    _, says = await doctor(LLM_PROVIDER="gemini", GEMINI_API_KEY=KEY)
    assert (
        "The key was sent (settings: GEMINI_API_KEY, GOOGLE_API_KEY, LLM_API_KEY)."
        in says
    )


async def test_nobody_listens(doctor: Doctor) -> None:
    place = f"127.0.0.1:{free_port()}/v1"
    code, says = await doctor(LLM_BASE_URL=f"http://me:{KEY}@{place}")
    assert code == 1
    assert (
        "The connection was refused: nothing listens on that port. It was asked at "
        f"http://{place}: is"
    ) in says


async def test_nobody_has_that_name(doctor: Doctor) -> None:
    code, says = await doctor(LLM_BASE_URL=f"http://me:{KEY}@model.invalid/v1")
    assert code == 1
    assert (
        "The name of its host cannot be resolved. It was asked at http://model.invalid/v1: is"
        in says
    )


async def test_no_tls_there(doctor: Doctor, stub: ModelStub) -> None:
    code, says = await doctor(LLM_BASE_URL=stub.url.replace("http", "https"))
    assert code == 1
    assert "TLS failed: the address may speak plain HTTP" in says


async def test_no_answer_in_time(doctor: Doctor, stub: ModelStub) -> None:
    stub.mode = "timeout"
    code, says = await doctor("--seconds", "0.3")
    assert code == 1
    assert (
        "did not answer in time. No answer within 0.3 seconds. It was asked at" in says
    )


async def test_the_next_rung_is_taken_and_named(
    doctor: Doctor, stub: ModelStub
) -> None:
    stub.rejects = {"json_schema"}
    assert (
        "asked by json_object, as it refuses json_schema, 120 tokens"
        in (await doctor())[1]
    )
    stub.rejects = {"json_schema", "json_object", "tools"}
    code, says = await doctor()
    assert code == 0
    assert (
        "asked by prose, as it refuses json_schema and json_object and tool, 120 tokens"
        in says
    )


async def test_an_unknown_price_is_noted_and_no_fault(doctor: Doctor) -> None:
    code, says = await doctor(DEFAULT_MODEL="of-our-own")
    assert code == 0
    assert (
        "price      note compatible/of-our-own has no price: its cost counts as 0, or, where"
        in says
    )


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"MAX_TOKENS": "0"}, "Error: A setting cannot be used: max_tokens: "),
        ({"LLM_PROVIDER": "skynet"}, "Error: A setting cannot be used: llm_provider"),
        (
            {"LLM_PROVIDER": "skynet"},
            "'compatible'. It may also be 'none', to do without a model.",
        ),
        (
            {"LLM_API_KEY": f"{KEY}\u00e9"},
            "llm_api_key: Value error, a key has letters, digits and signs only.",
        ),
        (
            {"LLM_BASE_URL": ""},
            "Error: LLM_API_KEY is set, but not whose key it is: set LLM_PROVIDER or LLM_BASE_URL.",
        ),
        (
            {"LLM_PROVIDER": "openai", "LLM_API_KEY": ""},
            "Error: OPENAI_API_KEY is not set, and openai wants a key.",
        ),
        (
            {"LLM_PROVIDER": "compatible", "LLM_BASE_URL": ""},
            "Error: LLM_BASE_URL is not set",
        ),
        (
            {"LLM_PRICES": "nowhere.yaml"},
            "Error: The price table nowhere.yaml cannot be read",
        ),
        (
            {"LLM_PRICES": "nowhere.yaml", "LLM_PROVIDER": "none"},
            "Error: The price table nowhere.yaml cannot be read",
        ),
    ],
)
async def test_a_setting_that_cannot_be_used(
    doctor: Doctor, stub: ModelStub, environment: dict[str, str], words: str
) -> None:
    code, says = await doctor(**environment)
    assert code == 2
    assert words in says
    assert len(says.splitlines()) == 1
    assert not stub.requests


@pytest.mark.parametrize(
    ("provider", "block"), BLOCKS, ids=[provider for provider, _ in BLOCKS]
)
async def test_the_block_of_each_provider_works(
    doctor: Doctor, stub: ModelStub, provider: str, block: str
) -> None:
    given = dict(line.split("=", 1) for line in block.splitlines())
    keys = {name: KEY for name in given if name.endswith("_KEY")}
    place = "AZURE_OPENAI_ENDPOINT" if provider == "Azure" else "LLM_BASE_URL"
    code, says = await doctor(
        **{"LLM_BASE_URL": "", "LLM_API_KEY": ""} | given | keys | {place: stub.url}
    )
    assert code == 0, says
    assert f"/{given['DEFAULT_MODEL']}: answers in" in says
    assert stub.requests[0].body["model"] == given["DEFAULT_MODEL"]
    sent = stub.requests[0].headers
    assert (sent.get("api-key") or sent["Authorization"].removeprefix("Bearer ")) == (
        KEY if keys else "none"
    )


def test_there_is_a_block_for_every_provider() -> None:
    assert len(BLOCKS) == len(PROVIDERS)
