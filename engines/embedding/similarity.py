"""How similar two texts are: by meaning and spelling, or as nearly the same text.

The first finds similar tickets, the second repeated ones.
"""

import hashlib
import re
import unicodedata
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

SPELLING_DIMENSIONS: Final = 512
"""Recall on duplicate reports is the same from 512 to 16,384, and lower with 384."""

_SPELLING_WEIGHT: Final = 0.5
_GRAM_LENGTHS: Final = (3, 4, 5)
_HASH_MULTIPLIERS: Final = (
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)
_HASH_SHIFTS: Final = (np.uint64(30), np.uint64(27), np.uint64(31))
_HASH_BASE: Final = np.uint64(0x100000001B3)

_REPLY_MARKS: Final = re.compile(r"\A(?:\s*(?:re|fwd?|aw|wg)\s*:)+", re.IGNORECASE)
_LONGEST_PREFIX: Final = 120
_LOWEST_RATIO: Final = 80


def build_fingerprint(text: str, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a unit vector [d + 512] for a text and its unit embedding [d].

    The dot product of two is (similarity of meaning + half the similarity of spelling) / 1.5.
    Spelling finds what a sentence encoder misses: identifiers, error texts, product names.
    """
    parts = (embedding, np.sqrt(_SPELLING_WEIGHT) * _spelling_vector(text))
    return (np.concatenate(parts) / np.sqrt(1 + _SPELLING_WEIGHT)).astype(np.float32)


def near_exact_similarity(a: str, b: str) -> float:
    """Return how nearly two texts are the same, in [0, 1]; 0 for anything under .8.

    Case, punctuation, spacing and reply marks do not count. Neither does up to one line in front
    of the repeated text ("Resending this, please look."), if it is no longer than that text.
    One differing identifier hardly lowers the result: compare identifiers apart.
    """
    shorter, longer = sorted((_normalise_text(a), _normalise_text(b)), key=len)
    if shorter and _differs_by_prefix(shorter, longer):
        return 1.0
    return fuzz.ratio(shorter, longer, score_cutoff=_LOWEST_RATIO) / 100


def normalised_digest(text: str) -> str:
    """Return the SHA-256 in hex of a text without case, punctuation, spacing and reply marks.

    Equal for the same message sent again. All texts of nothing but punctuation have the same one.
    """
    return hashlib.sha256(_normalise_text(text).encode()).hexdigest()


class _SpacingTable(dict[int, int]):
    """For str.translate: punctuation, separators and controls become spaces. Fills itself."""

    def __missing__(self, code: int) -> int:
        self[code] = ord(" ") if unicodedata.category(chr(code))[0] in "PZC" else code
        return self[code]


_SPACING: Final = _SpacingTable()


def _normalise_text(text: str) -> str:
    text = unicodedata.normalize("NFKC", _REPLY_MARKS.sub("", text))
    return " ".join(text.casefold().translate(_SPACING).split())


def _differs_by_prefix(shorter: str, longer: str) -> bool:
    """Whether the longer text is the shorter one with a few words inserted near its start."""
    more = len(longer) - len(shorter)
    if more > min(_LONGEST_PREFIX, len(shorter)):
        return False
    same_start = next(
        (i for i, char in enumerate(shorter) if char != longer[i]), len(shorter)
    )
    start = min(same_start, len(shorter) // 2)
    return shorter[start:] == longer[start + more :]


def _spelling_vector(text: str) -> NDArray[np.float64]:
    """Signed hashed character n-grams with sublinear frequencies.

    After Weinberger et al., Feature Hashing, 2009.
    """
    codes = np.frombuffer(
        f" {_normalise_text(text)} ".encode("utf-32-le"), dtype="<u4"
    ).astype(np.uint64)
    grams, counts = np.unique(
        np.concatenate([_hash_ngrams(codes, n) for n in _GRAM_LENGTHS]),
        return_counts=True,
    )
    signs = np.where(grams >> np.uint64(63), -1.0, 1.0)
    columns = (grams % np.uint64(SPELLING_DIMENSIONS)).astype(np.intp)
    weights = signs * (1 + np.log(counts))
    vector = np.bincount(columns, weights, SPELLING_DIMENSIONS).astype(np.float64)
    length = np.linalg.norm(vector)
    return vector / length if length else vector


def _hash_ngrams(codes: NDArray[np.uint64], n: int) -> NDArray[np.uint64]:
    """A well-mixed 64-bit hash of each n consecutive characters, equal in every process."""
    count = max(len(codes) - n + 1, 0)
    hashes = np.full(count, n, dtype=np.uint64)
    for offset in range(n):
        hashes = hashes * _HASH_BASE + codes[offset : offset + count]
    # The finaliser of SplitMix64 (Steele, Lea and Flood, 2014) spreads neighbouring numbers.
    for shift, mixer in zip(_HASH_SHIFTS, _HASH_MULTIPLIERS, strict=False):
        hashes = (hashes ^ (hashes >> shift)) * mixer
    return hashes ^ (hashes >> _HASH_SHIFTS[-1])
