"""Layouts that no list of labels holds are read by what recurs, and never leak into a pair."""

from __future__ import annotations

import pytest

from chains.errors import ReplyError
from chains.parsing.parser import PairParser

_PAIRS = {
    "en": [
        ("When did the mill open?", "It opened in 1788."),
        ("Name its first owner.", "Jonas Reed"),
        ("Why did it close?", "The river ran dry."),
    ],
    "zh": [
        ("磨坊哪一年开业？", "1788年开业。"),
        ("请写出第一任主人。", "李木匠"),
        ("磨坊为什么关门？", "因为河水干了。"),
    ],
}


def _read(text: str) -> list[tuple[str, str]]:
    return [(pair.question, pair.answer) for pair in PairParser().parse(text)]


def _written(form: str, pairs: list[tuple[str, str]]) -> str:
    return "".join(form.format(i=i, q=q, a=a) for i, (q, a) in enumerate(pairs, 1))


@pytest.mark.parametrize("language", _PAIRS)
@pytest.mark.parametrize(
    "form",
    [
        "==Q:==\n{q}\n==A:==\n{a}\n", "==Q{i}== {q}\n==A{i}== {a}\n", "#Q {q}\n#A {a}\n",
        "Q.{i} {q}\nA.{i} {a}\n", "Q{i} {q}\nA{i} {a}\n", "::Q:: {q}\n::A:: {a}\n",
        "{i}.1 问题：{q}\n{i}.2 答案：{a}\n", "**Q{i}:**&nbsp;{q}\n**A{i}:**&nbsp;{a}\n",
        "id: {i}\nquestion: {q}\nanswer: {a}\n", "Step {i}\nQuestion\n{q}\nAnswer\n{a}\n",
        "甲：{q}\n乙：{a}\n\n", "Frage {i}: {q}\nAntwort {i}: {a}\n\n", "[Q]{q}[/Q]\n[A]{a}[/A]\n",
        "{q} => {a}\n", "{i}. {q} → {a}\n", "{q}\t{a}\n", "{q}    {a}\n", "| {i} | {q} | {a} |\n",
        '- "{q}": "{a}"\n', '"{q}": {a}\n', "{q} || {a}\n", "{q}::{a}\n",
    ],
)  # fmt: skip
def test_what_recurs_is_layout(form: str, language: str) -> None:
    assert _read(_written(form, _PAIRS[language])) == _PAIRS[language]


@pytest.mark.parametrize(
    "form",
    ["<li><b>{q}</b><br>{a}</li>\n", "<h3>{q}</h3><p>{a}</p>\n\n", "\\ask{{{q}}}\n{{{a}}}\n\n"],
)
def test_layout_that_is_not_understood_gives_no_pair_with_it(form: str) -> None:
    pairs = [_PAIRS["en"][0], _PAIRS["en"][2]]
    try:
        read = _read(_written(form, pairs))
    except ReplyError:
        return
    assert read == pairs


@pytest.mark.parametrize(
    ("whole", "half"),
    [
        ("It stands near the old ferry.", "It stands near the"),
        ("它在冬天关闭，因为河面会在夜里结冰。", "它在冬天关闭，因为河面会在"),
    ],
)
def test_an_answer_that_breaks_off_is_asked_again(whole: str, half: str) -> None:
    before = "Q: Where does it stand?\nA: By the river.\nQ: When is it shut?\nA: "
    assert len(_read(before + whole)) == 2
    read = PairParser().read(before + half)
    assert len(read.drafts) == 1
    assert read.dropped_tail


def test_a_label_cut_in_its_word_is_no_answer() -> None:
    read = PairParser().read("Q: Who came?\nAnswer: Ann.\n\nQ: Who left?\nAns")
    assert [pair.answer for pair in read.drafts] == ["Ann."]
    assert read.dropped_tail
