"""The shipped desks, and every prompt filled in for them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import policies
from contracts.retrieval import Source
from policies.desk.model import Desk
from policies.loading.load import load_desks
from policies.severity.assess import SeverityVerdict
from prompts import ALL_PROMPTS
from prompts.classify import ClassifyInput
from prompts.draft import DraftInput
from prompts.extract import ExtractInput
from prompts.prompt import RenderedPrompt
from prompts.repair import RepairInput

DESKS: Mapping[str, Desk] = load_desks(Path(policies.__file__).parent / "desks")
CANARY = "tg-4c1d99"


def rendered(name: str, desk: Desk, text: str, **more: Any) -> RenderedPrompt:
    """A prompt filled with a ticket's text."""
    makers: dict[str, Callable[[], Any]] = {
        "classify": lambda: ClassifyInput(
            desk=desk, text=text, canary=CANARY, evidence=verdict(), **more
        ),
        "extract": lambda: ExtractInput(desk=desk, text=text, canary=CANARY, **more),
        "draft": lambda: DraftInput(**{**draft_parts(desk, text), **more}),
        "repair": lambda: RepairInput(
            request=rendered("classify", desk, text), problems=("category",), **more
        ),
    }
    return ALL_PROMPTS[name].render(makers[name]())


def verdict() -> SeverityVerdict:
    return SeverityVerdict(
        severity="high", confidence=0.5, reasons=("Something has stopped.",)
    )


def draft_parts(desk: Desk, text: str) -> dict[str, Any]:
    """What a draft is made from, without sources."""
    category = desk.categories[0].id
    return {
        "desk": desk,
        "text": text,
        "canary": CANARY,
        "category": category,
        "severity": "low",
        "tone": "formal",
    }


def source(**given: Any) -> Source:
    """A solved ticket."""
    return Source(
        **{
            "id": "T-1",
            "kind": "solved_ticket",
            "title": "Printer",
            "score": 0.5,
            "excerpt": "Ink.",
            **given,
        }
    )
