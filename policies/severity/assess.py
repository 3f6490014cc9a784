"""How bad it is, judged from what the text says has happened and never from how loudly it says so.

A desk's signals are patterns over sentences (`severities.yaml`, spelling in
text/sentences.py). A signal counts where one of its patterns is found in a sentence that none
of its `unless` patterns is in. Signals with `all_of` count when all the named ones do. What
later sentences resolve, and what other signals outweigh, is taken back. The most severe of
what is left decides.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from pydantic import Field

from contracts.values import SEVERITIES, Severity, Value
from policies.desk.model import SeverityLevel, Signal
from text.regexes import WordIndex, required_words, split_alternatives
from text.sentences import normalise_sentences

MAX_SENTENCES_BETWEEN = 3
"""So many sentences at most may lie between the parts of an `all_of`."""

_DENIAL = r"(?:not|no|never|nothing|hardly|less|without)(?: [^ ,]+){0,3}"


class SeverityVerdict(Value):
    """A severity and what it rests on."""

    severity: Severity
    confidence: float = Field(
        ge=0,
        le=1,
        description="Rises with the number of independent signals; not calibrated",
    )
    signals: tuple[str, ...] = Field((), description="Ids of the signals found")
    critical: tuple[str, ...] = Field(
        (), description="Ids of those that make a ticket critical"
    )
    reasons: tuple[str, ...] = Field(
        (), description="What the signals of the judged severity mean"
    )
    urgency_indicators: tuple[str, ...] = Field(
        (), description="The levels' urgency words: evidence, never proof"
    )


class _Pattern(NamedTuple):
    """One alternative of a signal's pattern, with the words it needs."""

    needs: int
    signal: str
    regex: re.Pattern[str]


class _SignalMatcher:
    """A desk's signals, compiled."""

    def __init__(self, signals: tuple[Signal, ...]) -> None:
        self.signals = {signal.id: signal for signal in signals}
        self.index = WordIndex()
        self.patterns = tuple(
            pattern
            for s in signals
            for pattern in self.compile_patterns(s.id, s.patterns)
        )
        self.unless = {
            s.id: tuple(self.compile_patterns(s.id, s.unless)) for s in signals
        }

    def compile_patterns(
        self, signal: str, patterns: Iterable[str]
    ) -> Iterator[_Pattern]:
        """The alternatives of a signal's patterns."""
        for pattern in patterns:
            for branch in split_alternatives(pattern):
                yield _Pattern(
                    self.index.index_words(required_words(branch)),
                    signal,
                    _phrase_pattern(branch),
                )

    def find_signals(self, text: str) -> dict[str, list[int]]:
        """Ids of the signals in the text, each with the numbers of the sentences it was
        found in, ascending.
        """
        found: dict[str, list[int]] = {}
        read = [
            (sentence, self.index.find_bits(sentence))
            for sentence in normalise_sentences(text)
        ]
        anywhere = 0
        for _, present in read:
            anywhere |= present
        possible = [
            pattern
            for pattern in self.patterns
            if pattern.needs & anywhere == pattern.needs
        ]
        for number, (sentence, present) in enumerate(read):
            decided: set[str] = set()
            for needs, signal, regex in possible:
                if (
                    needs & present == needs
                    and signal not in decided
                    and regex.search(sentence)
                ):
                    decided.add(signal)
                    if not self.is_excepted(signal, sentence, present):
                        found.setdefault(signal, []).append(number)
        return found

    def is_excepted(self, signal: str, sentence: str, present: int) -> bool:
        """Whether one of the signal's `unless` is in a sentence, of which the index found
        `present`.
        """
        return any(
            needs & present == needs and regex.search(sentence)
            for needs, _, regex in self.unless[signal]
        )

    def weigh_signals(self, found: dict[str, list[int]]) -> list[Signal]:
        """The graded signals that stand, most severe first, after combining, resolving and
        outweighing.
        """
        last = {id_: numbers[-1] for id_, numbers in found.items()}
        for signal in self.signals.values():
            if (
                signal.all_of
                and (
                    together := _last_common_sentence(
                        [found.get(part, []) for part in signal.all_of]
                    )
                )
                is not None
            ):
                last[signal.id] = together
        resolved = {
            past
            for id_, number in last.items()
            for past in self.signals[id_].resolves
            if last.get(past, 0) <= number
        }
        standing = last.keys() - resolved
        outweighed = {
            other for id_ in standing for other in self.signals[id_].outweighs
        }
        kept = [
            s
            for s in self.signals.values()
            if s.severity and s.id in standing - outweighed
        ]
        return sorted(
            kept, key=lambda signal: -SEVERITIES.index(signal.severity or "low")
        )


def _last_common_sentence(parts: list[list[int]]) -> int | None:
    """The last sentence near which every part is found.

    None where they are nowhere near each other.
    """
    first, *others = parts
    for number in reversed(first):
        if all(_has_near(part, number) for part in others):
            return number
    return None


def _has_near(part: list[int], number: int) -> bool:
    place = bisect_left(part, number - MAX_SENTENCES_BETWEEN)
    return place < len(part) and part[place] <= number + MAX_SENTENCES_BETWEEN


def assess_severity(
    text: str, levels: Sequence[SeverityLevel], signals: Sequence[Signal]
) -> SeverityVerdict:
    """The severity of a clean text (subject, blank line, body) by a desk's signals.

    Without any signal the ticket is low; a word of urgency that is not denied makes such a
    ticket medium, no more. The signals' patterns must be spelled out
    (`policies.severity.vocabulary.expand_signals`); they are compiled once per desk.
    """
    judge = _signal_matcher(tuple(signals))
    standing = judge.weigh_signals(judge.find_signals(text))
    indicators = _find_urgency_words(text, levels)
    severity: Severity = (standing[0].severity if standing else None) or "low"
    if severity == "low" and indicators and not standing:
        severity = "medium"
    deciding = [signal for signal in standing if signal.severity == severity]
    return SeverityVerdict(
        severity=severity,
        confidence=_signal_confidence(len(deciding)),
        signals=tuple(signal.id for signal in standing),
        critical=tuple(
            signal.id for signal in standing if signal.severity == "critical"
        ),
        reasons=tuple(signal.reason for signal in deciding),
        urgency_indicators=indicators,
    )


def _signal_confidence(signals: int) -> float:
    return 1 - 0.5 ** (1 + min(signals, 3))


def _find_urgency_words(text: str, levels: Iterable[SeverityLevel]) -> tuple[str, ...]:
    """The levels' urgency words that the text uses without denying them, in the levels' order."""
    words = tuple(
        dict.fromkeys(
            word.casefold() for level in levels for word in level.urgency_words
        )
    )
    if not words:
        return ()
    plain = " ".join(normalise_sentences(text))
    used, denied = _urgency_patterns(words)
    affirmed = set(used.findall(denied.sub(" ", plain) if used.search(plain) else ""))
    return tuple(word for word in words if word in affirmed)


@lru_cache(maxsize=32)
def _urgency_patterns(
    words: tuple[str, ...],
) -> tuple[re.Pattern[str], re.Pattern[str]]:
    any_word = "|".join(
        re.escape(word) for word in sorted(words, key=len, reverse=True)
    )
    return re.compile(rf" ({any_word})(?= )"), re.compile(
        rf" {_DENIAL} (?:{any_word})(?= )"
    )


@lru_cache(maxsize=32)
def _signal_matcher(signals: tuple[Signal, ...]) -> _SignalMatcher:
    return _SignalMatcher(signals)


def _phrase_pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(rf" (?:{pattern})(?= )")
