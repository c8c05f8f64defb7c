"""What a question is answered from, by words and by meaning, and what is declined."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.embeddings import Embeddings

from bench.runs import settings_for
from bench.simulated import Simulated
from chains.chat.lexical_index import LexicalIndex, terms_of
from chains.chat.retriever import PairRetriever, Source
from chains.chat.retriever_cache import RetrieverCache
from chains.embedding.load import NamedEmbeddings, load_embeddings
from chains.events import Done
from chains.journal.jobs import Jobs
from chains.journal.lists import leave_out, load_list, reword
from chains.journal.replies import Journal
from chains.records import Job
from chains.run.inputs import Text
from chains.run.pipeline import Pipeline
from chains.settings import Resolved
from messages.errors import SaidError
from pairs.records import Evidence, QAPair

DOCUMENTS = Path(__file__).resolve().parent.parent.parent / "examples" / "documents"
LEXICAL = NamedEmbeddings("lexical", None, 1.0)
OWN = {
    "apollo11.pdf": [
        "Who was the commander of Apollo 11?",
        "What time did the Eagle touch down on the Moon?",
        "Who was the pilot of the command module?",
        "Which alarms did the guidance computer raise during the descent?",
        "阿波罗11号是什么时候发射的？",
    ],
    "hzmb.pdf": [
        "港珠澳大桥全长多少公里？",
        "港珠澳大桥是哪一年开工的？",
        "人工岛是怎样建成的？",
        "大桥的设计使用寿命是多少年？",
        "When was the Hong Kong-Zhuhai-Macau Bridge opened to traffic?",
    ],
}
STRANGE = [
    "How do I renew a passport in Canada?",
    "What is the chemical formula of sulfuric acid?",
    "Who wrote Pride and Prejudice?",
    "《红楼梦》的作者是谁？",
    "怎样治疗儿童近视？",
    "光合作用的原理是什么？",
]


@pytest.fixture
def journal() -> Iterator[Journal]:
    with Journal() as opened:
        yield opened


@pytest.fixture(scope="module")
def packaged() -> NamedEmbeddings:
    return load_embeddings("packaged")


class Letters(Embeddings):
    """Vectors of letters, counting the texts it was given."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """How often letters stand in each text, by their code."""
        self.texts += texts
        rows = np.zeros((len(texts), 64), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for char in text:
                row[hash_of(char)] += 1.0
        return [[float(cell) for cell in row] for row in rows]

    def embed_query(self, text: str) -> list[float]:
        """The same of one text."""
        return self.embed_documents([text])[0]


def hash_of(char: str) -> int:
    return ord(char) * 31 % 64


def pair(question: str, answer: str) -> QAPair:
    return QAPair(question=question, answer=answer, evidence=Evidence(match="none"), source="a.pdf")


@given(st.text(max_size=300), st.lists(st.text(max_size=60), min_size=1, max_size=6))
def test_a_share_is_a_share_for_any_text(question: str, texts: list[str]) -> None:
    shares = LexicalIndex(texts).weighted_shares(terms_of(question))
    assert shares.shape == (len(texts),)
    assert float(shares.min()) >= 0
    assert float(shares.max()) <= 1 + 1e-5
    back = LexicalIndex(texts[::-1]).weighted_shares(terms_of(question))
    assert np.allclose(shares, back[::-1], atol=1e-5)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("港珠澳大桥全长多少公里？", "港珠澳大桥全长约55公里。"),
        ("港珠澳大橋的設計使用壽命是多少？", "港珠澳大桥设计使用寿命为120年。"),
        ("When was the Forth Bridge opened?", "The FORTH bridge was opening in 1890."),
        ("2009年动工的是什么？", "大桥于2009年动工。"),
    ],
)
def test_the_text_that_answers_covers_the_question(question: str, text: str) -> None:
    others = ["飞机在机场降落。", "He plays the piano.", "第3章 2010年预算"]
    shares = LexicalIndex([*others, text]).weighted_shares(terms_of(question))
    assert shares.argmax() == len(others)
    assert shares[-1] > 0.6


@pytest.mark.parametrize("name", ["apollo11.pdf", "hzmb.pdf"])
def test_own_questions_find_and_strange_ones_are_declined(
    name: str, journal: Journal, packaged: NamedEmbeddings
) -> None:
    retriever = PairRetriever.of_texts([DOCUMENTS / name], journal, embeddings=packaged)
    found = {question: retriever.search(question) for question in OWN[name]}
    assert [question for question, sources in found.items() if not sources] == []
    assert {one.source for sources in found.values() for one in sources} == {str(DOCUMENTS / name)}
    assert all(one.page in (1, 2, 3) for sources in found.values() for one in sources)
    others = [question for other, asked in OWN.items() if other != name for question in asked]
    assert [q for q in (*STRANGE, *others) if retriever.search(q)] == []


@pytest.mark.parametrize("name", ["apollo11.pdf", "hzmb.pdf"])
def test_without_vectors_words_find(name: str, journal: Journal, packaged: NamedEmbeddings) -> None:
    by_words = PairRetriever.of_texts([DOCUMENTS / name], journal, embeddings=LEXICAL)
    no_time = PairRetriever.of_texts([DOCUMENTS / name], journal, embeddings=packaged, seconds=0)
    for retriever in (by_words, no_time):
        assert all(retriever.search(question) for question in OWN[name][:2])
        assert not any(retriever.search(question) for question in STRANGE)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_the_best_come_first_and_no_more_than_asked_for(k: int, journal: Journal) -> None:
    pairs = [pair(f"港珠澳大桥的第{n}段有多长？", f"{n}公里") for n in range(1, 9)]
    text = [Text(text=f"港珠澳大桥的第{n}段全长{n}公里。" * 5, name=f"{n}.txt") for n in range(9)]
    passages = PairRetriever.of_texts(text, journal, embeddings=LEXICAL)
    assert passages.passages == 9
    retriever = PairRetriever(pairs, [], LEXICAL, journal)
    for one in (passages, retriever):
        found = one.search("港珠澳大桥的第3段有多长？", k)
        assert 1 <= len(found) <= k
        assert [source.score for source in found] == sorted(
            (source.score for source in found), reverse=True
        )


@pytest.mark.parametrize(
    ("question", "known"),
    [
        ("港珠澳大桥全长多少？", True),
        ("请问港珠澳大桥全长多少", True),
        ("港珠澳大橋全長多少?", True),
        ("2018年大桥通车了吗？", True),
        ("2019年大桥通车了吗？", False),
        ("港珠澳大桥有多宽？", False),
        ("What is the design life of the bridge?", True),
        ("WHAT IS THE DESIGN LIFE OF THE BRIDGE", True),
        ("What is the design life of the tunnel?", False),
        ("谁设计了大桥？", False),  # two answers to it
    ],
)
def test_only_the_very_same_question_is_answered_from_its_pair(
    question: str, known: bool, journal: Journal, packaged: NamedEmbeddings
) -> None:
    pairs = [
        pair("港珠澳大桥全长多少？", "约55公里"),
        pair("2018年大桥通车了吗？", "通车了"),
        pair("What is the design life of the bridge?", "120 years"),
        pair("谁设计了大桥？", "孟凡超"),
        pair("谁设计了大桥？", "林鸣"),
    ]
    retriever = PairRetriever(pairs, [], packaged, journal)
    found = retriever.same_question(question)
    assert (found is not None) == known
    if found:
        assert found.kind == "pair"
        assert found.answer


def test_vectors_are_made_once(journal: Journal) -> None:
    letters = Letters()
    named = NamedEmbeddings("letters", letters, 0.99)
    first = PairRetriever.of_texts([DOCUMENTS / "hzmb.pdf"], journal, embeddings=named)
    assert len(letters.texts) >= first.passages
    letters.texts.clear()
    PairRetriever.of_texts([DOCUMENTS / "hzmb.pdf"], journal, embeddings=named)
    assert letters.texts == []


def test_a_finished_job_is_asked_with_a_persons_edits(packaged: NamedEmbeddings) -> None:
    with Simulated() as server, Journal() as journal:
        resolved = settings_for(server, chunk_size="200")
        inputs = [DOCUMENTS / "hzmb.pdf", DOCUMENTS / "apollo11.pdf"]
        *_, done = Pipeline(resolved, journal=journal, embeddings=packaged).run(inputs)
        assert isinstance(done, Done)
        first, second, *_ = load_list(journal, done.job).kept
        leave_out(journal, done.job, first.id)
        reword(journal, done.job, second.id, question="这座大桥由谁管理？")
        retriever = PairRetriever.of_job(journal, done.job[:6])
        kept = load_list(journal, done.job).kept
    assert (retriever.pairs, retriever.passages > 10) == (len(kept), True)
    same = retriever.same_question("请问这座大桥由谁管理")
    assert same is not None
    assert same.answer == second.answer
    assert retriever.same_question(first.question) is None
    for name, questions in OWN.items():
        sources = retriever.search(questions[0])
        assert Path(sources[0].source).name == name
        assert "passage" in {source.kind for source in sources}
    assert not any(retriever.search(question) for question in STRANGE)


def test_a_job_without_a_list_is_said(journal: Journal) -> None:
    with pytest.raises(SaidError) as caught:
        PairRetriever.of_job(journal, "nosuch")
    assert caught.value.code == "job.unknown"


def test_a_list_is_indexed_once_until_it_changes(server: Simulated, journal: Journal) -> None:
    loaded: list[str] = []

    def load(name: str, backend: str) -> NamedEmbeddings:
        loaded.append(f"{name} {backend}")
        return LEXICAL

    resolved = settings_for(server, chunk_size="200")
    text = "赵州桥由隋朝工匠李春设计建造。It is 64 metres long, and very old indeed."
    *_, done = Pipeline(resolved, journal=journal).run([Text(text=text, name="桥")])
    assert isinstance(done, Done)
    cache = RetrieverCache(journal, load)
    job = Jobs(journal).find(done.job)
    made: list[PairRetriever] = []
    threads = [
        threading.Thread(target=lambda: made.append(cache.of_job(job, resolved))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in made}) == len(loaded) == 1
    assert cache.of_job(job) is made[0]  # made with the same embedding
    other = resolved.settings.model_copy(update={"embeddings": "packaged"})
    by_other = Resolved(settings=other, origins={})
    assert cache.of_job(job, by_other) is not made[0]
    assert len(loaded) == 2
    leave_out(journal, done.job, done.result.kept[0].id)
    assert cache.of_job(job).pairs == made[0].pairs - 1
    loaded.clear()
    waiting = Job(id="waiting", fingerprint="f")
    Jobs(journal).add(waiting)
    with pytest.raises(SaidError) as caught:
        cache.of_job(waiting)
    assert (caught.value.code, loaded) == ("job.no_list", [])


def test_many_threads_find_the_same(journal: Journal, packaged: NamedEmbeddings) -> None:
    retriever = PairRetriever.of_texts([DOCUMENTS / "hzmb.pdf"], journal, embeddings=packaged)
    alone = [retriever.search(question) for question in OWN["hzmb.pdf"]]
    together: dict[int, list[list[Source]]] = {}

    def search(n: int) -> None:
        together[n] = [retriever.search(question) for question in OWN["hzmb.pdf"]]

    threads = [threading.Thread(target=search, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[n] for n in range(4)] == [alone] * 4


@pytest.mark.parametrize("question", ["", "？", "\ud800", "\x00", "a" * 100_000, "的了是" * 9000])
def test_any_question_is_taken(question: str, journal: Journal, packaged: NamedEmbeddings) -> None:
    retriever = PairRetriever.of_texts([DOCUMENTS / "hzmb.pdf"], journal, embeddings=packaged)
    assert isinstance(retriever.search(question), list)
    assert retriever.same_question(question) is None
