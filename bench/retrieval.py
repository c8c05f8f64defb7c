"""Measures retrieval: questions answered and declined by language and embedding, and speed.

    python bench/retrieval.py                                  the documents of examples/
    python bench/retrieval.py --data FOLDER --embeddings packaged --embeddings lexical

FOLDER holds qa/*.jsonl, lines of ``{"lang", "doc_id", "title", "context", "question", "answer"}``.
A document is made of several contexts; half of its questions stand in its list of pairs, the other
half are asked, and as many questions about other documents. Own ones should be answered, those of
other documents declined. Beside it: how often the right passage is among the places found, and how
often a question was answered straight from a pair, and rightly.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.report import save_result
from chains.chat.retriever import PairRetriever, Passage, passages_of
from chains.embedding.load import NamedEmbeddings, embed, load_embeddings
from chains.journal.replies import Journal
from chains.records import SourceFile
from loaders import load, whole_text
from pairs.compare.answers import agree
from pairs.records import Evidence, QAPair

ROOT = Path(__file__).resolve().parent.parent
CONTEXTS = 40
"""Paragraphs of a document."""
ASKED = 25
"""Own questions asked about each document, and as many of others."""
VECTORS = 20_000
OWN = Path(__file__).with_name("retrieval_questions.jsonl")


@dataclass
class Document:
    """A text with its questions, each with its answer and the text around that."""

    name: str
    lang: str
    text: str
    questions: list[tuple[str, str, str]] = field(default_factory=list)


def read_data(data: Path, most: int) -> list[Document]:
    """Documents of the questions' contexts, those of one title together; some of each file."""
    documents = []
    for file in sorted((data / "qa").glob("*.jsonl")):
        by_context: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if not row.get("is_impossible"):
                by_context[row["context"]].append(row)
        contexts = sorted(by_context, key=lambda text: str(by_context[text][0].get("title")))
        for number, first in enumerate(range(0, len(contexts), CONTEXTS)):
            if number == most:
                break
            part = contexts[first : first + CONTEXTS]
            made = Document(
                f"{file.stem}-{number}", by_context[part[0]][0]["lang"], "\n\n".join(part)
            )
            made.questions = [
                (row["question"], row["answer"], _around(row))
                for text in part
                for row in by_context[text]
            ]
            documents.append(made)
    return documents


def _around(row: dict[str, Any]) -> str:
    """The answer with some of the text around it, which tells its place from others."""
    start: int = row["answer_start"]
    around: str = row["context"][max(0, start - 10) : start + len(row["answer"]) + 10]
    return around


def read_own() -> list[Document]:
    """The documents of examples/ with questions written for them."""
    documents: dict[str, Document] = {}
    for line in OWN.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        name = row["document"]
        if name not in documents:
            text = whole_text(list(load(ROOT / "examples" / "documents" / name)))
            documents[name] = Document(name, row["lang"], text)
        documents[name].questions.append((row["question"], row["answer"], ""))
    return list(documents.values())


def measure(
    documents: Sequence[Document], named: NamedEmbeddings, journal: Journal
) -> dict[str, dict[str, float]]:
    """By language: shares of on-topic questions answered and of off-topic ones declined."""
    chance = random.Random(7)
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for document in documents:
        questions = document.questions[:]
        chance.shuffle(questions)
        half = len(questions) // 2
        retriever = _retriever(document, questions[:half], named, journal)
        others = [one for d in documents if d is not document for one in d.questions]
        same = [one for d in documents if d is not document and d.lang[:2] == document.lang[:2]
                for one in d.questions] or others  # fmt: skip
        mine = questions[half:][:ASKED]
        count = counts[document.lang]
        for question, answer, around in mine:
            _ask(retriever, question, answer, around, count)
        for question, _, _ in chance.sample(same, min(len(mine), len(same))):
            count["foreign"] += 1
            count["declined"] += not retriever.search(question)
            count["foreign_straight"] += retriever.same_question(question) is not None
    return {lang: _shares(count) for lang, count in counts.items()}


