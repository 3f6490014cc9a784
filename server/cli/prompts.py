"""`ticketgraph prompts`.

The words that a model is given, which version they are, and what they look like filled in.
"""

from difflib import unified_diff
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contracts.errors import InputError, NotFoundError
from server.cli.desks import folder_of
from server.cli.terminal.output import plain, results, table

if TYPE_CHECKING:
    from policies.desk.model import Desk
    from prompts.prompt import Rendered
    from prompts.words import Words

NODES = {"repair": "classify, extract, draft"}
"""The nodes of a prompt that is not named as its node."""

EXAMPLE = (
    "Order ORD-20417 charged twice\n\nHello, the payment for ORD-20417 was taken twice this "
    "morning, 49.90 EUR each "
    "time. The app showed E-512 after the first one. I am [NAME_1], please write to [EMAIL_1]."
)
CANARY = "example-canary"

prompts = typer.Typer(help="Look at the prompts.", no_args_is_help=True)

Which = Annotated[
    str,
    typer.Argument(
        help="A prompt's name, or name@version; the version in use if not given."
    ),
]


@prompts.command("list")
def list_prompts() -> None:
    """List the prompts, with every version that is kept.

    Example: ticketgraph prompts list
    """
    from prompts import ALL

    made = table("prompt", "in use", "sha256", "characters", "node")
    for name in sorted(ALL):
        for version in versions(name):
            words = words_of(f"{name}@{version}")
            used = "yes" if words.id == ALL[name].id else "no"
            made.add_row(
                words.id,
                used,
                words.sha256[:12],
                str(len(words.text)),
                NODES.get(name, name),
            )
    results().print(made)


@prompts.command("show")
def show(
    which: Which,
    desk: Annotated[
        str | None,
        typer.Option(help="Fill it in for this desk, with an example ticket."),
    ] = None,
) -> None:
    """Print a prompt's words, or how they look for a desk.

    Example: ticketgraph prompts show classify --desk customer_support
    """
    from prompts.words import DIVIDER

    words = words_of(which)
    if desk is None:
        typer.echo(plain(words.text))
        return
    filled = rendered_for(words, desk)
    typer.echo(plain(f"{filled.system}{DIVIDER}{filled.user}"))


@prompts.command("diff")
def diff(
    old: Annotated[str, typer.Argument(help="As classify@1.")],
    new: Annotated[str, typer.Argument(help="As classify@2.")],
) -> None:
    """Print what changed from one version to another.

    Example: ticketgraph prompts diff classify@1 classify@2
    """
    before, after = words_of(old), words_of(new)
    lines = unified_diff(
        before.text.splitlines(),
        after.text.splitlines(),
        before.id,
        after.id,
        lineterm="",
    )
    typer.echo(
        plain("\n".join(lines)) or f"{before.id} and {after.id} have the same words."
    )


def versions(name: str) -> list[int]:
    """The versions of a prompt that are kept, oldest first."""
    from prompts.words import on_disk

    return [version for found, version in on_disk() if found == name]


def words_of(which: str) -> "Words":
    """The words that are meant.

    Raises NotFoundError for a prompt or a version that is not there.
    """
    from prompts import ALL
    from prompts.words import released

    name, _, asked = which.partition("@")
    if name not in ALL:
        raise NotFoundError(
            f"There is no prompt {name!r}. The prompts are: {', '.join(sorted(ALL))}."
        )
    version = asked or str(ALL[name].version)
    kept = versions(name)
    if version not in map(str, kept):
        known = ", ".join(f"{name}@{number}" for number in kept)
        only = "the only version is" if len(kept) == 1 else "the versions are"
        raise NotFoundError(f"There is no {which}: {only} {known}.")
    return released(name, int(version))


def rendered_for(words: "Words", desk_id: str) -> "Rendered":
    """A prompt in use, filled in for a desk with an example ticket.

    Raises InputError for a version not in use.
    """
    from policies.loading.load import load_desk
    from prompts import ALL

    prompt = ALL[words.id.partition("@")[0]]
    if words.id != prompt.id:
        raise InputError(
            f"{words.id} is not in use any more; only {prompt.id} can be filled in."
        )
    return prompt.render(example_of(prompt.name, load_desk(folder_of(desk_id))))


def example_of(name: str, desk: "Desk") -> Any:
    """An input of the prompt with this name."""
    from policies.severity.judge import assess
    from prompts.classify import CLASSIFY, ClassifyInput
    from prompts.draft import DraftInput
    from prompts.extract import ExtractInput
    from prompts.repair import RepairInput

    evidence = assess(EXAMPLE, desk.severities, desk.signals)
    classify = ClassifyInput(desk=desk, text=EXAMPLE, evidence=evidence, canary=CANARY)
    if name == "classify":
        return classify
    if name == "extract":
        return ExtractInput(desk=desk, text=EXAMPLE, canary=CANARY)
    if name == "repair":
        return RepairInput(
            request=CLASSIFY.render(classify),
            problems=("category: not one of the allowed values",),
        )
    return DraftInput(
        desk=desk,
        text=EXAMPLE,
        canary=CANARY,
        category=desk.settings.fallback_category,
        severity=evidence.severity,
        tone=desk.replies.default_tone,
        language="en",
        missing=tuple(field.name for field in desk.fields[:1]),
        sources=desk.articles[:2],
    )
