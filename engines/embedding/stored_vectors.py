"""Vectors of a desk's own texts, computed once and kept in its `vectors.npz`.

A desk brings several hundred sentences that tickets are compared with. Embedding them takes
seconds; `ticketgraph train` does it once. A text that is not in the file, because it was
changed or added, is embedded at start: the file only makes starting faster.
"""

import hashlib
import io
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from contracts.errors import DeskError
from engines.embedding.embedder import MODEL_NAME, TextEmbedder


class CachedEmbedder:
    """A TextEmbedder that embeds only texts it does not know yet, and remembers them."""

    def __init__(self, embedder: TextEmbedder, files: Iterable[bytes] = ()) -> None:
        """Load the vectors of files. Raises DeskError for one that is no vectors file.

        A file of another embedding model is ignored.
        """
        self.embedder = embedder
        self.vectors: dict[bytes, NDArray[np.float32]] = {}
        for file in files:
            self.vectors |= parse_vectors_file(file)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit vector a text, [n, d]."""
        digests = [digest_text(text) for text in texts]
        unknown = {
            key: text
            for key, text in zip(digests, texts, strict=True)
            if key not in self.vectors
        }
        if unknown:
            found = self.embedder.embed(list(unknown.values()))
            self.vectors.update(zip(unknown, found, strict=True))
        return (
            np.stack([self.vectors[key] for key in digests])
            if texts
            else self.embedder.embed([])
        )

    def dump_vectors(self) -> bytes:
        """All known vectors, as the bytes of a vectors file."""
        keys = sorted(self.vectors)
        file = io.BytesIO()
        np.savez_compressed(
            file,
            model=np.array(MODEL_NAME),
            digests=np.frombuffer(b"".join(keys), np.uint8).reshape(len(keys), -1),
            vectors=np.stack([self.vectors[key] for key in keys]).astype(np.float16),
        )
        return file.getvalue()


def digest_text(text: str) -> bytes:
    """The key of a text: 16 bytes of its SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


def parse_vectors_file(file: bytes) -> dict[bytes, NDArray[np.float32]]:
    """The vectors of a file by digest; none from another model. Raises DeskError."""
    try:
        with np.load(io.BytesIO(file), allow_pickle=False) as stored:
            if str(stored["model"]) != MODEL_NAME:
                return {}
            digests, vectors = stored["digests"], stored["vectors"].astype(np.float32)
    except (ValueError, KeyError, OSError) as error:
        raise DeskError(
            "vectors.npz cannot be read. Write it again with `ticketgraph train`."
        ) from error
    return {key.tobytes(): vector for key, vector in zip(digests, vectors, strict=True)}
