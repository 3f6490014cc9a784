"""A desk's models fitted on labelled tickets: linear, over embeddings and signals.

Multinomial logistic regression, fitted by `ticketgraph train` and kept as plain numbers in
the desk's `learned.npz`. They are only applied here, so that running needs no training
library.
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from contracts.errors import DeskError
from contracts.values import SEVERITIES, Severity
from engines.embedding.embedder import MODEL_NAME
from policies.severity.assess import SeverityVerdict

Vector = NDArray[np.float32]

MEANING_WEIGHT = 3.0
"""Weight of a unit embedding beside the 0-or-1 features of the severity model."""

ZERO_SHOT_SHARE = 0.8
"""Weight of the zero-shot scores beside the learned model.

More weight on the learned model is better on tickets like the examples (.70 to .80
accuracy) and worse on public ones (.78 to .69); this share gains five points on the former
and loses one on the latter.
"""

MIN_PROBABILITY = 1e-6


@dataclass(frozen=True)
class LearnedModels:
    """A desk's fitted models."""

    categories: tuple[str, ...]
    category_weights: Vector
    signals: tuple[str, ...]
    severity_weights: Vector
    critical_from: float

    @classmethod
    def parse_npz(cls, data: bytes) -> Self:
        """Read `learned.npz`. Raises DeskError for a file that another program or model wrote."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as stored:
                about: dict[str, Any] = json.loads(str(stored["about"]))
                category_weights, severity_weights = (
                    stored["category_weights"],
                    stored["severity_weights"],
                )
        except (ValueError, KeyError, OSError) as error:
            raise DeskError(
                "learned.npz cannot be read. Write it again with `ticketgraph train`."
            ) from error
        if about.get("model") != MODEL_NAME:
            raise DeskError(
                "learned.npz was fitted with another embedding model. Run `ticketgraph train` "
                "again."
            )
        return cls(
            categories=tuple(about["categories"]),
            category_weights=category_weights,
            signals=tuple(about["signals"]),
            severity_weights=severity_weights,
            critical_from=float(about["critical_from"]),
        )

    def dump_npz(self) -> bytes:
        """The bytes of `learned.npz`."""
        about = {
            "model": MODEL_NAME,
            "categories": self.categories,
            "signals": self.signals,
            "critical_from": self.critical_from,
        }
        file = io.BytesIO()
        np.savez_compressed(
            file,
            about=np.array(json.dumps(about)),
            category_weights=self.category_weights.astype(np.float32),
            severity_weights=self.severity_weights.astype(np.float32),
        )
        return file.getvalue()

    def category_probabilities(self, embedding: Vector) -> dict[str, float]:
        """The chance of each category by the learned model alone."""
        return dict(
            zip(
                self.categories,
                softmax(self.category_weights @ append_intercept(embedding)),
                strict=True,
            )
        )

    def severity_probabilities(
        self, embedding: Vector, verdict: SeverityVerdict
    ) -> dict[Severity, float]:
        """The chance of each severity, from the text's embedding and its signals."""
        features = build_severity_features(embedding, verdict, self.signals)
        return dict(
            zip(
                SEVERITIES,
                softmax(self.severity_weights @ append_intercept(features)),
                strict=True,
            )
        )


def build_severity_features(
    embedding: Vector, verdict: SeverityVerdict, signals: Sequence[str]
) -> Vector:
    """The severity model's features: weighted embedding, judged severity, signals found."""
    judged = [float(verdict.severity == severity) for severity in SEVERITIES]
    found = [float(signal in verdict.signals) for signal in signals]
    return np.concatenate(
        (embedding * MEANING_WEIGHT, np.array(judged + found, np.float32))
    ).astype(np.float32)


def append_intercept(features: Vector) -> Vector:
    """The features and a one for the intercept."""
    return np.append(features, np.float32(1))


def softmax(logits: Vector) -> list[float]:
    """Probabilities of the logits."""
    weights = np.exp(logits - logits.max())
    return (weights / weights.sum()).tolist()


def blend_scores(
    scores: Mapping[str, float], learned: Mapping[str, float], temperature: float
) -> dict[str, float]:
    """Zero-shot scores and learned chances as one score a category, on the scores' scale."""
    return {
        category: ZERO_SHOT_SHARE * score
        + (1 - ZERO_SHOT_SHARE)
        * temperature
        * float(np.log(max(learned[category], MIN_PROBABILITY)))
        for category, score in scores.items()
    }
