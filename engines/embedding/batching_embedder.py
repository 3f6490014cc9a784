"""The embedder for asyncio: batched, cached, and never on the event loop."""

import asyncio
import hashlib
from collections import OrderedDict, deque
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engines.embedding.embedder import TextEmbedder

_MAX_BATCH: Final = 8
"""Texts in one call of the embedder; in a larger batch the first text waits longer."""

_Vector = NDArray[np.float32]


class BatchingEmbedder:
    """Embeds in one worker thread, waiting texts in one batch. Safe on several event loops.

    Equal texts share one computation, in flight or done; the last `cache_size` results are kept
    (1.5 kB each).
    """

    def __init__(self, embedder: TextEmbedder, cache_size: int = 2048) -> None:
        self._embedder = embedder
        self._cache_size = cache_size
        self._results: OrderedDict[bytes, Future[_Vector]] = OrderedDict()
        self._queue: deque[tuple[str, Future[_Vector]]] = deque()
        self._lock = Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="embedder")

    async def embed(self, text: str) -> NDArray[np.float32]:
        """The unit vector of a text, read-only. Raises the embedder's error, for this text only."""
        future = self._get_or_queue_future(text)
        return future.result() if future.done() else await asyncio.wrap_future(future)

    def close(self) -> None:
        """Finish what was asked for and end the thread."""
        self._worker.shutdown()

    def _get_or_queue_future(self, text: str) -> Future[_Vector]:
        key = hashlib.sha256(text.encode()).digest()
        with self._lock:
            if known := self._results.get(key):
                self._results.move_to_end(key)
                return known
            future: Future[_Vector] = Future()
            # A running future cannot be cancelled, so a waiter that gives up does not take
            # the result from the others.
            future.set_running_or_notify_cancel()
            self._queue.append((text, future))
            self._worker.submit(self._run_worker)
            self._results[key] = future
            if len(self._results) > self._cache_size:
                self._results.popitem(last=False)
        future.add_done_callback(lambda done: self._drop_failed_result(key, done))
        return future

    def _drop_failed_result(self, key: bytes, future: Future[_Vector]) -> None:
        if future.exception():
            with self._lock:
                self._results.pop(key, None)

    def _run_worker(self) -> None:
        batch = [
            self._queue.popleft() for _ in range(min(len(self._queue), _MAX_BATCH))
        ]
        if not batch:
            return
        try:
            self._embed_batch(batch)
        except Exception:
            # One text that cannot be embedded must not fail the rest of its batch.
            for request in batch:
                try:
                    self._embed_batch([request])
                except Exception as error:
                    request[1].set_exception(error)

    def _embed_batch(self, batch: list[tuple[str, Future[_Vector]]]) -> None:
        vectors = self._embedder.embed([text for text, _ in batch])
        vectors.flags.writeable = False
        for (_, future), vector in zip(batch, vectors, strict=True):
            future.set_result(vector)
