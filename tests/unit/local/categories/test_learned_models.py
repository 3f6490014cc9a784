"""What a desk has learned.

Kept as numbers, refused when they are another program's, and applied.
"""

import json
import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from contracts.errors import DeskError, InputError
from engines.embedding.stored_vectors import CachedEmbedder
from engines.local.categories.learned_models import (
    LearnedModels,
    blend_scores,
    build_severity_features,
)
from evals.training import train_desk
from policies.loading.load import load_desk
from policies.severity.assess import SeverityVerdict
from tests.paths import DESKS, REPOSITORY

SHIPPED = DESKS / "customer_support"
CALM = SeverityVerdict(severity="low", confidence=0.5)


def learned() -> LearnedModels:
    rng = np.random.default_rng(3)
    return LearnedModels(
        categories=("a", "b"),
        category_weights=rng.normal(size=(2, 5)).astype(np.float32),
        signals=("fire",),
        severity_weights=rng.normal(size=(4, 4 + 4 + 1 + 1)).astype(np.float32),
        critical_from=0.6,
    )


def test_it_survives_being_written_and_read() -> None:
    kept = LearnedModels.parse_npz(learned().dump_npz())
    assert (kept.categories, kept.signals, kept.critical_from) == (
        ("a", "b"),
        ("fire",),
        0.6,
    )
    np.testing.assert_array_equal(kept.severity_weights, learned().severity_weights)


def test_chances_add_up_and_signals_count() -> None:
    vector = np.full(4, 0.5, np.float32)
    calm = learned().severity_probabilities(vector, CALM)
    burning = learned().severity_probabilities(
        vector, CALM.model_copy(update={"signals": ("fire",)})
    )
    assert sum(calm.values()) == pytest.approx(1)
    assert calm != burning
    assert sum(learned().category_probabilities(vector).values()) == pytest.approx(1)
    assert build_severity_features(vector, CALM, ("fire",)).shape == (9,)


def test_what_was_learned_moves_the_scores() -> None:
    moved = blend_scores({"a": 1.0, "b": 1.0}, {"a": 0.9, "b": 0.1}, 0.1)
    assert moved["a"] > moved["b"]
    assert blend_scores({"a": 1.0}, {"a": 0.0}, 0.1)["a"] < 1


def test_files_of_other_programs_are_refused() -> None:
    with pytest.raises(DeskError, match=r"learned\.npz cannot be read"):
        LearnedModels.parse_npz(b"not a file of ours")
    with pytest.raises(DeskError, match=r"vectors\.npz cannot be read"):
        CachedEmbedder(Counting(), [b"not a file of ours"])
    foreign = BytesIO()
    np.savez(
        foreign,
        about=np.array(json.dumps({"model": "another"})),
        category_weights=[0],
        severity_weights=[0],
    )
    with pytest.raises(DeskError, match="another embedding model"):
        LearnedModels.parse_npz(foreign.getvalue())


class Counting:
    """An embedder that says how many texts it had to read."""

    def __init__(self) -> None:
        self.read = 0

    def embed(self, texts):
        self.read += len(texts)
        return np.array([[len(text), 1.0] for text in texts], np.float32).reshape(
            len(texts), 2
        )


def test_known_texts_are_not_read_again() -> None:
    first = Counting()
    known = CachedEmbedder(first)
    known.embed(["one", "three", "one"])
    assert first.read == 2
    second = Counting()
    again = CachedEmbedder(second, [known.dump_vectors()])
    np.testing.assert_array_equal(again.embed(["three", "one"]), [[5, 1], [3, 1]])
    assert second.read == 0
    assert again.embed([]).shape == (0, 2)


def test_the_shipped_vectors_are_those_of_the_shipped_texts() -> None:
    from engines.embedding.batching_embedder import BatchingEmbedder
    from engines.local.answers.knowledge import KnowledgeBase
    from engines.local.categories.scorer import CategoryScorer

    for folder in sorted(SHIPPED.parent.iterdir()):
        desk, counting = load_desk(folder), Counting()
        assert desk.vectors is not None
        known = CachedEmbedder(counting, [desk.vectors])
        CategoryScorer(known, desk)
        batching = BatchingEmbedder(known)
        KnowledgeBase(known, batching, [desk])
        batching.close()
        assert counting.read == 0, (
            f"{desk.id}: its texts have changed; run `ticketgraph train` again"
        )


def test_training_writes_what_the_desk_is_loaded_with(tmp_path: Path) -> None:
    folder = tmp_path / "customer_support"
    shutil.copytree(SHIPPED, folder)
    examples = REPOSITORY / "evals" / "examples" / "customer_support.jsonl"
    some = tmp_path / "some.jsonl"
    some.write_text(
        "\n".join(examples.read_text(encoding="utf-8").splitlines()[::14]),
        encoding="utf-8",
    )
    fitted = train_desk(folder, [some])
    assert fitted.examples == 120
    assert 0.4 < fitted.category_accuracy <= 1
    assert 0 < fitted.critical_recall <= 1
    desk = load_desk(folder)
    assert desk.learned is not None
    assert LearnedModels.parse_npz(desk.learned).categories == tuple(
        category.id for category in desk.categories
    )
    assert desk.calibration.tickets == 120
    some.write_text(
        json.dumps({"id": "1", "category": "nonsense", "severity": "low"}),
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="nonsense"):
        train_desk(folder, [some])
