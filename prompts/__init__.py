"""Typed, versioned prompts. Importing this reads all words and checks them against versions.lock."""

from collections.abc import Mapping
from typing import Any

from prompts.classify import CLASSIFY
from prompts.draft import DRAFT
from prompts.extract import EXTRACT
from prompts.prompt import Prompt
from prompts.repair import REPAIR

ALL: Mapping[str, Prompt[Any, Any]] = {prompt.name: prompt for prompt in (CLASSIFY, EXTRACT, DRAFT, REPAIR)}
"""Every prompt in use, by name."""
