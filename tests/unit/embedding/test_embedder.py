import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from contracts.errors import EngineError
from engines.embedding import embedder as embedder_module
from engines.embedding.batching_embedder import BatchingEmbedder
from engines.embedding.embedder import DIMENSIONS, Embedder
from engines.embedding.int8_graph import rewrite_to_int8

EVIDENCE = " My card was charged twice for one order and I demand a refund."


def test_a_paraphrase_is_nearer_than_another_subject(embedder: Embedder) -> None:
    ticket, paraphrase, other = embedder.embed(
        [
            "I was billed two times this month.",
            "You charged me twice in March.",
            "How do I change my password?",
        ]
    )
    assert ticket @ paraphrase > 0.5
    assert ticket @ other < 0.3


@settings(deadline=None, max_examples=30)
@given(texts=st.lists(st.text(max_size=300), max_size=4))
def test_every_text_has_a_unit_vector(embedder: Embedder, texts: list[str]) -> None:
    vectors = embedder.embed(texts)
    assert vectors.shape == (len(texts), DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_has_the_same_vector_in_any_company_and_thread(
    embedder: Embedder,
) -> None:
    texts = [
        f"Ticket {n}: the printer on floor {n} is out of paper. " * (n + 1)
        for n in range(12)
    ]
    together = embedder.embed(texts)
    with ThreadPoolExecutor(4) as pool:
        alone = list(pool.map(lambda text: embedder.embed([text])[0], texts))
    assert np.array_equal(together, np.stack(alone))


def test_the_rewritten_model_says_what_the_file_says(embedder: Embedder) -> None:
    file = ort.InferenceSession(
        embedder_module._find_model_path(), providers=["CPUExecutionProvider"]
    )
    for length in (1, 17, 126):
        tokens = np.random.default_rng(length).integers(1000, 30_000, (1, length))
        tokens = np.pad(tokens, ((0, 0), (1, 1)), constant_values=((0, 0), (101, 102)))
        feed = {
            "input_ids": tokens,
            "attention_mask": np.ones_like(tokens),
            "token_type_ids": np.zeros_like(tokens),
        }
        hidden = np.asarray(file.run(None, feed)[0])
        expected = embedder_module._to_unit_vector(hidden[0].mean(axis=0))
        assert expected @ embedder._embed_chunk(tokens[0, 1:-1].tolist()) > 0.985


@pytest.mark.parametrize("threads", [1, 3])
def test_the_number_of_threads_changes_no_vector(
    embedder: Embedder, threads: int
) -> None:
    texts = ["Where is my parcel? " * n for n in (1, 90, 300)]
    assert np.array_equal(Embedder.load(threads).embed(texts), embedder.embed(texts))


def test_a_text_of_one_chunk_is_read_in_the_thread_that_asks() -> None:
    embedder = Embedder.load()
    embedder._chunk_workers.shutdown()
    assert embedder.embed(["Where is my parcel?"]).shape == (1, DIMENSIONS)
    with pytest.raises(RuntimeError, match="shutdown"):
        embedder.embed(["Where is my parcel? " * 90])


@pytest.mark.parametrize("place", [0, 20_013, 40_009, 120_007, 199_000])
def test_evidence_anywhere_in_200_000_characters_is_heard(
    embedder: Embedder, place: int
) -> None:
    log = "".join(
        f"{n % 60:02d} GET /index.html 200 served in {n % 97} ms. "
        for n in range(6_000)
    )[:199_900]
    evidence, without, with_it = embedder.embed(
        [EVIDENCE, log, log[:place] + EVIDENCE + log[place:]]
    )
    assert evidence @ with_it > evidence @ without + 0.02


def test_a_very_long_text_costs_no_more_than_24_chunks() -> None:
    ids = np.random.default_rng(1).integers(1000, 30_000, 60_000).tolist()
    chunks = embedder_module._split_into_chunks(ids)
    assert len(chunks) == len({chunk.start for chunk in chunks}) == 24
    assert chunks[0].start == 0
    assert chunks[-1].stop == len(ids)


@given(length=st.integers(0, 2_600))
def test_a_text_within_the_limit_is_read_whole(length: int) -> None:
    chunks = embedder_module._split_into_chunks(range(length))
    assert {i for chunk in chunks for i in range(length)[chunk]} == set(range(length))
    assert all(len(range(length)[chunk]) <= 126 for chunk in chunks)


def test_a_file_that_is_not_the_expected_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = tmp_path / "tokenizer.json"
    forged.write_text("{}")
    monkeypatch.setattr(embedder_module, "_TOKENIZER_FILE", forged)
    with pytest.raises(EngineError, match="not the expected file"):
        Embedder.load()
    monkeypatch.setattr(embedder_module, "_TOKENIZER_FILE", tmp_path / "absent.json")
    with pytest.raises(EngineError, match="cannot be read"):
        Embedder.load()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedder_module, "_PACKAGE", "no-such-package-of-weights")
    with pytest.raises(EngineError, match="no-such-package-of-weights"):
        Embedder.load()


