"""Evidence: true spans, whatever the answer; what is found, and what never is."""

import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loaders.records import Chunk, Span
from pairs.evidence.grounding import Passage, SourceText, ground
from pairs.evidence.source_text import without_marks
from pairs.records import Evidence
from pairs.text.flat import fold

BRIDGE = (
    "港珠澳大桥全长约55公里，于2009年12月15日动工，2018年10月24日正式通车。\n"
    "大桥由三座通航桥、一条海底隧道和四座人工岛组成，总投资约1269亿元。"
    "隧道长6.7公里，由33节沉管组成。大桥不得骑自行车通行，行人可以乘坐穿梭巴士。"
    "设计使用寿命为120年，高于一般桥梁的100年。"
)
APOLLO = (
    "Apollo 11 was launched by NASA on July 16, 1969, from Kennedy Space Center in Florida. "
    "Neil Armstrong was the first person to walk on the Moon; Buzz Aldrin joined him 19 minutes "
    "later. Michael Collins did not land: he stayed in orbit. The crew collected at least 21.5 "
    "kilograms of lunar material, and returned to Earth on July 24 after more than eight days."
)
PIECES = "大桥 全长 55 公里 。 ， The bridge is long 1.5 亿 Ａ ﬁ ㎏ 臺 “ ” e\u0301 \u200b 不 I. !"
TEXTS = st.lists(st.sampled_from([*PIECES.split(" "), " ", "\n"]), min_size=1, max_size=40).map(
    "".join
)


def chunk_of(text: str, start: int = 0) -> Chunk:
    span = Span(start=start, end=start + len(text))
    return Chunk(id="c", index=0, text=text, span=span, source="s")


def holds(evidence: Evidence, text: str, offset: int = 0) -> None:
    """The law of every evidence: its quote is the text of its span, within its sentence."""
    if evidence.match == "none":
        assert evidence.span is None
        return
    assert evidence.span is not None
    assert text[evidence.span.start - offset : evidence.span.end - offset] == evidence.quote
    assert evidence.quote in evidence.sentence
    assert evidence.sentence in text
    assert evidence.match in ("fuzzy", "supported") or evidence.score == 1


@given(TEXTS, st.text(max_size=20), st.one_of(TEXTS, st.text(max_size=30)), st.integers(0, 9))
def test_a_quote_is_the_text_of_its_span(text: str, question: str, answer: str, at: int) -> None:
    holds(ground(question, answer, chunk_of(text, at)), text, at)


@given(st.sampled_from([BRIDGE, APOLLO]), st.data())
def test_what_stands_word_for_word_is_found(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    answer = text[start:end]
    assume(any(char.isalnum() for char in answer))
    whole_words = _whole(text, start) and _whole(text, end)
    assume(whole_words)
    evidence = ground("", answer, chunk_of(text))
    assert evidence.match == "exact"
    assert evidence.quote.strip("。，,. \n;；：:") in answer


def _whole(text: str, cut: int) -> bool:
    """Whether no word or number goes on over a cut, with room to spare."""
    around = text[max(0, cut - 1) : cut + 1]
    return not (len(around) == 2 and all(char.isascii() and not char.isspace() for char in around))


@given(st.sampled_from([BRIDGE, APOLLO]), st.data())
def test_an_altered_digit_is_never_proved(text: str, data: st.DataObject) -> None:
    known = without_marks(fold(text)).text
    spots = [at for at, char in enumerate(text) if char.isdigit()]
    at = data.draw(st.sampled_from(spots))
    first = data.draw(st.integers(max(0, at - 30), at))
    last = data.draw(st.integers(at + 1, min(len(text), at + 30)))
    digit = data.draw(st.sampled_from([d for d in "123456789" if d != text[at]]))
    answer = text[first:at] + digit + text[at + 1 : last]
    assume(without_marks(fold(answer)).text not in known)
    assume(_whole(text, first))
    assume(_whole(text, last))
    evidence = ground("", answer, chunk_of(text))
    assert evidence.match not in ("exact", "normalised") or not evidence.numbers_ok
    assert evidence.match == "none" or not evidence.numbers_ok


@pytest.mark.parametrize(
    ("text", "answer", "quote"),
    [
        (BRIDGE, "５５公里", "55公里"),
        (BRIDGE, "2009 年 12 月 15 日", "2009年12月15日"),
        (BRIDGE, "港珠澳大橋", "港珠澳大桥"),
        (BRIDGE, "三座通航桥一条海底隧道和四座人工岛", "三座通航桥、一条海底隧道和四座人工岛"),
        (APOLLO, "kennedy\nspace center", "Kennedy Space Center"),
        (APOLLO, "“July 16 1969”", "July 16, 1969"),
    ],
)
def test_what_print_varies_does_not_matter(text: str, answer: str, quote: str) -> None:
    evidence = ground("", answer, chunk_of(text))
    assert (evidence.match, evidence.quote, evidence.numbers_ok) == ("normalised", quote, True)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (BRIDGE, "大桥由三座通航桥、一条海底隧道与四座人工岛组成"),
        (APOLLO, "Neil Armstrong was the first man to walk on the Moon"),
    ],
)
def test_small_changes_are_fuzzy(text: str, answer: str) -> None:
    evidence = ground("", answer, chunk_of(text))
    assert evidence.match == "fuzzy"
    assert 0.85 <= evidence.score < 1
    assert evidence.numbers_ok


