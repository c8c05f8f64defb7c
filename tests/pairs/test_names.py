"""Names that exclude each other: another code, another title, one name put for another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.records import Chunk, Span
from pairs.evidence.grounding import Passage
from pairs.evidence.names import is_about_another, names_another
from pairs.evidence.quality import reason_against

VALVES = (
    "The valve V-12 opens at 3 bar. The valve V-15 opens at 4 bar and is painted red. "
    "Maintainers (DM) may upload packages that were assigned to them. "
    "DD may upload any package. Option -k keeps the files. Option -r removes them."
)
BOOKS = (
    "2003年，林梅以长篇小说《江岸》获得文学奖。2009年，林梅以中篇小说《雪夜》再次获得文学奖。"
    "《江岸》写的是赫哲族渔民的生活。"
)
AWARDS = (
    "《雪夜》是林梅导演的电影，上映于2011年。影片获得六个奖项，这是自1968年《远山》以来最多的一次。"
)
LEASE = (
    'This lease is made between the owner (the "Grantor") and the user (the "Grantee"). '
    "The Grantee may end the lease of a boat after the first year. "
    "The World Health Organization (WHO) recommends the vaccine to all children."
)


def _reason(text: str, question: str, answer: str) -> str:
    span = Span(start=0, end=len(text))
    chunk = Chunk(id="0", index=0, text=text, span=span, source="t")
    return reason_against(question, answer, Passage(chunk).ground(question, answer), "strict")


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (VALVES, "At what pressure does the valve V-15 open?", "3 bar"),
        (VALVES, "What may DM upload?", "any package"),
        (VALVES, "What does option -k do to the files?", "removes them"),
        (BOOKS, "林梅在哪一年凭《雪夜》获得文学奖？", "2003年"),
        (BOOKS, "《江岸》写的是什么？", "《江岸》写的是赫尔族渔民的生活。"),
        (LEASE, "Who may end the lease of a boat?", "The Grantor may end the lease of a boat."),
    ],
)
def test_what_is_said_of_another_name_answers_another_question(
    text: str, question: str, answer: str
) -> None:
    assert _reason(text, question, answer) == "rejected.name"


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (VALVES, "At what pressure does the valve V-12 open?", "3 bar"),
        (VALVES, "Which valve is painted red, unlike V-12?", "V-15"),
        (VALVES, "What may DD upload?", "any package"),
        (BOOKS, "林梅在哪一年凭《江岸》获得文学奖？", "2003年"),
        (BOOKS, "除《江岸》外，林梅还凭哪部小说获奖？", "《雪夜》"),
        (AWARDS, "《雪夜》获得了几个奖项？", "六个奖项"),
        (LEASE, "Who may end the lease of a boat?", "The Grantee may end the lease of the boat."),
        (LEASE, "Who recommends the vaccine?", "The WHO recommends the vaccine to all children."),
    ],
)
def test_what_is_said_of_the_name_itself_stands(text: str, question: str, answer: str) -> None:
    assert not _reason(text, question, answer)


def test_a_stated_alias_is_the_same_name() -> None:
    evidence = "The fee is paid to Northern before noon."
    quote, answer = "is paid to Northern before noon", "is paid to Old before noon"
    assert names_another(answer, quote, evidence, "The pier is long. Old trees stand there.")
    assert not names_another(answer, quote, evidence, "Northern (also called Old) is long.")


def test_an_answer_to_a_question_that_another_sentence_asks_is_no_answer() -> None:
    text = (
        "The warden appoints the clerks and pays them every month. "
        "The town lies on a river. It has two bridges. A mill stands beside them. "
        "The treasurer keeps the accounts of the harbour fund."
    )
    question = "Who keeps the accounts of the harbour fund?"
    assert _reason(text, question, "The warden") == "rejected.name"
    assert not _reason(text, question, "The treasurer")


@given(*[st.text(alphabet="ABab12-《》甲乙族. '’(（", max_size=40)] * 4)
def test_any_texts_are_compared(one: str, two: str, three: str, four: str) -> None:
    assert is_about_another(one, two, three, [four, one]) in (True, False)
    assert names_another(one, two, three, four) in (True, False)


def test_a_capital_that_begins_an_answer_is_no_name() -> None:
    text = (
        "## The Six-Day War\n\nThe Six-Day War was fought in June. "
        "The league has six members, which meet every year."
    )
    chunk = Chunk(id="0", index=0, text=text, span=Span(start=0, end=len(text)), source="t")
    found = Passage(chunk).ground("How many members does the league have?", "Six")
    assert (found.quote, found.match) == ("six", "normalised")
    named = Passage(chunk).ground("Which war was fought in June?", "The Six-Day War")
    assert (named.quote, named.match) == ("The Six-Day War", "exact")


@pytest.mark.parametrize(
    ("text", "question", "answer", "below"),
    [
        (
            "## 净水流量\n\n每小时出水七升。",
            "一台机器有怎样的指标？",
            "净水流量",
            "每小时出水七升。",
        ),
        ("# Descaling\n\nUse the powder.", "What is done?", "Descaling", "Use the powder."),
    ],
)
def test_a_heading_proves_nothing_by_itself(
    text: str, question: str, answer: str, below: str
) -> None:
    chunk = Chunk(id="0", index=0, text=text, span=Span(start=0, end=len(text)), source="t")
    found = Passage(chunk).ground(question, answer)
    assert below in found.sentence
    said = f"{text}\n\n{question[:-1]} {answer}."
    chunk = Chunk(id="0", index=0, text=said, span=Span(start=0, end=len(said)), source="t")
    other = Passage(chunk).ground(question, answer)
    assert other.span
    assert other.span.start > len(text)


def test_evidence_on_one_of_two_names_in_a_question_may_mention_a_third() -> None:
    valve = "The valve of P3 opens at 4 bar, one bar more than V-12."
    others = "When the pressure of the pump is high, V-15 of pump P3 does open at once."
    question = "At what pressure does V-15 of pump P3 open?"
    assert not is_about_another(question, "4 bar", valve, [valve, others])
    assert is_about_another(question.replace(" of pump P3", ""), "4 bar", valve, [valve, others])
