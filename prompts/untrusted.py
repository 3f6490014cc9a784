"""Untrusted text in a prompt, escaped so that it stays data.

In a rendered prompt only the prompt's own words and the tags of an `UntrustedBlock` have
angle brackets: every value that is put in loses its own. So nothing can open or close a
block, and no chat template's control token survives. One character always becomes one
other, so offsets in the escaped text are those of the original.
"""

import re
from dataclasses import dataclass

_ANGLES = str.maketrans(
    dict.fromkeys("<‹〈⟨❬❮❰〈﹤＜˂ᐸ≺", "(") | dict.fromkeys(">›〉⟩❭❯❱〉﹥＞˃ᐳ≻", ")")
)
"""Angle brackets and their look-alikes; double ones are quotation marks, and stay."""

_ENTITY = re.compile(
    r"&(?=amp;|lt\b|gt\b|lang\b|rang\b|#0{0,6}6[02]\b|#[xX]0{0,6}3[cCeE]\b)"
)
"""The ampersand of an HTML entity for an angle bracket, which a model reads as one."""

_SOURCES = r"\s*S\d{1,3}(?:\s*[,;]\s*S\d{1,3})*\s*"
_CONTROLS = r"/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)"
_MARK = re.compile(rf"[\[(]({_SOURCES}|{_CONTROLS})[\])]")
"""Marks with a meaning for us (ids of sources) or for a model's chat template."""


@dataclass(frozen=True)
class UntrustedBlock:
    """Untrusted text between an opening and a closing tag."""

    tag: str
    text: str

    def __str__(self) -> str:
        return f"<{self.tag}>\n{escape_untrusted(self.text)}\n</{self.tag}>"


@dataclass(frozen=True)
class AsRendered:
    """A part of a prompt that was already rendered, repeated unchanged."""

    text: str

    def __str__(self) -> str:
        return self.text


def replace_angle_brackets(text: str) -> str:
    """The text with round brackets in place of angle brackets, at the same length."""
    return _ENTITY.sub("+", text.translate(_ANGLES))


def escape_untrusted(text: str) -> str:
    """The text without tags, and without marks such as `[S1]`, at the same length."""
    return _MARK.sub(r"{\1}", replace_angle_brackets(text))