def test_a_model_that_lacks_one_product_is_refused() -> None:
    model = embedder_module._find_model_path().read_bytes()
    with pytest.raises(EngineError, match="not have the quantised products"):
        rewrite_to_int8(
            model.replace(b"layer.3.output.dense.bias", b"layer.3.output.dense.bios")
        )


@pytest.mark.parametrize("model", [b"\x3a\x00", b"\x0d\x00\x00\x00\x00"])
def test_a_model_without_quantised_products_is_refused(model: bytes) -> None:
    with pytest.raises(EngineError):
        rewrite_to_int8(model)


class Recorder:
    """An embedder that waits for the gate, writes down what it is asked, and cannot read
    the word "poison"."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.started = threading.Event()
        self.gate = threading.Event()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.calls.append(list(texts))
        self.started.set()
        self.gate.wait(timeout=10)
        if "poison" in texts:
            raise EngineError("unreadable")
        return np.array([[len(text), ord(text[0])] for text in texts], dtype=np.float32)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.gate.set()


async def started(
    batching: BatchingEmbedder, recorder: Recorder, *texts: str
) -> list[asyncio.Task[NDArray[np.float32]]]:
    """Ask for each text, and return when the worker is busy with the first and the others wait."""
    tasks = [asyncio.create_task(batching.embed(text)) for text in texts]
    await asyncio.to_thread(recorder.started.wait, 10)
    return tasks


@pytest.mark.asyncio
async def test_equal_texts_share_one_computation_under_way_and_done(
    recorder: Recorder,
) -> None:
    batching = BatchingEmbedder(recorder)
    tasks = await started(batching, recorder, "a", "a", "a")
    recorder.gate.set()
    results = [*await asyncio.gather(*tasks), await batching.embed("a")]
    assert recorder.calls == [["a"]]
    assert all(result is results[0] for result in results)
    with pytest.raises(ValueError, match="read-only"):
        results[0][0] = 1


@pytest.mark.asyncio
async def test_what_waits_goes_in_one_call_and_each_gets_its_own(
    recorder: Recorder,
) -> None:
    batching = BatchingEmbedder(recorder)
    first = await started(batching, recorder, "a")
    rest = [asyncio.create_task(batching.embed(text)) for text in ("bb", "ccc", "dddd")]
    await asyncio.sleep(0)
    recorder.gate.set()
    vectors = await asyncio.gather(*first, *rest)
    assert recorder.calls == [["a"], ["bb", "ccc", "dddd"]]
    assert [vector.tolist() for vector in vectors] == [
        [1, 97],
        [2, 98],
        [3, 99],
        [4, 100],
    ]


@pytest.mark.asyncio
async def test_one_waiter_giving_up_does_not_disturb_the_others(
    recorder: Recorder,
) -> None:
    batching = BatchingEmbedder(recorder)
    leaving, staying = await started(batching, recorder, "a", "a")
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    recorder.gate.set()
    assert (await staying).tolist() == [1, 97]
    assert (await batching.embed("a")).tolist() == [1, 97]
    assert recorder.calls == [["a"]]


@pytest.mark.asyncio
async def test_a_text_that_cannot_be_read_fails_alone_and_is_tried_again(
    recorder: Recorder,
) -> None:
    batching = BatchingEmbedder(recorder)
    first = await started(batching, recorder, "a")
    rest = [asyncio.create_task(batching.embed(text)) for text in ("b", "poison", "c")]
    await asyncio.sleep(0)
    recorder.gate.set()
    results = await asyncio.gather(*first, *rest, return_exceptions=True)
    assert [isinstance(result, EngineError) for result in results] == [
        False,
        False,
        True,
        False,
    ]
    with pytest.raises(EngineError):
        await batching.embed("poison")


@pytest.mark.asyncio
async def test_the_oldest_result_is_forgotten_first(recorder: Recorder) -> None:
    recorder.gate.set()
    batching = BatchingEmbedder(recorder, cache_size=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        await batching.embed(text)
    assert recorder.calls == [["a"], ["b"], ["c"], ["b"]]
    batching.close()


def test_results_outlive_the_event_loop(recorder: Recorder) -> None:
    recorder.gate.set()
    batching = BatchingEmbedder(recorder)
    assert asyncio.run(batching.embed("a")) is asyncio.run(batching.embed("a"))
    assert len(recorder.calls) == 1
