"""What chunks carry besides their text: where they end, headings, context, pages, boilerplate."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document

from loaders import Chunk, LoadError, count_tokens, split
from loaders.boilerplate import is_boilerplate
from loaders.headings import markdown_headings, plain_headings
from loaders.sentences import closes_sentence, grapheme_cut

ZH = [
    "却说曹操引军至此，众皆大惊。",
    "操问曰：“此是何处？”",
    "众人皆曰不知！",
    "忽一人应声而出……",
    "乃张辽也；",
]
EN = [
    "It was late when he came.",
    '"Who is there?" she asked.',
    "Mr. J. Watson paid $3.50 for it (a good price).",
    "Nobody knew!",
    "See Fig. 3 for the details.",
]


def _novel(sentences: list[str], count: int, between: str) -> str:
    order = random.Random(5)  # noqa: S311 - the text must be the same every time
    picked = (order.choice(sentences) for _ in range(count))
    return "".join(
        sentence + (order.choice(["\n", "\n\n"]) if order.random() < 0.1 else between)
        for sentence in picked
    )


def _chunks(text: str, size: int, overlap: int = 0, **metadata: object) -> list[Chunk]:
    own = {"source": "a.txt", "sha256": "0", "start": 0, **metadata}
    return list(
        split([Document(page_content=text, metadata=own)], chunk_size=size, overlap=overlap)
    )


@pytest.mark.parametrize(("sentences", "between"), [(ZH, ""), (EN, " ")])
def test_chunks_end_at_sentence_ends(sentences: list[str], between: str) -> None:
    chunks = _chunks(_novel(sentences, 3000, between), 120)
    assert len(chunks) > 100
    assert all(closes_sentence(chunk.text) for chunk in chunks)
    assert all(count_tokens(chunk.text) > 30 for chunk in chunks[:-1])


def test_hard_wrapped_lines_are_not_taken_for_sentence_ends() -> None:
    text = "\n".join(
        " ".join(EN[n % 5].split()[k : k + 4]) for n in range(400) for k in range(0, 9, 4)
    )
    chunks = _chunks(text, 80)
    assert sum(closes_sentence(chunk.text) for chunk in chunks) >= len(chunks) - 1


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("他说：“走吧。”", True),
        ("（见附件。）", True),
        ("He left.)", True),
        ("Dr. Smith et al.", False),
        ("U.S.", False),
        ("pi is 3.14", False),
        ("第一，", False),
        ("Wait...", True),
        ("", False),
    ],
)
def test_what_closes_a_sentence(text: str, closed: bool) -> None:
    assert closes_sentence(text) is closed


@given(
    st.text(st.sampled_from("ae\u0301👩\u200d👧🇨🇳\ufe0f中🏽\r\n"), min_size=2, max_size=30),
    st.data(),
)
@settings(deadline=None)
def test_hard_cuts_stay_in_bounds_and_between_visible_characters(
    text: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(1, len(text) - 1))
    cut = grapheme_cut(text, at, 0)
    assert 0 < cut <= at
    if cut < at:
        assert text[cut] not in "\u0301\u200d\ufe0f🏽"
        assert text[cut - 1] != "\u200d"


def test_overlap_repeats_whole_sentences() -> None:
    chunks = _chunks("".join(ZH) * 40, 80, overlap=2)
    for before, after in pairwise(chunks):
        shared = before.span.end - after.span.start
        assert shared > 0
        repeated = before.text[-shared:]
        assert sum(repeated.count(sentence) for sentence in ZH) == 2


def test_chunks_break_before_headings_and_carry_their_trail() -> None:
    body = "这里是正文的一句话。" * 6
    parts = [f"# 第{n}编\n\n{body}\n\n## Section {n}\n\n{body}\n\n" for n in "一二三"]
    text = "".join(parts)
    outline = [[h.start, h.level, h.title] for h in markdown_headings(text)]
    chunks = _chunks(text, 70, outline=outline, title="书名")
    assert [chunk.headings for chunk in chunks] == [
        trail for n in "一二三" for trail in ((f"第{n}编",), (f"第{n}编", f"Section {n}"))
    ]
    assert chunks[0].context == "书名"
    assert chunks[1].context == "书名 > 第一编"
    assert chunks[1].text.startswith("## Section 一")


def test_a_cut_table_takes_its_header_along() -> None:
    rows = "".join(f"| 项目{n} | {n * 17} |\n" for n in range(60))
    text = f"收入如下：\n\n| 名称 | sum |\n| --- | --- |\n{rows}\n完。"
    chunks = _chunks(text, 100)
    cut = [chunk for chunk in chunks if chunk.text.startswith("| 项目")]
    assert len(cut) > 5
    assert all(chunk.context == "| 名称 | sum |" for chunk in cut)
    assert all(line.endswith("|") for chunk in cut[:-1] for line in chunk.text.split("\n"))


def test_documents_of_other_loaders_go_through_as_they_are() -> None:
    documents = [
        Document(page_content="第一页的话。", metadata={"source": "x.pdf", "page": 0}),
        Document(page_content="Second page.", metadata={"source": "x.pdf", "page": 1}),
        Document(page_content="No metadata."),
        Document(page_content="# Title\n\nOdd.", metadata={"start": "?", "page": "iv"}),
    ]
    chunks = list(split(documents, chunk_size=8))
    assert [(c.text, c.source, c.first_page) for c in chunks[:2]] == [
        ("第一页的话。", "x.pdf", 1),
        ("Second page.", "x.pdf", 2),
    ]
    assert chunks[-1].headings == ("Title",)
    assert len({chunk.id for chunk in chunks}) == len(chunks)


@pytest.mark.parametrize(("size", "overlap"), [(7, 0), (0, 0), (100, -1)])
def test_senseless_sizes_are_refused_at_once(size: int, overlap: int) -> None:
    with pytest.raises(LoadError):
        split([], chunk_size=size, overlap=overlap)


def test_boilerplate_is_told_from_text() -> None:
    contents = "\n".join(f"第{n}章 标题{n} ............ {n * 3}" for n in range(1, 9))
    listed = "Contents\n" + "\n".join(f"{n} Title of it {n * 4}" for n in range(1, 9))
    index = "\n".join(f"word{n}, {n}, {n + 3}-{n + 5}" for n in range(1, 9))
    links = "\n".join(f"- [Page {n}](https://example.org/{n})" for n in range(8))
    assert all(is_boilerplate(text) for text in (contents, listed, index, links))
    table = "\n".join(f"| 收入 | {n} |" for n in range(9))
    figures = "\n".join(f"In 20{n} the sum was {n * 31}" for n in range(10, 19))
    verse = "床前明月光，\n疑是地上霜。\n举头望明月，\n低头思故乡。"
    prose = "\n".join(f"Read [this]({n}) before you go on with the rest of it" for n in range(8))
    assert not any(is_boilerplate(text) for text in (table, figures, verse, prose, "".join(ZH)))


def test_headings_of_plain_text() -> None:
    text = (
        "正文 第一回 宴桃园豪杰三结义 斩黄巾英雄首立功\n话说第三章所述，天下大势。\n"
        "第二章 总则\n第三条规定如下，不得违反。\nChapter 3. The River\n"
        "Section 4 of the act says that nobody may do what it forbids, ever, and on Sundays.\n"
    )
    titles = [heading.title for heading in plain_headings(text)]
    assert titles == [
        "正文 第一回 宴桃园豪杰三结义 斩黄巾英雄首立功",
        "第二章 总则",
        "Chapter 3. The River",
    ]


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("本办法所称数据，是指任何以电子或者其他方式对信息的记录。" * 20, 0.5, 0.95),
        ("The quick brown fox jumps over the lazy dog near the river bank. " * 20, 0.2, 0.35),
        ("1234567890" * 20, 0.95, 1.1),
        ("龘靐齉爩麤" * 20, 1.8, 3.0),
    ],
)
def test_token_estimate_per_character(text: str, least: float, most: float) -> None:
    assert least <= count_tokens(text) / len(text) <= most


def test_context_names_what_stands_above_and_no_sibling() -> None:
    body = "这里是正文的一句话。" * 6
    text = f"# 总则\n\n## First\n\n{body}\n\n## 第二\n\n{body}"
    outline = [[h.start, h.level, h.title] for h in markdown_headings(text)]
    first, second = _chunks(text, 70, outline=outline)
    assert (first.headings, first.context) == (("总则",), "")
    assert (second.headings, second.context) == (("总则", "第二"), "总则")
