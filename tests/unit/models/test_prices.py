"""The price table: which entry holds, what tokens cost, and what is wrong with a file."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import InputError
from engines.models.prices import PICODOLLARS_PER_USD, Price, Prices, load_prices

SHIPPED = load_prices()
TOKENS = st.integers(0, 10**7)
USD = st.floats(0, 1000, allow_nan=False)


@pytest.mark.parametrize(
    ("model", "prompt"),
    [
        ("openai/gpt-4o-mini", 0.15),
        ("openai/gpt-4o-mini-2024-07-18", 0.15),
        ("openai/GPT-4o-Mini", 0.15),
        ("openai/gpt-4o", 2.50),
        ("openai/gpt-4o-2024-08-06", 2.50),
        ("openai/gpt-4.1", 2.00),
        ("openai/gpt-4.1-mini", 0.40),
        ("openrouter/openai/gpt-4o-mini", 0.15),
        ("openrouter/qwen/qwen3-8b:free", 0.0),
        ("gemini/gemini-2.5-flash", 0.30),
        ("gemini/gemini-2.5-flash-lite", 0.10),
        ("ollama/gpt-4o", 0.0),
        ("vllm/org/some-model", 0.0),
        ("llamacpp/anything", 0.0),
    ],
)
def test_known_models(model: str, prompt: float) -> None:
    price = SHIPPED.find_price(model)
    assert price is not None
    assert price.prompt == prompt


@pytest.mark.parametrize(
    "model",
    ["openai/gpt-99", "azure/my-deployment", "compatible/mygpt-4o", "", "openai/"],
)
def test_unknown_models(model: str) -> None:
    assert SHIPPED.find_price(model) is None


def test_the_whole_id_before_the_name_and_the_longest_pattern_first() -> None:
    one, two, three = (Price(prompt=usd, completion=0) for usd in (1, 2, 3))
    prices = Prices(
        as_of=date(2026, 1, 1), models={"m-*": two, "m-large": one, "azure/*": three}
    )
    assert prices.find_price("openai/m-large") == one
    assert prices.find_price("openai/m-small") == two
    assert prices.find_price("azure/m-large") == three


def test_cost() -> None:
    price = Price(prompt=0.15, cached_prompt=0.075, completion=0.60)
    assert price.cost_picodollars(1_000_000, 0) == round(0.15 * PICODOLLARS_PER_USD)
    assert price.cost_picodollars(1_000_000, 1_000_000, 1_000_000) == round(
        0.675 * PICODOLLARS_PER_USD
    )
    assert price.cost_picodollars(10, 0, 99) == price.cost_picodollars(10, 0, 10)
    assert Price(prompt=1, completion=0).cost_picodollars(10, 0, 10) == 10 * 10**6


@given(
    prompt=TOKENS,
    completion=TOKENS,
    cached=TOKENS,
    usd=USD,
    cached_usd=USD,
    completion_usd=USD,
)
def test_a_call_never_costs_more_than_without_a_cache(
    prompt: int,
    completion: int,
    cached: int,
    usd: float,
    cached_usd: float,
    completion_usd: float,
) -> None:
    price = Price(
        prompt=usd, cached_prompt=min(usd, cached_usd), completion=completion_usd
    )
    assert (
        0
        <= price.cost_picodollars(prompt, completion, cached)
        <= price.cost_picodollars(prompt, completion)
    )


def test_no_model_of_the_table_costs_more_than_the_dearest() -> None:
    for price in SHIPPED.models.values():
        assert price.cost_picodollars(
            1000, 1000
        ) <= SHIPPED.highest_price.cost_picodollars(1000, 1000)
    assert SHIPPED.highest_price.cost_picodollars(1, 1) > 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "as_of: 2026-01-01\nmodels: {a: {prompt: -1, completion: 0}}",
            r"models\.a\.prompt",
        ),
        (
            "as_of: 2026-01-01\nmodels: {a: {prompt: .nan, completion: 0}}",
            r"models\.a\.prompt",
        ),
        (
            "as_of: 2026-01-01\nmodels: {a: {prompt: 1, cached_prompt: 2, completion: 0}}",
            "must not be above",
        ),
        (
            "as_of: 2026-01-01\nmodels: {a: {prompt: 1, completion: 0, output: 3}}",
            r"models\.a\.output",
        ),
        ("as_of: 2026-01-01\nmodels: {}", "models"),
        ("- a", "not valid"),
        ("a: [", "cannot be read"),
        ("", "not valid"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(
    tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=rf"mine\.yaml.*{problem}"):
        load_prices(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml"):
        load_prices(tmp_path / "none.yaml")


def test_ones_own_table_replaces_the_shipped_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "as_of: 2026-01-01\nmodels: {mine: {prompt: 1, completion: 2}}",
        encoding="utf-8",
    )
    prices = load_prices(path)
    assert prices.find_price("compatible/mine") == Price(prompt=1, completion=2)
    assert prices.find_price("openai/gpt-4o-mini") is None
