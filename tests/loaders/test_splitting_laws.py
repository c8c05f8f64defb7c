"""Laws of splitting that hold for every text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document

from loaders import PAGE_SEPARATOR, Chunk, count_tokens, split, whole_text

_PIECES = st.sampled_from(
    [
        "却说曹操引军至此，众皆大惊。", "何不早降？”操曰：“吾意已决！”", "第一章　总则",
        "\n", "\n\n",
        "It was late. ", "Mr. Smith paid 3.14 dollars; then he left.", "# Heading\n", "word ",
        "| a | b |\n", "| --- | --- |\n", "- item\n", "无标点的长句子一直写下去没有停", "e\u0301",
        "👩‍👩‍👧", "🇨🇳🇫🇷", "\u3000", "\r\n", "……", "”", "，", "。", " ", "x" * 40,
        "https://example.org/a/b ", "\x1c",
    ]
)  # fmt: skip
_TEXTS = st.lists(st.one_of(_PIECES, st.text(max_size=12)), max_size=60).map("".join)
_PAGES = st.lists(_TEXTS, min_size=1, max_size=6)


def _documents(pages: list[str], source: str = "a.txt") -> list[Document]:
    documents, start = [], 0
    for number, page in enumerate(pages, 1):
        metadata = {"source": source, "sha256": "0" * 64, "start": start, "page": number}
        documents.append(Document(page_content=page, metadata=metadata))
        start += len(page) + len(PAGE_SEPARATOR)
    return documents


def _same(one: list[Chunk], other: list[Chunk]) -> bool:
    left = [(chunk.span, chunk.text, chunk.id) for chunk in one]
    return left == [(chunk.span, chunk.text, chunk.id) for chunk in other]


@given(_PAGES, st.integers(8, 120), st.integers(0, 3))
@settings(max_examples=300, deadline=None)
def test_chunks_are_slices_within_size_and_cover_all(
    pages: list[str], size: int, overlap: int
) -> None:
    documents = _documents(pages)
    text = whole_text(documents)
    chunks = list(split(documents, chunk_size=size, overlap=overlap))
    covered = bytearray(len(text))
    for chunk in chunks:
        assert text[chunk.span.start : chunk.span.end] == chunk.text
        assert count_tokens(chunk.text) <= size
        assert chunk.text.strip() == chunk.text
        covered[chunk.span.start : chunk.span.end] = b"\1" * len(chunk.text)
    assert all(covered[at] or sign.isspace() for at, sign in enumerate(text))
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    ends = [chunk.span.end for chunk in chunks]
    assert ends == sorted(set(ends))
    if not overlap:
        starts = [chunk.span.start for chunk in chunks]
        assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))


@given(_PAGES, st.integers(8, 120), st.integers(0, 2))
@settings(max_examples=300, deadline=None)
def test_splitting_does_not_depend_on_how_pages_were_batched(
    pages: list[str], size: int, overlap: int
) -> None:
    by_page = list(split(_documents(pages), chunk_size=size, overlap=overlap))
    at_once = list(
        split(_documents([PAGE_SEPARATOR.join(pages)]), chunk_size=size, overlap=overlap)
    )
    assert _same(by_page, at_once)


@given(_PAGES, st.integers(8, 120))
@settings(max_examples=100, deadline=None)
def test_pages_of_a_chunk_are_those_its_ends_stand_on(pages: list[str], size: int) -> None:
    documents = _documents(pages)
    starts = [document.metadata["start"] for document in documents]
    for chunk in split(documents, chunk_size=size):
        assert chunk.first_page is not None
        assert chunk.last_page is not None
        assert starts[chunk.first_page - 1] <= chunk.span.start
        assert starts[chunk.last_page - 1] < chunk.span.end
        assert 1 <= chunk.first_page <= chunk.last_page <= len(pages)


@given(_PAGES, _PAGES, st.integers(8, 60))
@settings(max_examples=100, deadline=None)
def test_files_one_after_the_other_split_as_each_alone(
    one: list[str], other: list[str], size: int
) -> None:
    first, second = _documents(one, "一.txt"), _documents(other, "two.txt")
    together = list(split(first + second, chunk_size=size))
    alone = list(split(first, chunk_size=size)) + list(split(second, chunk_size=size))
    assert together == alone


@given(_TEXTS)
def test_token_estimate_adds_up_over_slices(text: str) -> None:
    half = len(text) // 2
    parts = count_tokens(text[:half]) + count_tokens(text[half:])
    assert parts - 1 <= count_tokens(text) <= parts
