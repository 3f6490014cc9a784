"""`ticketgraph doctor`: checks settings, database, connector and models."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contracts.errors import InputError
from server.cli.desks import SHIPPED_DESKS_FOLDER as SHIPPED_DESKS
from server.cli.doctor.finding import Finding
from server.cli.terminal.open_app import (
    AsJson,
    DataDir,
    load_settings,
    set_strict_serialization,
)
from server.cli.terminal.output import print_json, strip_control_characters
from server.cli.terminal.usage_errors import EXIT_PARTLY_REFUSED

if TYPE_CHECKING:
    from server.settings import Settings
    from storage.database.address import PostgresAddress, SqliteAddress

NO_MODEL = (
    "none: the local engine does the whole job. Set LLM_PROVIDER or a key to have one."
)
NO_PRICE = (
    "has no price: its cost counts as 0, or, where there is a budget, as that of the "
    "dearest model. See LLM_PRICES."
)
IN_MEMORY = "It is in memory, where only its own process sees it."
PROVIDER_NONE_HINT = "It may also be 'none', to do without a model."
"""The settings list the providers, and `none` is no provider."""
DEGRADED_HINT = (
    "Tickets are handled all the same: the local engine does what a model cannot, marked "
    "as degraded."
)


Seconds = Annotated[
    float,
    typer.Option(
        min=0.1,
        max=600,
        help="How long one call of a model, or of the connector, may take.",
    ),
]
Repair = Annotated[
    bool,
    typer.Option(
        "--repair",
        help="First enqueue jobs for runs and effects that have none, and make missing "
        "fingerprints. A data folder must not be in use.",
    ),
]


def doctor(
    seconds: Seconds = 15.0,
    repair: Repair = False,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Check the settings, the database, the connector, and each model with one tiny call.

    It only reads, also beside a running server. Exit code 1 when something is wrong, 2 when
    a setting cannot be used.

    Example: ticketgraph doctor --json
    """
    settings = load_usable_settings(data_dir)
    found = check_database(settings, repairing=repair)
    if settings.delivery_webhook_url:
        url = str(settings.delivery_webhook_url)
        found.append(asyncio.run(check_connector(url, seconds)))
    of_models = asyncio.run(check_models(settings, seconds))
    for finding in (*found, *of_models):
        print_finding(finding, json=json)
    if any(finding.state == "BAD" for finding in of_models) and not json:
        typer.echo(DEGRADED_HINT)
    if any(finding.state == "BAD" for finding in (*found, *of_models)):
        raise typer.Exit(EXIT_PARTLY_REFUSED)


def load_usable_settings(data_dir: Path | None) -> "Settings":
    """The settings.

    Raises InputError for settings that contradict each other or name a missing file.
    """
    from engines.models.prices import SHIPPED_PRICES_FILE, load_prices
    from engines.models.providers import resolve_models

    try:
        settings = load_settings(data_dir=data_dir)
    except InputError as error:
        raise (
            InputError(f"{error.detail} {PROVIDER_NONE_HINT}")
            if ": llm_provider" in error.detail
            else error
        ) from None
    resolve_models(settings)
    load_prices(settings.llm_prices or SHIPPED_PRICES_FILE)
    return settings


def check_database(settings: "Settings", *, repairing: bool) -> list[Finding]:
    """The findings about the database, after it was repaired where `repairing`.

    Raises InputError for an address that names none, DeskError for invalid policies, and
    UnavailableError when it cannot be repaired: a folder in use, and what a start would be
    refused for.
    """
    from policies.loading.load import load_desks
    from storage.database.address import (
        MemoryAddress,
        SqliteAddress,
        database_address_of,
    )

    address = database_address_of(settings.database_url, settings.data_dir)
    desks = load_desks(settings.desks_dir or SHIPPED_DESKS)
    if isinstance(address, MemoryAddress):
        return [Finding("database", "note", IN_MEMORY)]
    if isinstance(address, SqliteAddress) and not address.path.is_file():
        missing = f"There is none yet: {address.path} is made by ticketgraph serve."
        return [Finding("database", "note", missing)]
    # Not above: where there is no database, none of it is needed.
    from server.cli.doctor.diagnosis import diagnose_database

    delivering = settings.delivery_webhook_url is not None
    found = (
        [repair_database(address, settings.desks_dir, delivering=delivering)]
        if repairing
        else []
    )
    return found + asyncio.run(
        diagnose_database(address, [*desks], datetime.now(UTC), delivering=delivering)
    )


def repair_database(
    address: "PostgresAddress | SqliteAddress",
    desks_dir: Path | None,
    *,
    delivering: bool,
) -> Finding:
    """Enqueue missing jobs, make missing fingerprints, and say how many there were."""
    set_strict_serialization()
    # Not above: it brings the engine.
    from ticketgraph.repair import repair_stored_data

    done = asyncio.run(repair_stored_data(address, desks_dir, delivering=delivering))
    words = (
        f"Jobs enqueued: {done.runs} for runs, {done.effects} for effects. Fingerprints "
        f"made: {done.fingerprints}."
    )
    return Finding("repair", "ok", words, vars(done))


async def check_connector(url: str, seconds: float) -> Finding:
    """Whether something answers at the address that effects are sent to."""
    from connectors.probe import probe_url

    answers, words = await probe_url(url, seconds)
    return Finding("connector", "ok" if answers else "BAD", words)


async def check_models(settings: "Settings", seconds: float) -> list[Finding]:
    """What each model answers to one tiny question, and whether its price is known."""
    from engines.models.prices import SHIPPED_PRICES_FILE, load_prices
    from engines.models.providers import resolve_models

    models, prices = (
        resolve_models(settings),
        load_prices(settings.llm_prices or SHIPPED_PRICES_FILE),
    )
    if models is None:
        return [Finding("model", "ok", NO_MODEL)]
    # Not above: offline no model client is imported.
    from engines.models.probe import probe_models

    found = list[Finding]()
    for answer in await probe_models(models, seconds):
        found.append(
            Finding(
                "model",
                "ok" if answer.is_usable else "BAD",
                f"{answer.model}: {answer.result_text}",
            )
        )
        if prices.find_price(answer.model) is None:
            found.append(Finding("price", "note", f"{answer.model} {NO_PRICE}"))
    return found


def print_finding(finding: Finding, *, json: bool) -> None:
    """One line of the report."""
    if json:
        print_json(vars(finding))
    else:
        typer.echo(
            f"{finding.what:<10} {finding.state:<4} {strip_control_characters(finding.words)}"
        )
