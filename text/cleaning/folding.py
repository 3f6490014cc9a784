"""A flat spelling for looking at text, never for showing it.

No line ends, no words written letter by letter.

Linear in the length of the text; raises nothing.
"""

import re

_BARE_TAG = re.compile(r"</?[a-z]{1,10}>")
_WRAP = re.compile(r"(?<!\n)\n(?!\n)")
_SPELLED_OUT = re.compile(
    r"(?<![a-z])(?:[a-z](?:[ .*_|/-]{1,2}+|(?![a-z]))){6,}+(?![a-z])"
)
_GLUE = re.compile(r"[^a-z]+")


def unwrap_lines(folded: str) -> str:
    """One line per paragraph, without formatting tags.

    A sentence is found however it is wrapped or styled.
    """
    return _BARE_TAG.sub("", _WRAP.sub(" ", folded)).replace("\n\n", "\n")


def join_spelled_letters(folded: str) -> str:
    """The words written letter by letter ("i g n o r e"), glued together.

    Empty when there are none.
    """
    return " ".join(_GLUE.sub("", run) for run in _SPELLED_OUT.findall(folded))
