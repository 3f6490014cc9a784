# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
"""Which language a ticket is in, or None when it is too short or too technical to tell.

py3langid (a naive Bayes model over byte n-grams after Lui and Baldwin, 2012), restricted to
the languages that tickets plausibly come in: with all 140 of its languages, stop-word-free
English drifts to Latin or Scots.
"""

import re
from collections.abc import Collection
from functools import cache
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

LANGUAGES = (
    *(
        "ar",
        "bg",
        "ca",
        "cs",
        "da",
        "de",
        "el",
        "en",
        "es",
        "et",
        "fi",
        "fr",
        "he",
        "hi",
        "hr",
        "hu",
        "id",
        "it",
        "ja",
    ),
    *(
        "ko",
        "lt",
        "lv",
        "nl",
        "no",
        "pl",
        "pt",
        "ro",
        "ru",
        "sk",
        "sl",
        "sv",
        "th",
        "tr",
        "uk",
        "vi",
        "zh",
    ),
)
"""ISO 639-1 codes of what can be told apart."""

_MAX_CHARACTERS_READ = 12_000  # characters looked at
_SAMPLE = 3_000  # characters classified; more text does not change the answer
_MIN_LETTERS = 16
_MIN_WORDS = 3
_MIN_LETTERS_OTHER_SCRIPT = 4
_MIN_CONFIDENCE = 0.5
_IMPROBABLE = 0.1

_BLOCKS = re.compile(
    r"\{(code|noformat)\b[^{}]{0,40}\}.{0,3000}?\{\1\}|```.{0,3000}?```", re.DOTALL
)
_TECHNICAL = re.compile(r"[\d@/\\_=<>{}\[\]#$%&*+|~^`]|\w[.:]\w|[a-z][A-Z]")
_STACK_LINE = re.compile(
    r"^\s?(?:at|File|Caused by|\.\.\.|[\w.$]+(?:Exception|Error))\b.*$", re.MULTILINE
)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_OTHER_SCRIPT = re.compile("[\u0370-\u03ff\u0400-\u1fff\u2e80-\ud7ff\uf900-\ufaff]")


class DetectedLanguage(NamedTuple):
    """The language (ISO 639-1) with its probability, and whether the desk may speak it.

    Language and probability are None when it cannot be told.
    """

    language: str | None
    confidence: float | None
    supported: bool


_UNKNOWN = DetectedLanguage(None, None, True)


def detect_language(text: str, spoken: Collection[str]) -> DetectedLanguage:
    """The language of a text, for a desk that speaks `spoken`.

    Unknown when it is too short or too unclear to tell.

    A language counts as unsupported only when those the desk speaks are together improbable.
    """
    sample, letters, other = _sample_prose(text)
    enough = letters >= _MIN_LETTERS and sample.count(" ") >= _MIN_WORDS - 1
    if not enough and other < _MIN_LETTERS_OTHER_SCRIPT:
        return _UNKNOWN
    ranking = dict(_language_identifier().rank(sample.lower()))
    language, confidence = max(ranking.items(), key=itemgetter(1))
    if confidence < _MIN_CONFIDENCE:
        return _UNKNOWN
    ours = sum(probability for code, probability in ranking.items() if code in spoken)
    return DetectedLanguage(
        language, round(confidence, 4), language in spoken or ours > _IMPROBABLE
    )


def warm_up() -> None:
    """Load the model now (half a second) rather than with the first ticket."""
    _language_identifier()


@cache
def _language_identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(LANGUAGES)
    # One row a feature, side by side in memory: choosing columns leaves them in the order
    # of the languages.
    identifier.nb_ptc = np.ascontiguousarray(identifier.nb_ptc)
    return identifier


def _sample_prose(text: str) -> tuple[str, int, int]:
    """The prose of a text, how many letters it has, and how many are not Latin.

    Prose is the text without code and identifiers.
    """
    text = _BLOCKS.sub(" ", text[:_MAX_CHARACTERS_READ])
    tokens = _STACK_LINE.sub(" ", text).split()
    plain = " ".join(
        token
        for token in tokens
        if (token.islower() and token.isalpha()) or not _TECHNICAL.search(token)
    )
    sample = " ".join(_WORD.findall(plain))[:_SAMPLE]
    return sample, len(sample) - sample.count(" "), len(_OTHER_SCRIPT.findall(sample))