def _ask(
    retriever: PairRetriever, question: str, answer: str, around: str, count: dict[str, int]
) -> None:
    found = retriever.search(question)
    count["own"] += 1
    count["answered"] += bool(found)
    count["right_passage"] += any((around or answer) in one.quote for one in found)
    same = retriever.same_question(question)
    if same is not None:
        count["straight"] += 1
        count["straight_right"] += agree(same.answer, answer)


def _shares(count: dict[str, int]) -> dict[str, float]:
    own, foreign = max(1, count["own"]), max(1, count["foreign"])
    return {
        "own": count["own"],
        "answered": round(count["answered"] / own, 4),
        "right_passage": round(count["right_passage"] / own, 4),
        "straight": count["straight"],
        "straight_right": count["straight_right"],
        "foreign": count["foreign"],
        "declined": round(count["declined"] / foreign, 4),
        "foreign_straight": count["foreign_straight"],
    }


def _retriever(
    document: Document,
    known: Sequence[tuple[str, str, str]],
    named: NamedEmbeddings,
    journal: Journal,
) -> PairRetriever:
    none = Evidence(match="none")
    pairs = [
        QAPair(question=question, answer=answer, evidence=none, source=document.name)
        for question, answer, _ in known
        if answer
    ]
    file = SourceFile(source=document.name, sha256=document.name, text=document.text)
    return PairRetriever(pairs, list(passages_of([file])), named, journal, seconds=None)


def latency(questions: Sequence[str], width: int, journal: Journal) -> dict[str, float]:
    """Milliseconds of a search in 20,000 vectors, and seconds to make the index."""

    class Drawn(Embeddings):
        """Unit vectors drawn at random."""

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            rows = np.random.default_rng(len(texts[0])).normal(size=(len(texts), width))
            return [[float(cell) for cell in row] for row in rows]

        def embed_query(self, text: str) -> list[float]:
            return self.embed_documents([text])[0]

    chance = random.Random(3)
    words = " ".join(questions).split() + [one for question in questions for one in question]
    passages = [
        Passage(" ".join(chance.choices(words, k=40)) + f" {n}", "drawn", None, "")
        for n in range(VECTORS)
    ]
    named = NamedEmbeddings(f"drawn {width}", Drawn(), 0.9)
    embed(named, [passage.searched for passage in passages], journal)
    started = perf_counter()
    retriever = PairRetriever((), passages, named, journal, seconds=None)
    opening = perf_counter() - started
    times = []
    for question in questions[:200]:
        started = perf_counter()
        retriever.search(question)
        times.append(1000 * (perf_counter() - started))
    return {
        "vectors": VECTORS,
        "dimensions": width,
        "opening_seconds": round(opening, 2),
        "search_ms_p50": round(median(times), 2),
        "search_ms_p99": round(quantiles(times, n=100)[98], 2),
    }


def main() -> None:
    """Measures each embedding, prints the tables and saves them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, help="folder with qa/*.jsonl")
    parser.add_argument("--embeddings", action="append", default=[], metavar="NAME")
    parser.add_argument("--most", type=int, default=6, help="documents of each file")
    chosen = parser.parse_args()
    documents = read_data(chosen.data, chosen.most) if chosen.data else read_own()
    result: dict[str, object] = {"documents": len(documents), "contexts_each": CONTEXTS}
    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder) / "j.sqlite") as journal:
        for name in chosen.embeddings or ["packaged", "lexical"]:
            named = load_embeddings(name)
            table = measure(documents, named, journal)
            result[named.name] = table
            print(f"\n{named.name}")
            for lang, row in table.items():
                print(f"  {lang:8}" + "  ".join(f"{key} {value}" for key, value in row.items()))
        questions = [question for one in documents for question, _, _ in one.questions]
        result["latency"] = [latency(questions, width, journal) for width in (512, 1024)]
        for row in result["latency"]:  # type: ignore[attr-defined]  # a list of rows
            print(row)
    save_result("retrieval", result, ("faiss-cpu",))


if __name__ == "__main__":
    main()
