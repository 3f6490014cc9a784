"""Judges severity from what a text says has happened, never from how loudly it says so.

A desk's signals are patterns over sentences (`severities.yaml`; text/sentences.py spells the
sentences). A signal is found in a sentence that one of its patterns matches and none of its
`unless` patterns does. A signal with `all_of` is found where all the named ones are. Signals
that later sentences resolve, or that other signals outweigh, are dropped. The most severe
of the rest decides.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, reduce
from typing import NamedTuple

from pydantic import Field

from contracts.values import SEVERITIES, Severity, Value
from policies.desk.model import SeverityLevel, Signal
from text.regexes import WordIndex, required_words, split_alternatives
from text.sentences import normalise_sentences

MAX_SENTENCES_BETWEEN = 3
"""Sentences that may lie between the parts of an `all_of`."""

_DENIAL = r"(?:not|no|never|nothing|hardly|less|without)(?: [^ ,]+){0,3}"


class SeverityVerdict(Value):
    """A severity and the signals it is based on."""

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
    """One alternative of a signal's pattern, and the bits of the words it needs."""

    needs: int
    signal: str
    regex: re.Pattern[str]


class _SignalMatcher:
    """A desk's signals, compiled.

    A word index tells which patterns a sentence could match, so that the others are not tried.
    """

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
        """Ids of the signals found, each with its sentences' numbers, ascending."""
        sentences = normalise_sentences(text)
        words = [self.index.find_bits(sentence) for sentence in sentences]
        anywhere = reduce(int.__or__, words, 0)
        possible = [p for p in self.patterns if p.needs & anywhere == p.needs]
        found: dict[str, list[int]] = {}
        for number, (sentence, present) in enumerate(
            zip(sentences, words, strict=True)
        ):
            for signal in self.match_sentence(sentence, present, possible):
                found.setdefault(signal, []).append(number)
        return found

    def match_sentence(
        self, sentence: str, present: int, possible: Sequence[_Pattern]
    ) -> list[str]:
        """Ids of the signals in one sentence, whose words have the bits `present`."""
        matched: dict[str, None] = {}
        for needs, signal, regex in possible:
            if (
                needs & present == needs
                and signal not in matched
                and regex.search(sentence)
            ):
                matched[signal] = None
        return [s for s in matched if not self.is_excepted(s, sentence, present)]

    def is_excepted(self, signal: str, sentence: str, present: int) -> bool:
        """Whether one of the signal's `unless` patterns matches the sentence."""
        return any(
            needs & present == needs and regex.search(sentence)
            for needs, _, regex in self.unless[signal]
        )

    def weigh_signals(self, found: dict[str, list[int]]) -> list[Signal]:
        """The graded signals that remain, most severe first.

        Signals are combined (`all_of`), then resolved, then outweighed.
        """
        last = {id_: numbers[-1] for id_, numbers in found.items()}
        for signal in self.signals.values():
            parts = [found.get(part, []) for part in signal.all_of]
            together = _last_common_sentence(parts) if parts else None
            if together is not None:
                last[signal.id] = together
        kept = [self.signals[id_] for id_ in self._drop_overruled(last)]
        graded = [signal for signal in kept if signal.severity]
        return sorted(graded, key=_severity_order)

    def _drop_overruled(self, last: dict[str, int]) -> list[str]:
        """The ids that no later sentence resolves and no other signal outweighs, desk's order.

        `last` has the number of each signal's last sentence.
        """
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
        return [id_ for id_ in self.signals if id_ in standing - outweighed]


def _severity_order(signal: Signal) -> int:
    return -SEVERITIES.index(signal.severity or "low")


def _last_common_sentence(parts: list[list[int]]) -> int | None:
    """The last sentence near which every part is found; None when there is none."""
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

    Without any signal the ticket is low; an urgency word that is not denied makes such a
    ticket medium, no more. The signals must be expanded
    (`policies.severity.vocabulary.expand_signals`); they are compiled once per desk.
    """
    judge = _signal_matcher(tuple(signals))
    standing = judge.weigh_signals(judge.find_signals(text))
    indicators = _find_urgency_words(text, levels)
    severity: Severity = "medium" if indicators else "low"
    if standing:
        severity = standing[0].severity or "low"
    deciding = [signal for signal in standing if signal.severity == severity]
    critical = [signal for signal in standing if signal.severity == "critical"]
    return SeverityVerdict(
        severity=severity,
        confidence=_signal_confidence(len(deciding)),
        signals=tuple(signal.id for signal in standing),
        critical=tuple(signal.id for signal in critical),
        reasons=tuple(signal.reason for signal in deciding),
        urgency_indicators=indicators,
    )


def _signal_confidence(signals: int) -> float:
    return 1 - 0.5 ** (1 + min(signals, 3))


def _find_urgency_words(text: str, levels: Iterable[SeverityLevel]) -> tuple[str, ...]:
    """The urgency words that the text uses and does not deny, in the levels' order."""
    every = (word.casefold() for level in levels for word in level.urgency_words)
    words = tuple(dict.fromkeys(every))
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
