"""Typed, versioned prompts. Importing this reads all words and checks them against versions.lock.

The main path: a file per prompt (classify.py, extract.py, draft.py, repair.py) says what it
is filled from and what shape the answer has; its words are in text/. prompt.py fills one
with the other; untrusted.py is the only way that text of a ticket gets in. How to change
words: docs/prompts.md.
"""

from collections.abc import Mapping
from typing import Any

from prompts.classify import CLASSIFY
from prompts.draft import DRAFT
from prompts.extract import EXTRACT
from prompts.prompt import Prompt
from prompts.repair import REPAIR

ALL_PROMPTS: Mapping[str, Prompt[Any, Any]] = {
    prompt.name: prompt for prompt in (CLASSIFY, EXTRACT, DRAFT, REPAIR)
}
"""Every prompt in use, by name."""
