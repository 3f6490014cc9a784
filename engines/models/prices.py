"""The prices of models, from a YAML table.

Money is counted in whole picodollars, so that sums are exact.
"""

from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from contracts.errors import InputError
from contracts.values import Value

SHIPPED_PRICES_FILE: Final = Path(__file__).with_name("prices.yaml")

PICODOLLARS_PER_USD: Final = 10**12
"""A price of 0.000001 USD per million tokens is one picodollar a token."""


class Price(Value):
    """USD per million tokens."""

    prompt: float = Field(ge=0, allow_inf_nan=False)
    cached_prompt: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="Tokens that the provider had cached; None: as `prompt`",
    )
    completion: float = Field(ge=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _cached_is_not_dearer(self) -> Self:
        if self.cached_prompt is not None and self.cached_prompt > self.prompt:
            raise ValueError("`cached_prompt` must not be above `prompt`")
        return self

    def cost_picodollars(
        self, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0
    ) -> int:
        """The cost in picodollars.

        `cached_tokens` are a part of `prompt_tokens`, and limited to it.
        """
        cached = min(cached_tokens, prompt_tokens)
        cached_price = self.prompt if self.cached_prompt is None else self.cached_prompt
        parts = (
            (prompt_tokens - cached, self.prompt),
            (cached, cached_price),
            (completion_tokens, self.completion),
        )
        return sum(tokens * round(price * 1e6) for tokens, price in parts)


FREE_PRICE: Final = Price(prompt=0, completion=0)


class Prices(Value):
    """The price table. prices.yaml says how model names are matched."""

    as_of: date
    models: dict[str, Price] = Field(min_length=1)

    def find_price(self, model_id: str) -> Price | None:
        """The price of a model by its id (`provider/name`); None when the table has none.

        The whole id is looked up first, then what follows its first slash, and so on: with a router
        the model's own name may come third.
        """
        name = model_id.lower()
        while name:
            fitting = [
                pattern for pattern in self.models if fnmatchcase(name, pattern.lower())
            ]
            if fitting:
                return self.models[max(fitting, key=len)]
            name = name.partition("/")[2]
        return None

    @property
    def highest_price(self) -> Price:
        """The highest prompt and the highest completion price: no model of the table costs more."""
        prices = self.models.values()
        return Price(
            prompt=max(p.prompt for p in prices),
            completion=max(p.completion for p in prices),
        )


def load_prices(path: Path = SHIPPED_PRICES_FILE) -> Prices:
    """Read a price table. Raises InputError naming the file and what is wrong with it."""
    try:
        return Prices.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()
        )
        raise InputError(f"The price table {path} is not valid. {problems}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"The price table {path} cannot be read: {error}") from None
