"""Of several places where an answer stands, the one its question asks about is its evidence."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.records import Chunk, Span
from pairs.evidence.grounding import Passage, SourceText

NAMES = {
    "zh": [
        ["X01-0", "X01-1", "X01-10", "X02-1"],
        ["AB7", "AB8", "AB70"],
        ["2019年", "2020年", "2021年"],
        ["第3条", "第4条", "第13条"],
        ["周文", "孙立平", "吴敏"],
        ["石家庄市", "南通市", "南京市"],
    ],
    "en": [
        ["X01-0", "X01-1", "X01-10", "X02-1"],
        ["2019", "2020", "2021"],
        ["Article 3", "Article 4", "Article 13"],
        ["v1.2", "v1.3", "v1.20"],
        ["Alice Brown", "Robert Moss", "Alice Moss"],
    ],
}
PLACES = {
    "zh": {
        "before it": "{}的检修周期为六个月，由东区班组负责。",
        "behind it": "检修周期为六个月的有一台，编号{}，由东区班组负责。",
        "a sentence before": "{}由东区班组负责。检修周期为六个月，不得延长。",
        "in its heading": "## {}\n\n由东区班组负责。检修周期为六个月。\n\n",
        "in its row": "| {} | 东区班组 | 六个月 |\n",
    },
    "en": {
        "before it": "{} is checked every six months by the east crew. ",
        "behind it": "The one checked every six months by the east crew is {}. ",
        "a sentence before": "{} belongs to the east crew. It is checked every six months. ",
        "in its heading": "## {}\n\nThe east crew has it. It is checked every six months.\n\n",
        "in its row": "| {} | east crew | every six months |\n",
    },
}
HEAD = {
    "zh": "| 编号 | 单位 | 周期 |\n|---|---|---|\n",
    "en": "| No. | Crew | Interval |\n|---|---|---|\n",
}
QUESTION = {"zh": "{}的检修周期是多久？", "en": "How often is {} checked?"}
ANSWERS = {
    "zh": {"as it stands": "六个月", "nearly": "检修的周期为六个月，由东区的班组负责"},
    "en": {
        "as it stands": "every six months",
        "nearly": "checks every six months by the east crew",
    },
}


def chunk_of(text: str) -> Chunk:
    return Chunk(id="c", index=0, text=text, span=Span(start=0, end=len(text)), source="s")


@pytest.mark.parametrize("language", ["en", "zh"])
@settings(max_examples=60)
@given(data=st.data())
def test_what_the_question_names_decides(language: str, data: st.DataObject) -> None:
    names = data.draw(st.permutations(data.draw(st.sampled_from(NAMES[language]))))
    where, said = data.draw(st.sampled_from([*PLACES[language].items()]))
    form = data.draw(
        st.sampled_from([*ANSWERS[language]] if where == "before it" else ["as it stands"])
    )
    asked = data.draw(st.integers(0, len(names) - 1))
    parts = [said.format(name) for name in names]
    text = (HEAD[language] if where == "in its row" else "") + "".join(parts)
    question = QUESTION[language].format(names[asked])
    found = Passage(chunk_of(text)).ground(question, ANSWERS[language][form])
    begin = text.index("".join(parts)) + sum(map(len, parts[:asked]))
    assert found.span is not None
    assert found.numbers_ok
    assert found.names_ok
    assert begin <= found.span.start < begin + len(parts[asked]), (text, question, found)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_answer_that_stands_with_another_only_is_refuted(language: str) -> None:
    said = {"zh": "仪表{0}的量程为{1}千帕。", "en": "The gauge {0} reads up to {1} kPa. "}[language]
    text = "".join(said.format(f"X01-{at}", 25 + at) for at in range(4))
    question = {"zh": "仪表X01-1的量程是多少？", "en": "How far does the gauge X01-1 read?"}[
        language
    ]
    unit = {"zh": "千帕", "en": " kPa"}[language]
    passage = Passage(chunk_of(text))
    assert passage.ground(question, f"26{unit}").names_ok
    assert not passage.ground(question, f"25{unit}").names_ok


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_quote_is_looked_for_where_the_question_asks(language: str) -> None:
    said = PLACES[language]["a sentence before"]
    text = "".join(said.format(f"X01-{at}") for at in range(4))
    answer = ANSWERS[language]["as it stands"]
    found = Passage(chunk_of(text)).judged(answer, QUESTION[language].format("X01-2"), answer)
    assert found.span is not None
    assert text[: found.span.start].count("X01-") == 3


def test_many_places_take_time_in_proportion_to_the_text() -> None:
    def seconds(count: int) -> float:
        text = "".join(PLACES["en"]["before it"].format(f"X{at}-1") for at in range(count))
        document = SourceText(text)
        passage = Passage(chunk_of(text[:2000]), document=document)
        begin = time.process_time()
        for answer in ("every six months", "checks every six months by the east crew", "six"):
            passage.ground("How often is X150-1 checked?", answer)
        return time.process_time() - begin

    seconds(100)
    assert seconds(8000) < 5
