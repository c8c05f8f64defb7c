"""Answers that are lists: what their items are, and whether each stands in the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.records import Chunk, Span
from pairs.evidence.grounding import Passage
from pairs.evidence.items import has_foreign_item, items

FAIR = "展会设有图书、玩具、乐器、茶叶等十个展区，每天九时开放。"
KIT = "The kit holds a filter, a hose, two clamps and a brush. It weighs 2 kg."


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("1. Open the lid.\n2. Rinse it.", ["Open the lid.", "Rinse it."]),
        ("① 断电\n② 排水\n③ 擦干", ["断电", "排水", "擦干"]),
        ("图书、玩具、乐器和茶叶等十个展区", ["图书", "玩具", "乐器", "茶叶"]),
        ("a filter, a hose, clamps and a brush", ["a filter", "a hose", "clamps", "a brush"]),
        ("On 3 May 2001, in Rome.", []),
        ("图书和玩具", []),
    ],
)  # fmt: skip
def test_the_items_of_a_list(answer: str, expected: list[str]) -> None:
    assert items(answer) == expected


@pytest.mark.parametrize(
    ("text", "answer", "foreign"),
    [
        (FAIR, "图书、玩具、乐器、茶叶", False),
        (FAIR, "图书、玩具、乐器、茶叶、瓷器", True),
        (FAIR, "图书、玩具、乐器、家具等展区", True),
        (KIT, "A filter, a hose, two clamps and a brush", False),
        (KIT, "A filter, a hose, two clamps and a wrench", True),
        (KIT, "A filter, a hose, clamps, brushes", False),
    ],
)
def test_an_item_that_the_text_lacks_is_told(text: str, answer: str, foreign: bool) -> None:
    assert has_foreign_item(answer, "有什么？", text) is foreign
    chunk = Chunk(id="0", index=0, text=text, span=Span(start=0, end=len(text)), source="t")
    found = Passage(chunk, near=lambda *_: 1.0).ground(
        "展会有哪些展区？ What is in the kit?", answer
    )
    assert (found.match == "none") is foreign


@given(st.text(alphabet="ab 甲乙、，,和and等\n1.-①", max_size=80), st.text(max_size=40))
def test_any_answer_has_items_or_none(answer: str, evidence: str) -> None:
    assert all(item.strip() for item in items(answer))
    assert has_foreign_item(answer, "", evidence) in (True, False)
