"""Word classes of severity patterns: `{CLASS}` stands for words of the desk's vocabulary."""

import re
from collections.abc import Iterable, Mapping, Sequence

from policies.desk.model import Signal

_CLASS = re.compile(r"\{([A-Z][A-Z0-9_]*)\}")
_REST_OF_WORD = "[^ ]*"


def expand_signals(
    signals: Iterable[Signal], vocabulary: Mapping[str, str | Sequence[str]]
) -> tuple[Signal, ...]:
    """The signals with every `{CLASS}` in their patterns replaced from `vocabulary`.

    A class is a list of phrases (plain words; a final `*` stands for any ending; `{OTHER}`
    includes another class) or one regular expression. Raises KeyError for an unknown class and
    ValueError for one that contains itself.
    """

    def spell_text(text: str, above: tuple[str, ...] = ()) -> str:
        return _CLASS.sub(
            lambda found: f"(?:{class_alternatives(found[1], above)})", text
        )

    def class_alternatives(name: str, above: tuple[str, ...]) -> str:
        if name in above:
            raise ValueError(f"vocabulary class {name} contains itself")
        content, path = vocabulary[name], (*above, name)
        if isinstance(content, str):
            return spell_text(content, path)
        return "|".join(
            class_alternatives(found[1], path)
            if (found := _CLASS.fullmatch(phrase))
            else spell_text(_expand_stem(phrase), path)
            for phrase in content
        )

    def spell_all(patterns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(spell_text(pattern) for pattern in patterns)

    return tuple(
        s.model_copy(
            update={"patterns": spell_all(s.patterns), "unless": spell_all(s.unless)}
        )
        for s in signals
    )


def _expand_stem(phrase: str) -> str:
    return phrase.replace("*", _REST_OF_WORD)
