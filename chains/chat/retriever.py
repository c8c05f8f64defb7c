"""Retrieves the pairs of a list and the passages of its documents that can answer a question."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from langchain_core.documents import Document
from pydantic import BaseModel, ConfigDict, Field

from loaders import split, whole_characters
from loaders.records import Chunk
from pairs.compare.answers import agree
from pairs.records import QAPair
from pairs.text.language import language_of
from pairs.text.normalise import normalise

from ..embedding.load import NamedEmbeddings, embed, load_embeddings
from ..journal.documents import load_documents
from ..journal.jobs import Jobs
from ..journal.lists import load_list
from ..records import SourceFile
from ..run.inputs import RunInput, read_inputs
from ..run.source import source_of
from ..settings import Resolved, Settings, resolve
from .hybrid_index import NEAR, HybridIndex, Query, query_of
from .lexical_index import LONGEST_QUESTION
from .vector_index import VectorIndex, as_queries, embed_within, off_topic_questions, vector_of

PASSAGE_TOKENS = 150
"""Estimated tokens of a passage: a few sentences."""


class Passage(NamedTuple):
    """A passage of a document.

    Attributes:
        text: The text as it is in the document.
        source: The document.
        page: The page where it begins; None without pages.
        context: The header row of the table that it begins in.
        place: The document's name and the headings above it; empty where they are not known.
    """

    text: str
    source: str
    page: int | None
    context: str
    place: str = ""

    @property
    def searched(self) -> str:
        """The text that is indexed."""
        return f"{self.context}\n{self.text}" if self.context else self.text


def passages_of(
    files: Iterable[SourceFile], chunks: Iterable[tuple[int, Chunk]] = ()
) -> Iterator[Passage]:
    """The passages of saved files, without tables of contents and other boilerplate.

    Args:
        files: The files.
        chunks: Theirs, each with the index of its file: they know the document and its headings.
    """
    places: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for at, one in chunks:
        places[at].append((one.span.start, place_of(one)))
    for number, file in enumerate(files):
        metadata = {"source": file.source, "sha256": file.sha256, "start": 0}
        document = Document(page_content=file.text, metadata=metadata)
        for chunk in split([document], chunk_size=PASSAGE_TOKENS):
            if not chunk.boilerplate:
                known = places[number]
                at = bisect_right(known, chunk.span.start, key=lambda one: one[0])
                yield _passage(chunk, file.pages, known[at - 1][1] if at else "")


def place_of(chunk: Chunk) -> str:
    """The document and headings of a chunk, on one line; empty where they are not known."""
    if not chunk.title and not chunk.headings:
        return ""
    return source_of(chunk).line(language_of(chunk.text), paged=False)


def _passage(chunk: Chunk, pages: Sequence[tuple[int, int]], place: str) -> Passage:
    at = bisect_right(pages, chunk.span.start, key=lambda page: page[0])
    page = pages[at - 1][1] if at else None
    return Passage(chunk.text, chunk.source, page, chunk.table_header, place)


if TYPE_CHECKING:
    import numpy as np

    from ..embedding.load import EmbeddingProgress
    from ..journal.replies import Journal

WITHIN_SECONDS = 30.0
"""Time limit for embedding; passages left without a vector are found by their words, and
the next retriever continues where this one stopped."""
QUESTION_WEIGHT = 0.5
"""Weight of the vector similarity of a pair's question, beside its words; measured. Questions
about different things are alike in form."""
FOLLOWING = 0.6
"""Share of the best score that other results must reach."""


class Source(BaseModel):
    """A source of an answer: a kept pair with its evidence, or a passage."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["pair", "passage"]
    question: str = Field(default="", description="of a pair; empty for a passage")
    answer: str = Field(default="", description="of a pair; empty for a passage")
    quote: str = Field(default="", description="the document's own words")
    source: str = Field(default="", description="the document")
    place: str = Field(default="", description="its name and headings; empty if not known")
    page: int | None = Field(default=None, ge=1)
    score: float = Field(default=0.0, ge=0, le=1, description="how near it is")


