"""Answers that stand in a text and answer another question: too short, of another kind, copied."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.records import Chunk, Span
from pairs.evidence.example import Example
from pairs.evidence.grounding import Passage, SourceText
from pairs.evidence.quality import reason_against
from pairs.text.answer_kind import is_of_another_kind
from prompts import PROMPTS, read_prompt

MUSEUM = (
    "梅林博物馆于2011年5月18日开馆，馆长是周文。馆内有1座主楼和3个展厅，每天9:00至17:00开放，"
    "全年开放300天，门票20元。主楼高5层，是当地最高的建筑。"
)
MILL = (
    "The Dene Museum was opened on 18 May 2011 by Ann Moss. It has 1 tower and 3 halls. "
    "It is open from 9 am to 5 pm, 24 hours in August, and the ticket is 4 pounds."
)


def reason(text: str, question: str, answer: str) -> str:
    chunk = Chunk(id="c", index=0, text=text, span=Span(start=0, end=len(text)), source="s")
    return reason_against(question, answer, Passage(chunk).ground(question, answer), "strict")


@pytest.mark.parametrize(
    ("text", "question", "answer", "code"),
    [
        (MUSEUM, "梅林博物馆是哪一天开馆的？", "9:00至17:00", "rejected.kind"),
        (MUSEUM, "梅林博物馆的馆长是谁？", "300天", "rejected.kind"),
        (MUSEUM, "梅林博物馆什么时候开馆？", "300天", "rejected.kind"),
        (MUSEUM, "梅林博物馆为什么开馆？", "20元", "rejected.kind"),
        (MUSEUM, "梅林博物馆有什么建筑？", "是", "rejected.no_evidence"),
        (MUSEUM, "青石镇的面积是多少？", "3", "rejected.no_evidence"),
        (MUSEUM, "梅林博物馆是哪一天开馆的？", "2011年5月18日", ""),
        (MUSEUM, "梅林博物馆什么时候开放？", "9:00至17:00", ""),
        (MUSEUM, "梅林博物馆几点到几点开放？", "9:00至17:00", ""),
        (MUSEUM, "梅林博物馆是公元多少年开馆的？", "2011年", ""),
        (MUSEUM, "梅林博物馆有几个展厅？", "3", ""),
        (MUSEUM, "梅林博物馆的主楼是当地最高的建筑吗？", "是", ""),
        (MILL, "When was the Dene Museum opened?", "24 hours", "rejected.kind"),
        (MILL, "On what day was the Dene Museum opened?", "9 am to 5 pm", "rejected.kind"),
        (MILL, "Who opened the Dene Museum?", "4 pounds", "rejected.kind"),
        (MILL, "What does the Dene Museum show?", "it", "rejected.no_evidence"),
        (MILL, "How many members has the village council?", "3", "rejected.no_evidence"),
        (MILL, "When was the Dene Museum opened?", "18 May 2011", ""),
        (MILL, "When is the Dene Museum open?", "9 am to 5 pm", ""),
        (MILL, "How dear is the ticket to the Dene Museum?", "4 pounds", ""),
        (MILL, "How many halls does the Dene Museum have?", "3", ""),
    ],
)
def test_what_stands_there_must_answer_what_is_asked(
    text: str, question: str, answer: str, code: str
) -> None:
    assert reason(text, question, answer) == code


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=60))
def test_any_texts_have_a_kind(question: str, answer: str, told: str) -> None:
    assert is_of_another_kind(question, answer, told) in (True, False)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", PROMPTS)
def test_nothing_of_the_example_is_a_pair_of_a_document(name: str, language: str) -> None:
    shown = read_prompt(name, language).example
    example = Example(f"{shown.context}\n{shown.text}")
    own, other = (MUSEUM, MILL) if language == "zh" else (MILL, MUSEUM)
    lines = [line for line in "".join(shown.replies.values()).splitlines() if line]
    said = [line.replace("：", ":").partition(":")[2].strip() for line in lines]
    pairs = list(zip(said[::2], said[1::2], strict=True))
    assert len(pairs) > 4
    asked = "梅林博物馆什么时候开馆？" if language == "zh" else "When was the Dene Museum opened?"
    answered = "2011年5月18日" if language == "zh" else "18 May 2011"
    for question, answer in pairs:
        assert example.gave(question, answer, SourceText(own), "")
        assert example.gave(question, answer, SourceText(other), "")
        assert example.gave(question, answered, SourceText(own), "")
        assert not example.gave(question, answer, SourceText(shown.text), shown.context)
    assert not example.gave(asked, answered, SourceText(own), "")
