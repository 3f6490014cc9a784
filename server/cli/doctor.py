"""`ticketgraph doctor`: is everything well, and if not, what to do."""

import asyncio
from typing import Annotated

import typer

from contracts.errors import InputError
from server.cli.guard import PARTLY
from server.cli.opening import settings_with
from server.cli.output import plain

NO_MODEL = "none: the local engine does the whole job. Set LLM_PROVIDER or a key to have one."
NO_PRICE = (
    "has no price: its cost counts as 0, or, where there is a budget, as that of the dearest model. See LLM_PRICES."
)
OR_NONE = "It may also be 'none', to do without a model."
"""The settings list the providers, and `none` is no provider."""
GOES_ON = "Tickets are handled all the same: the local engine does what a model cannot, marked as degraded."


def doctor(
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="How long one call of a model may take.")] = 15.0,
) -> None:
    """Check the settings and make one tiny call to each configured model.

    Exit code 1 when a model cannot be used, 2 when a setting cannot. Example: ticketgraph doctor --seconds 60
    """
    from engines.llm.prices import SHIPPED, load_prices
    from engines.llm.providers import resolve

    try:
        settings = settings_with()
    except InputError as error:
        raise InputError(f"{error.detail} {OR_NONE}") if ": llm_provider" in error.detail else error from None
    models = resolve(settings)
    prices = load_prices(settings.llm_prices or SHIPPED)
    if models is None:
        say("model", "ok", NO_MODEL)
        return
    # Not above: offline no model client is imported.
    from engines.llm.probe import probe

    findings = asyncio.run(probe(models, seconds))
    for finding in findings:
        say("model", "ok" if finding.well else "BAD", f"{finding.model}: {finding.says}")
        if prices.of(finding.model) is None:
            say("price", "note", f"{finding.model} {NO_PRICE}")
    if not all(finding.well for finding in findings):
        typer.echo(GOES_ON)
        raise typer.Exit(PARTLY)


def say(what: str, state: str, words: str) -> None:
    """One line of the report."""
    typer.echo(f"{what:<10} {state:<4} {plain(words)}")