class PairRetriever:
    """Retrieves the sources that can answer a question; thread-safe.

    Created by ``of_job`` or ``of_texts``.

    Args:
        pairs: The kept pairs.
        passages: The passages of their documents.
        named: The embedding.
        journal: Caches vectors.
        seconds: Time limit for embedding; None for no limit.
        progress: Called with ``(vectors there, vectors in all)``.

    Raises:
        EmbeddingError: The vectors cannot be computed.
        JournalError: The journal cannot be read or written.

    Attributes:
        pairs: How many pairs there are to find.
        passages: How many passages.
        embeddings: Name of the embedding.
    """

    def __init__(
        self,
        pairs: Sequence[QAPair],
        passages: Sequence[Passage],
        named: NamedEmbeddings,
        journal: Journal,
        *,
        seconds: float | None = WITHIN_SECONDS,
        progress: EmbeddingProgress | None = None,
        places: Mapping[str, str] | None = None,
    ) -> None:
        self.pairs, self.passages, self.embeddings = len(pairs), len(passages), named.name
        self._named, self._queries = named, as_queries(named)
        known = places or {}
        self._sources = [_of_pair(pair, known.get(pair.chunk_id, "")) for pair in pairs]
        self._passages = [
            Source(
                kind="passage", quote=one.text, source=one.source, page=one.page, place=one.place
            )
            for one in passages
        ]
        asked: defaultdict[str, list[int]] = defaultdict(list)
        for place, pair in enumerate(pairs):
            asked[normalise(pair.question)].append(place)
        self._by_question = dict(asked)

        def vector_index(texts: list[str], embedding: NamedEmbeddings) -> VectorIndex | None:
            vectors = embed_within(named, texts, journal, seconds, progress)
            if not vectors:
                return None
            return VectorIndex(texts, vectors, _off_topic_vectors(embedding, journal))

        questions = [pair.question for pair in pairs]
        pair_texts = [f"{p.question}\n{p.answer}\n{p.evidence.sentence}" for p in pairs]
        passage_texts = [passage.searched for passage in passages]
        self._pair_index = HybridIndex(
            pair_texts, vector_index(questions, named), weight=QUESTION_WEIGHT, questions=True
        )
        self._passage_index = HybridIndex(
            passage_texts, vector_index(passage_texts, self._queries), weight=1.0, questions=False
        )

    @classmethod
    def of_job(
        cls,
        journal: Journal,
        job_id: str,
        *,
        resolved: Resolved | None = None,
        embeddings: NamedEmbeddings | None = None,
        seconds: float | None = WITHIN_SECONDS,
        progress: EmbeddingProgress | None = None,
    ) -> PairRetriever:
        """A retriever over a job's final list, with the user's edits applied, and its passages.

        Args:
            journal: Holds the job and cached vectors; not needed afterwards.
            job_id: The id, or a unique beginning of it.
            resolved: Says which embedding; None for the one the job was made with.
            embeddings: The embedding; None for the one the settings name.
            seconds: Time limit for embedding; None for no limit.
            progress: Called with ``(vectors there, vectors in all)``.

        Raises:
            JournalError: There is no such job, or it has not ended.
            EmbeddingError: The embedding cannot be had.
        """
        job = Jobs(journal).find(job_id)
        kept = load_list(journal, job.id).kept
        files, chunks = load_documents(journal, job.id)
        if resolved is None:
            fields = ("embeddings", "embedding_backend")
            given = {name: job.settings[name] for name in fields if name in job.settings}
            settings = Settings.model_validate(given)
        else:
            settings = resolved.settings
        named = embeddings or load_embeddings(settings.embeddings, settings.embedding_backend)
        passages = list(passages_of(files, chunks))
        places = {chunk.id: place_of(chunk) for _, chunk in chunks}
        return cls(
            *(kept, passages, named, journal), seconds=seconds, progress=progress, places=places
        )

    @classmethod
    def of_texts(
        cls,
        inputs: Iterable[RunInput],
        journal: Journal,
        *,
        resolved: Resolved | None = None,
        embeddings: NamedEmbeddings | None = None,
        seconds: float | None = WITHIN_SECONDS,
        progress: EmbeddingProgress | None = None,
    ) -> PairRetriever:
        """A retriever over the passages of documents, without pairs.

        Args:
            inputs: Paths, ``Text``s, or Documents of any LangChain loader.
            journal: Caches vectors.
            resolved: Says which embedding; None for the settings in force.
            embeddings: As for ``of_job``.
            seconds: As for ``of_job``.
            progress: As for ``of_job``.

        Raises:
            LoadError: Nothing could be read.
            EmbeddingError: The embedding cannot be had.
        """
        settings = (resolved or resolve()).settings
        read = read_inputs(inputs, chunk_size=PASSAGE_TOKENS, overlap=0, include=settings.included)
        named = embeddings or load_embeddings(settings.embeddings, settings.embedding_backend)
        passages = list(passages_of(read.files, zip(read.file_of, read.chunks, strict=True)))
        return cls((), passages, named, journal, seconds=seconds, progress=progress)

    def search(self, question: str, k: int = 6) -> list[Source]:
        """The best sources, best first; empty if none is near enough to answer from.

        Args:
            question: In Chinese or English.
            k: How many at most, of pairs and passages together.

        Raises:
            EmbeddingError: The question cannot be embedded.
        """
        query = self._query(question)
        pairs = [(score, self._sources[at]) for score, at in self._pair_index.scores(query)]
        passages = [(score, self._passages[at]) for score, at in self._passage_index.scores(query)]
        ranked = sorted(pairs[:k] + passages[:k], key=lambda found: -found[0])
        if not ranked or ranked[0][0] < NEAR:
            return []
        # Half of them passages, if there are as many: they hold what the pairs leave out.
        most, least = k - min(k // 2, len(passages)), FOLLOWING * ranked[0][0]
        kept = 0
        chosen: list[Source] = []
        for score, source in ranked:
            kept += source.kind == "pair"
            if score >= least and (source.kind == "passage" or kept <= most):
                shown = min(1.0, max(0.0, score / 2))  # words and meaning give 1 each at most
                chosen.append(source.model_copy(update={"score": round(shown, 3)}))
        return chosen[:k]

    def same_question(self, question: str) -> Source | None:
        """The kept pair whose normalised question is the same, or None.

        None also if several kept pairs ask it and answer differently. A question that is only
        similar to a pair's is left to the model: most of those near enough for duplicates proved
        to have another answer.

        Args:
            question: In Chinese or English.
        """
        question = whole_characters(question[:LONGEST_QUESTION])
        places = self._by_question.get(normalise(question))
        if not places:
            return None
        first = self._sources[places[0]]
        if any(not agree(first.answer, self._sources[at].answer) for at in places[1:]):
            return None
        return first.model_copy(update={"score": 1.0})

    def _query(self, question: str) -> Query:
        asked = whole_characters(question[:LONGEST_QUESTION]).strip()
        as_query = vector_of(self._queries, asked)
        return query_of(asked, as_query, vector_of(self._named, asked))


def _of_pair(pair: QAPair, place: str) -> Source:
    return Source(
        kind="pair",
        question=pair.question,
        answer=pair.answer,
        quote=pair.evidence.sentence or pair.evidence.quote,
        source=pair.source,
        page=pair.page,
        place=place,
    )


def _off_topic_vectors(named: NamedEmbeddings, journal: Journal) -> dict[str, np.ndarray]:
    """The vectors of the off-topic questions, by language."""
    import numpy as np

    off_topic = {}
    for language, questions in off_topic_questions().items():
        vectors = embed(named, questions, journal)
        off_topic[language] = np.stack([vectors[question] for question in questions])
    return off_topic
