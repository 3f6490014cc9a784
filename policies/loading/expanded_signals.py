"""The severity signals with their word classes expanded, every pattern checked.

Compiling every expanded signal takes far longer than loading the rest of a desk, and is
left to the first ticket. Here each pattern is compiled with a stand-in for every class, and
each class by itself.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from contracts.errors import DeskError
from policies.desk.model import Signal
from policies.loading.documents import YamlDocument, YamlPath
from policies.loading.files import SeveritiesFile
from policies.severity.vocabulary import expand_signals

Vocabulary = Mapping[str, str | Sequence[str]]

_STAND_IN = "x"


def expand_file_signals(
    file: SeveritiesFile, document: YamlDocument
) -> tuple[Signal, ...]:
    """The file's signals, expanded. Raises DeskError, one line a fault."""
    faults = [document.format_fault(place, text) for place, text in _find_faults(file)]
    if faults:
        raise DeskError("\n".join(faults))
    try:
        return expand_signals(file.signals, file.vocabulary)
    except ValueError as error:
        raise DeskError(
            document.format_fault(("vocabulary",), f"{error}; take it out of itself")
        ) from None


def _find_faults(file: SeveritiesFile) -> Iterator[tuple[YamlPath, str]]:
    stand_ins = dict.fromkeys(file.vocabulary, _STAND_IN)
    for name, content in file.vocabulary.items():
        if text := _pattern_fault(f"{{{name}}}", stand_ins | {name: content}):
            yield ("vocabulary", name), text
    for index, signal in enumerate(file.signals):
        for key, patterns in (("patterns", signal.patterns), ("unless", signal.unless)):
            for position, pattern in enumerate(patterns):
                if text := _pattern_fault(pattern, stand_ins):
                    yield ("signals", index, key, position), text


def _pattern_fault(pattern: str, vocabulary: Vocabulary) -> str | None:
    probe = Signal(id="probe", severity="low", reason="", patterns=(pattern,))
    try:
        re.compile(expand_signals((probe,), vocabulary)[0].patterns[0])
    except KeyError as error:
        return (
            f"there is no word class {error.args[0]}; add it to the vocabulary or correct "
            "its name"
        )
    except ValueError as error:
        return f"{error}; take it out of itself"
    except re.error as error:
        return f"not a regular expression: {error}; correct it"
    return None
