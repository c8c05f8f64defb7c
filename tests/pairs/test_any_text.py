"""No text makes pairs raise: each goes all the way from its evidence to every file."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders import Chunk, Span
from pairs import (
    ChunkOutcome,
    Deduper,
    PairList,
    QAPair,
    Reason,
    ground,
    read_pairs,
    write_pairs,
)
from pairs.edits import Edit, apply_edits, pair_id
from pairs.evidence.quality import reason_against
from pairs.files.formats import FORMATS
from pairs.text.figures.numbers import missing, numbers
from pairs.text.language import language_of
from pairs.text.negation import negations
from pairs.text.question_words import is_question
from pairs.viewer.page import write_view
from pairs.viewer.records import ViewedText

_PIECES = st.sampled_from(
    (
        "0 1 5 10 1990 1.5 1,000 12% ½ ² ① Ⅷ ٣ ५ １９９０ ¥ ￥ $ us$ € £ ₹ rs. rmb 元 日元 万 亿 千"
        " 百 十 零 〇 两 弎 壹 拾 点 分之 百分之 成 半 第 年 月 日 时 世纪 年代 公元前 km ° ㎡ m³"
        " 个 人 岁 may second one hundred million and hundredth p.m. : / - ~ . , 。 ， ？ ! （ ）"
        " [ ] 《 》 < > ” ' ` | # * @ = + _ 谁 几 什么 不 有没有 who when not can't 上 㐂 䶮 𠮷"
        " 😀 \ud83d \ude00 \udcff \u0301 \u3099 ﾞ ｶ \u200b \u202e \x00 \u2028 \n \t İ ß ﬀ ﷺ ¯"
        " ᄀ ᅡ C# B2B covid-19 x.25 ㍿ ㋿ ⒈ ㈠ 問 q: 1. 问题"
    ).split(" ")
)
_MIXED = st.lists(_PIECES, min_size=1, max_size=12)
_TEXTS = st.one_of(
    _MIXED.map("".join),
    _MIXED.map(" ".join),
    st.text(st.characters(exclude_categories=()), min_size=1, max_size=40),
)


def _proved(texts: Sequence[str], chunk: Chunk) -> list[QAPair]:
    question, answer, other = texts[:3]
    pairs = []
    for asked, said in ((question, answer), (other, question), (question, chunk.text[:9])):
        evidence = ground(asked, said, chunk, ((0, 1),))
        for policy in ("strict", "keep"):
            reason_against(asked, said, evidence, policy)
        pairs.append(
            QAPair(
                id=pair_id("c", asked, said),
                question=asked,
                answer=said,
                evidence=evidence,
                source=other,
                chunk_id="c",
            )
        )
    return pairs


def _sorted_out(pairs: list[QAPair], *, vectors: bool) -> Deduper:
    deduper = Deduper(threshold=0.1)
    rows = np.eye(3, dtype=np.float32)[: len(pairs)] + np.float32(0.2)
    deduper.collect(pairs, rows if vectors else None)
    return deduper


@settings(max_examples=60, deadline=None)
@given(st.lists(_TEXTS, min_size=4, max_size=7))
def test_any_text_goes_all_the_way(texts: list[str]) -> None:
    body = "\n".join(texts[2:])
    chunk = Chunk(
        id="c", index=0, text=body, span=Span(start=0, end=len(body)), source=texts[0],
        headings=(texts[1],), context=texts[1],
    )  # fmt: skip
    pairs = _proved(texts, chunk)
    for some in ([], pairs[:1], pairs):
        judged = _sorted_out(some, vectors=bool(len(texts) % 2))
    outcome = ChunkOutcome(
        chunk_id="c", span=chunk.span, state="failed", parsed=len(pairs), raw=texts[0],
        reason=Reason(code="reply.empty"),
    )  # fmt: skip
    made = PairList(
        kept=tuple(judged.kept), duplicates=tuple(judged.duplicates),
        conflicts=tuple(judged.conflicts), chunks=(outcome,),
    )  # fmt: skip
    assert PairList.model_validate_json(made.model_dump_json()) == made
    edits = [Edit(pair=pair.id, question=texts[2], answer=texts[0], fate="kept") for pair in pairs]
    edited = apply_edits(made, edits, lambda pair, _: ground(pair.question, pair.answer, chunk))
    with tempfile.TemporaryDirectory() as folder:
        for name in FORMATS:
            write_pairs(edited.kept, Path(folder, f"list.{name}"), name, system=texts[3])
        assert read_pairs(Path(folder, "list.jsonl")) == list(edited.kept)
        viewed = ViewedText(source=pairs[0].source, text=body, chunks=(chunk,))
        write_view(edited, [viewed], Path(folder, "page.html"), title=texts[3], language="zh")


@pytest.mark.parametrize("sign", ["¥", "￥"])
def test_a_yen_sign_is_yuan_or_yen_and_no_dollar(sign: str) -> None:
    for same in ("100元", "100 yen", "¥100"):
        assert not missing(numbers(f"{sign}100"), numbers(same))
    assert missing(numbers(f"{sign}100"), numbers("$100"))
    assert missing(numbers("100元"), numbers("100日元"))


def test_a_word_that_ends_like_a_currency_is_none() -> None:
    assert numbers("pioneers 5")[0].unit == ""
    assert numbers("Rs. 5")[0].unit == numbers("5 rupees")[0].unit == "₹"


def test_lone_surrogates_of_a_pair_become_the_sign_for_what_is_missing(tmp_path: Path) -> None:
    chunk = Chunk(id="c", index=0, text="x", span=Span(start=0, end=1), source="a\udcff.pdf")
    pair = QAPair(question="q\ud800", answer="a", evidence=ground("q", "a", chunk))
    assert (pair.question, chunk.source) == ("q\ufffd", "a\ufffd.pdf")
    assert read_pairs(write_pairs([pair], tmp_path / "list.jsonl")) == [pair]


def test_rare_characters_are_chinese_too() -> None:
    assert negations("㐂不㐂") == negations("走不走") == 0
    assert [one.kind for one in numbers("三成䶮")] == [one.kind for one in numbers("三成龙")]
    assert language_of("䶮") == "zh"
    assert is_question("㐂叫䶮？") == is_question("喜叫龙？")
    assert reads_alone("1990䶮") == reads_alone("1990龙")


def reads_alone(text: str) -> list[str]:
    return [one.kind for one in numbers(text)]