@pytest.mark.parametrize(
    ("text", "question", "answer", "part"),
    [
        (BRIDGE, "隧道由什么组成？", "海底隧道是用33节沉管组成的。", "由33节沉管"),
        (BRIDGE, "大桥何时通车？", "这座大桥在2018年10月24日通车。", "2018年10月24日"),
        (APOLLO, "Who stayed in orbit?", "It was Michael Collins who stayed in orbit.", "Collins"),
        (
            APOLLO,
            "Where did it start?",
            "Apollo 11 launched from the Kennedy Space Center.",
            "1969",
        ),
    ],
)
def test_other_words_are_tied_to_their_sentence(
    text: str, question: str, answer: str, part: str
) -> None:
    evidence = ground(question, answer, chunk_of(text))
    assert evidence.match == "supported"
    assert part in evidence.quote
    assert evidence.numbers_ok


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (BRIDGE, "杭州湾"),
        (BRIDGE, "大桥的设计者是林鸣总工程师和孟凡超院士。"),
        (BRIDGE, "5公里"),
        (BRIDGE, "。"),
        (APOLLO, "Yuri Gagarin"),
        (APOLLO, "arm"),
        (APOLLO, "The mission was planned by Soviet engineers in Kazakhstan."),
    ],
)
def test_what_the_text_does_not_say_has_no_evidence(text: str, answer: str) -> None:
    assert ground("?", answer, chunk_of(text)).match == "none"


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (BRIDGE, "大桥投资多少？", "大桥总投资约1296亿元。"),
        (BRIDGE, "隧道多长？", "隧道长6.7米。"),
        (BRIDGE, "何时动工？", "大桥于2009年11月15日动工。"),
        (BRIDGE, "能骑车吗？", "大桥可以骑自行车通行。"),
        (BRIDGE, "寿命如何？", "设计使用寿命为120年，低于一般桥梁的100年。"),
        (APOLLO, "When was it launched?", "It was launched by NASA on June 16, 1969."),
        (APOLLO, "Did Collins land?", "Michael Collins did land: he stayed in orbit."),
        (APOLLO, "How much?", "The crew collected at most 21.5 kilograms of lunar material."),
        (APOLLO, "How much?", "The crew collected at least 21.5 pounds of lunar material."),
    ],
)
def test_a_turned_word_or_number_is_not_proved(text: str, question: str, answer: str) -> None:
    evidence = ground(question, answer, chunk_of(text))
    assert evidence.match == "none" or not evidence.numbers_ok


