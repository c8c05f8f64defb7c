"""Answers that stand in a text and say nothing: the question's subject, a word for no answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains import PairParser
from loaders.records import Chunk, Span
from loaders.titles import clean_title
from pairs.evidence.grounding import Passage
from pairs.evidence.quality import reason_against
from pairs.text.list_markers import without_leading_marker

TEXT = (
    "林远是东汉的将领，率军守卫青石关。关内从此太平无事，林远字子安。青石桥连接南北两镇。"
    "桥在建设期间封航。桥的第三孔叫月孔。\n六、青石桥的维护\n每年由镇公所检查。附件：无。"
    "指示灯变红即须更换滤芯。\n"
    "Mara Dene was the keeper of the Dene lighthouse. None of the crew was hurt in the storm. "
    "The third lens of the lighthouse is called Big Eye. The lamp was lit after the storm. "
    "Known side effects: none. The Dene Arena is named after Mara Dene.\n"
)
ASKED = "rejected.answer_in_question"
KIND = "rejected.kind"
NOTHING = "rejected.no_evidence"


def reason(question: str, answer: str) -> str:
    chunk = Chunk(id="c", index=0, text=TEXT, span=Span(start=0, end=len(TEXT)), source="s")
    return reason_against(question, answer, Passage(chunk).ground(question, answer), "strict")


@pytest.mark.parametrize(
    ("question", "answer", "code"),
    [
        # only what the question is about
        ("林远是哪位将领？", "林远", ASKED),
        ("东汉的林远叫什么名字？", "林远", ASKED),
        ("请问青石桥的第三孔的名称是什么？", "第三孔", ASKED),
        ("哪位东汉的将领是林远？", "林远", ASKED),
        ("What was Dene's name?", "Dene", ASKED),
        ("Which keeper was Mara Dene?", "Mara Dene", ASKED),
        ("What is the name of the third lens of the lighthouse?", "Third lens", ASKED),
        ("What was the third lens of the lighthouse called?", "The third lens", ASKED),
        ("林远字什么？", "子安", ""),
        ("青石桥的第三孔叫什么？", "月孔", ""),
        ("青石桥是连接南镇还是连接北镇，还是两镇？", "两镇", ""),
        ("林远和关内的百姓，哪个率军守卫青石关？", "林远", ""),
        ("What is the third lens of the lighthouse called?", "Big Eye", ""),
        ("Who is the Dene Arena named after?", "Mara Dene", ""),
        ("Is it the Dene lighthouse or the Dene Arena that has a keeper?", "Dene lighthouse", ""),
        # a word for nothing
        ("守卫青石关的林远何时去世？", "无", NOTHING),
        ("守卫青石关的林远何时去世？", "未提及", NOTHING),
        ("When was the crew hurt in the storm?", "None", NOTHING),
        ("When was the crew hurt in the storm?", "N/A", NOTHING),
        ("When was the crew hurt in the storm?", "Not mentioned.", NOTHING),
        ("青石桥的维护有什么附件？", "无", ""),
        ("Who of the crew was hurt in the storm?", "None", ""),
        ("What are the known side effects?", "None", ""),
        # yes to what asks for no yes
        ("林远和关内的百姓，哪个率军守卫青石关？", "是", KIND),
        ("The lighthouse or the Dene Arena: which is named after Mara Dene?", "Yes", KIND),
        ("林远是不是东汉的将领？", "是", ""),
        ("林远是东汉的将领吗，还是百姓？", "是", ""),
        ("Was Mara Dene the keeper of the Dene lighthouse?", "Yes", ""),
        # when, and no time
        ("青石桥的检查和维护是什么时候开始的？", "六、青石桥的维护", KIND),
        ("青石桥何时封航？", "建设期间", ""),
        ("什么时候须更换滤芯？", "指示灯变红", ""),
        ("When was the lamp lit?", "lamp", KIND),
        ("When was the lamp lit?", "after the storm", ""),
    ],
)
def test_an_answer_must_say_something(question: str, answer: str, code: str) -> None:
    assert reason(question, answer) == code


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("五、两座塔的高度是多少？", "两座塔的高度是多少？"),
        ("（二）塔有多高？", "塔有多高？"),
        ("3.塔有多高？", "塔有多高？"),
        ("①塔有多高？", "塔有多高？"),
        ("2) How high is the tower?", "How high is the tower?"),
        ("五、六月的水位是多少？", "五、六月的水位是多少？"),
        ("1、2号塔哪个高？", "1、2号塔哪个高？"),
        ("3.5英寸软盘的容量是多少？", "3.5英寸软盘的容量是多少？"),
        ("1999. What happened then?", "1999. What happened then?"),
    ],
)
def test_a_question_is_read_without_the_number_before_it(written: str, read: str) -> None:
    (pair,) = PairParser().parse(f'[{{"question": "{written}", "answer": "30 m"}}]')
    assert pair.question == read


@given(st.text(alphabet="五六、（）()1２.3①号 月塔a？", max_size=12))
def test_only_what_stands_first_is_left_out_and_never_all(text: str) -> None:
    left = without_leading_marker(text)
    assert text.endswith(left)
    assert bool(left) == bool(text)


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("None", ""),
        ("Untitled document", ""),
        ("Document1", ""),
        ("无标题", ""),
        ("新建文档", ""),
        ("(no title)", ""),
        ("Microsoft Word - Document1", ""),
        ("Microsoft Word - Harbour plan.doc", "Harbour plan"),
        ("Microsoft Word - 港口规划.docx", "港口规划"),
        ("None of the Above", "None of the Above"),
    ],
)
def test_a_title_that_names_nothing_is_none(title: str, shown: str) -> None:
    assert clean_title(title) == shown
    assert clean_title(clean_title(title)) == shown
