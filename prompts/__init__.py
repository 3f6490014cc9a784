"""Typed, versioned prompts. Importing this reads all words and checks them against versions.lock.

A file per prompt (classify.py, extract.py, draft.py, repair.py) defines its input and the
shape of its answer; its words are in text/. prompt.py fills the words from the input;
untrusted.py is the only way that text of a ticket gets in. How to change words:
docs/prompts.md.
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