@pytest.mark.parametrize(
    ("text", "answer", "expected"),
    [
        (BRIDGE, "海底隧道长六点七公里。", True),
        (BRIDGE, "海底隧道长6700米。", True),
        (BRIDGE, "海底隧道长0.67公里。", False),
        (BRIDGE, "大桥总投资为12690000万元。", True),
        (BRIDGE, "大桥总投资为1269万元。", False),
        (APOLLO, "Aldrin joined Armstrong nineteen minutes later.", True),
        (APOLLO, "Aldrin joined Armstrong ninety minutes later.", False),
    ],
)
def test_numbers_are_compared_by_what_they_mean(text: str, answer: str, expected: bool) -> None:
    evidence = ground("?", answer, chunk_of(text))
    assert (evidence.match != "none" and evidence.numbers_ok) is expected


@pytest.mark.parametrize(
    ("text", "question", "answer", "before"),
    [
        ("王明在北京出生。李华在上海长大，后来去北京工作。", "李华在哪里工作？", "北京", "后来去"),
        (
            "Paris hosted the games in 1900. The treaty was later signed in Paris by the king.",
            "Where was the treaty signed by the king?",
            "Paris",
            "signed in ",
        ),
    ],
)
def test_of_several_places_the_one_asked_about_is_meant(
    text: str, question: str, answer: str, before: str
) -> None:
    span = ground(question, answer, chunk_of(text)).span
    assert span is not None
    assert text[: span.start].endswith(before)


def test_the_document_is_searched_where_the_chunk_does_not_say_it() -> None:
    text = f"第一章 港珠澳大桥的建设历程与技术创新综述\n{BRIDGE}"
    at = text.index(BRIDGE)
    passage = Passage(chunk_of(BRIDGE, at), ((0, 1), (at, 2)), SourceText(text))
    found = passage.ground("本章讲什么？", "港珠澳大桥的建设历程与技术创新综述")
    holds(found, text)
    assert (found.match, found.page) == ("exact", 1)
    assert passage.ground("隧道有几节沉管？", "33节").page == 2
    assert passage.ground("谁提出的？", "历程").match == "none"


def test_without_a_document_nothing_outside_the_chunk_is_evidence() -> None:
    assert Passage(chunk_of("苹果很红。", 7)).ground("什么颜色？", "绿色").match == "none"


@pytest.mark.parametrize(
    "text",
    ["是" * 20_000, "a " * 10_000, "不" * 20_000, "1" * 20_000, "。" * 20_000, "ab。\n" * 5_000],
    ids=lambda text: repr(text[:4]),
)
def test_hostile_texts_take_bounded_time(text: str) -> None:
    begin = time.process_time()
    passage = Passage(chunk_of(text))
    for answer in (text[:1], text[:9], text[:3000], "是1a不" * 200, "别的内容 something else 42"):
        holds(passage.ground(text[:500], answer), text)
    assert time.process_time() - begin < 5


@pytest.mark.parametrize(
    ("text", "question", "answer", "wrong"),
    [
        (
            "鹦鹉科下有两个亚科，吸蜜鹦鹉亚科是其中之一。苹果很红。",
            "吸蜜鹦鹉属于什么？",
            "鹦鹉科两个亚科其中之一，自成类别动物",
            "鹦鹉科三个亚科其中之一，自成类别动物",
        ),
        (
            "The high-pressure engine reaches some 27-30% efficiency. Apples are red.",
            "How good is it?",
            "The engine attained 27-30% efficiency in ideal laboratory conditions",
            "The engine attained 37-40% efficiency in ideal laboratory conditions",
        ),
    ],
)
def test_words_of_its_own_need_vectors_that_say_the_same(
    text: str, question: str, answer: str, wrong: str
) -> None:
    chunk = chunk_of(text)
    assert Passage(chunk).ground(question, answer).match == "none"
    assert Passage(chunk, near=lambda *_: False).ground(question, answer).match == "none"
    found = Passage(chunk, near=lambda *_: True).ground(question, answer)
    holds(found, text)
    assert (found.match, found.numbers_ok) == ("supported", True)
    assert 0.45 <= found.score < 0.6
    doubted = Passage(chunk, near=lambda *_: True).ground(question, wrong)
    assert doubted.match == "none" or not doubted.numbers_ok
    unrelated = Passage(chunk, near=lambda *_: True).ground(question, "bananas 香蕉 oranges 橘子")
    assert unrelated.match == "none"
