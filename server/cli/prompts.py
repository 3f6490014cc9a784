"""`ticketgraph prompts`: the prompts, their versions, and how they look filled in."""

from difflib import unified_diff
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contracts.errors import InputError, NotFoundError
from server.cli.desks import find_desk_folder
from server.cli.terminal.output import (
    make_table,
    result_console,
    strip_control_characters,
)

if TYPE_CHECKING:
    from policies.desk.model import Desk
    from prompts.prompt import RenderedPrompt
    from prompts.prompt_words import PromptWords

PROMPT_NODES = {"repair": "classify, extract, draft"}
"""The nodes that use a prompt which is not named after its node."""

EXAMPLE_TICKET = (
    "Order ORD-20417 charged twice\n\nHello, the payment for ORD-20417 was taken twice this "
    "morning, 49.90 EUR each "
    "time. The app showed E-512 after the first one. I am [NAME_1], please write to [EMAIL_1]."
)
CANARY = "example-canary"

prompts = typer.Typer(help="Look at the prompts.", no_args_is_help=True)

PromptArgument = Annotated[
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
    from prompts import ALL_PROMPTS

    made = make_table("prompt", "in use", "sha256", "characters", "node")
    for name in sorted(ALL_PROMPTS):
        for version in prompt_versions(name):
            words = find_prompt(f"{name}@{version}")
            used = "yes" if words.id == ALL_PROMPTS[name].id else "no"
            made.add_row(
                words.id,
                used,
                words.sha256[:12],
                str(len(words.text)),
                PROMPT_NODES.get(name, name),
            )
    result_console().print(made)


@prompts.command("show")
def show(
    which: PromptArgument,
    desk: Annotated[
        str | None,
        typer.Option(help="Fill it in for this desk, with an example ticket."),
    ] = None,
) -> None:
    """Print a prompt's words, or how they look for a desk.

    Example: ticketgraph prompts show classify --desk customer_support
    """
    from prompts.prompt_words import DIVIDER

    words = find_prompt(which)
    if desk is None:
        typer.echo(strip_control_characters(words.text))
        return
    filled = render_example(words, desk)
    typer.echo(strip_control_characters(f"{filled.system}{DIVIDER}{filled.user}"))


@prompts.command("diff")
def diff(
    old: Annotated[str, typer.Argument(help="As classify@1.")],
    new: Annotated[str, typer.Argument(help="As classify@2.")],
) -> None:
    """Print what changed from one version to another.

    Example: ticketgraph prompts diff classify@1 classify@2
    """
    before, after = find_prompt(old), find_prompt(new)
    lines = unified_diff(
        before.text.splitlines(),
        after.text.splitlines(),
        before.id,
        after.id,
        lineterm="",
    )
    typer.echo(
        strip_control_characters("\n".join(lines))
        or f"{before.id} and {after.id} have the same words."
    )


def prompt_versions(name: str) -> list[int]:
    """The versions of a prompt that are kept, oldest first."""
    from prompts.prompt_words import list_word_files

    return [version for found, version in list_word_files() if found == name]


def find_prompt(which: str) -> "PromptWords":
    """The words that are meant.

    Raises NotFoundError for a prompt or a version that is not there.
    """
    from prompts import ALL_PROMPTS
    from prompts.prompt_words import load_released_words

    name, _, asked = which.partition("@")
    if name not in ALL_PROMPTS:
        raise NotFoundError(
            f"There is no prompt {name!r}. The prompts are: {', '.join(sorted(ALL_PROMPTS))}."
        )
    version = asked or str(ALL_PROMPTS[name].version)
    kept = prompt_versions(name)
    if version not in map(str, kept):
        known = ", ".join(f"{name}@{number}" for number in kept)
        only = "the only version is" if len(kept) == 1 else "the versions are"
        raise NotFoundError(f"There is no {which}: {only} {known}.")
    return load_released_words(name, int(version))


def render_example(words: "PromptWords", desk_id: str) -> "RenderedPrompt":
    """A prompt in use, filled in for a desk with an example ticket.

    Raises InputError for a version not in use.
    """
    from policies.loading.load import load_desk
    from prompts import ALL_PROMPTS

    prompt = ALL_PROMPTS[words.id.partition("@")[0]]
    if words.id != prompt.id:
        raise InputError(
            f"{words.id} is not in use any more; only {prompt.id} can be filled in."
        )
    return prompt.render(
        example_input(prompt.name, load_desk(find_desk_folder(desk_id)))
    )


def example_input(name: str, desk: "Desk") -> Any:
    """An input of the prompt with this name."""
    from policies.severity.assess import assess_severity
    from prompts.classify import CLASSIFY, ClassifyInput
    from prompts.draft import DraftInput
    from prompts.extract import ExtractInput
    from prompts.repair import RepairInput

    evidence = assess_severity(EXAMPLE_TICKET, desk.severities, desk.signals)
    classify = ClassifyInput(
        desk=desk, text=EXAMPLE_TICKET, evidence=evidence, canary=CANARY
    )
    if name == "classify":
        return classify
    if name == "extract":
        return ExtractInput(desk=desk, text=EXAMPLE_TICKET, canary=CANARY)
    if name == "repair":
        return RepairInput(
            request=CLASSIFY.render(classify),
            problems=("category: not one of the allowed values",),
        )
    return DraftInput(
        desk=desk,
        text=EXAMPLE_TICKET,
        canary=CANARY,
        category=desk.settings.fallback_category,
        severity=evidence.severity,
        tone=desk.replies.default_tone,
        language="en",
        missing=tuple(field.name for field in desk.fields[:1]),
        sources=desk.articles[:2],
    )
