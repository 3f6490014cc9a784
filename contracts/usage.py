"""What calls of a model use and cost."""

from pydantic import Field

from contracts.values import Value


class Cost(Value):
    """What a run's model calls cost. All zero when no model was called."""

    calls: int = Field(
        default=0, description="Requests sent to models, failed ones included"
    )
    tokens: int = Field(default=0, description="Prompt and completion tokens together")
    prompt_tokens: int = Field(default=0, description="Tokens sent to models")
    completion_tokens: int = Field(default=0, description="Tokens models answered with")
    usd: float = Field(
        default=0.0,
        description="US dollars by the price table; 0 for a model that is not in it",
    )
    models: tuple[str, ...] = Field(
        default=(), description="The models called, as provider/model, in order"
    )


class Usage(Value):
    """Calls, tokens and money. Adds up: `Usage() + a + b`.

    A cached answer costs nothing and counts no call.
    """

    calls: int = Field(
        default=0, ge=0, description="Requests that left for a model, failed ones too"
    )
    prompt_tokens: int = Field(default=0, ge=0, description="Tokens sent to models")
    completion_tokens: int = Field(
        default=0, ge=0, description="Tokens models answered with"
    )
    cached_tokens: int = Field(
        default=0,
        ge=0,
        description="The part of prompt_tokens that the provider had cached",
    )
    cost_usd: float = Field(
        default=0.0, ge=0, description="US dollars by the price table"
    )
    characters_cut: int = Field(
        default=0, ge=0, description="What a long ticket was condensed by for the model"
    )
    models: tuple[str, ...] = Field(
        default=(), description="Who was asked, as provider/model, in order"
    )

    @property
    def tokens(self) -> int:
        """Prompt and completion together."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def cost(self) -> Cost:
        """The same as clients read it."""
        return Cost(
            calls=self.calls,
            tokens=self.tokens,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            usd=round(self.cost_usd, 6),
            models=self.models,
        )

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            calls=self.calls + other.calls,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cost_usd=self.cost_usd + other.cost_usd,
            characters_cut=max(self.characters_cut, other.characters_cut),
            models=(
                *self.models,
                *(model for model in other.models if model not in self.models),
            ),
        )
