"""Line breaks that the width of a page made, and those that end something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairs.evidence.source_text import SourceText
from pairs.text.line_breaks import soft_breaks

NOVEL = """The lamp had burned low, and nobody in the house had thought of
filling it again. My brother was
but twenty when he sailed, and we heard nothing of him for three
long years.

He came back in May."""

REPORT = """　　本次调查共走访了二十三个村庄，收回问卷一千二百份，其中有效问卷一千零
八十份，有效率为百分之九十。调查由县统计局与农业学校的师生共同完成，历时
三个月。"""


def _sentences(text: str) -> list[str]:
    source = SourceText(text)
    return [" ".join(text[first:last].split()) for first, last in source.sentences]


def test_a_printed_line_is_no_sentence() -> None:
    assert _sentences(NOVEL)[0].endswith("thought of filling it again.")
    assert len(_sentences(REPORT)) == 2
    assert "一千零\n八十份" in SourceText(REPORT).text[slice(*SourceText(REPORT).sentences[0])]


@pytest.mark.parametrize(
    "text",
    [
        ("- The first of the things that the committee decided in May\n"
        "- The second of the things that the committee decided in May"),
        ("# A heading that is very nearly as long as the line below it\n"
        "The committee met three times in the course of the last year"),
        "| a name that is long | another name that is long |\n| a cell | another cell |",
        ("第一条　为了规范本市公共自行车租赁服务的管理，根据有关法律，制定本办法\n"
        "第二条　本市行政区域内公共自行车租赁服务的管理，适用本办法"),
        ("Contents\n1. Introduction .................................. 1\n"
        "Methods and materials ........................... 12\nResults ..................... 20"),
        "Those who were present at the meeting on the third of May:\nAnna Berg, chair\nTom Hale",
        "Anna Berg\nTom Hale\nJo Park",
        ("```\nfor line in the_lines_of_a_file_with_a_long_name_that_is_open:\n"
        "    print(line, end=the_end_of_a_line_that_was_read_from_the_file)\n```"),
        "The harbour was closed for the winter from the first of November\n\nIt opened in March",
    ],
)  # fmt: skip
def test_items_headings_rows_and_short_lines_end_where_they_end(text: str) -> None:
    assert not list(soft_breaks(text))


def test_an_enumeration_goes_on_behind_its_comma() -> None:
    text = "The kit holds a filter, a hose, two clamps, a key,\na manual and a bag.\nKeep it."
    assert len(_sentences(text)) == 2


def test_a_text_without_marks_is_cut_all_the_same() -> None:
    line = "one line of a log that never ends with any mark at all and goes on\n"
    assert max(map(len, _sentences(line * 2000))) < 50 * len(line)


@given(st.text(alphabet="ab 。.\n-|#`，中：", max_size=300))
def test_soft_breaks_are_line_breaks_in_order(text: str) -> None:
    found = list(soft_breaks(text))
    assert found == sorted(set(found))
    assert all(text[at] == "\n" for at in found)
    spans = SourceText(text).sentences
    assert all(first < last for first, last in spans)
