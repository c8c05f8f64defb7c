"""Which sentences no kept pair draws on."""

from hypothesis import given
from hypothesis import strategies as st

from loaders.records import Chunk, Span
from pairs.evidence.coverage import coverage, worth_asking
from pairs.records import Evidence, QAPair

TEXT = (
    "第一章\n港珠澳大桥全长约55公里。大桥由三座通航桥和海底隧道组成。\n"
    "The bridge opened to traffic in October 2018. Its tunnel is made of 33 sunken tubes.\n"
)


def drawing_on(quote: str) -> QAPair:
    at = TEXT.index(quote)
    span = Span(start=at, end=at + len(quote))
    evidence = Evidence(match="exact", span=span, quote=quote)
    return QAPair(question="?", answer=quote, evidence=evidence)


def test_sentences_are_counted_by_what_is_drawn_on() -> None:
    found = coverage(TEXT, [drawing_on("55公里"), drawing_on("October 2018")])
    assert (found.sentences, found.covered, found.share) == (4, 2, 0.5)
    assert [TEXT[span.start : span.end] for span in found.uncovered] == [
        "大桥由三座通航桥和海底隧道组成。",
        "Its tunnel is made of 33 sunken tubes.",
    ]


def test_a_text_without_sentences_is_covered() -> None:
    assert coverage("目录\n\n1\n", []).share == 1
    assert coverage("", []).sentences == 0


def test_boilerplate_is_neither_counted_nor_asked() -> None:
    at = TEXT.index("The bridge")
    front = Chunk(
        id="a", index=0, text=TEXT[:at], span=Span(start=0, end=at), source="s", boilerplate=True
    )
    back = Chunk(id="b", index=1, text=TEXT[at:], span=Span(start=at, end=len(TEXT)), source="s")
    found = coverage(TEXT, [], [front, back])
    assert found.sentences == 2
    assert worth_asking(found, back)
    assert not worth_asking(found, front)
    assert not worth_asking(coverage(TEXT, [drawing_on("33")], [front, back]), back)
    # A sentence that only begins in one is counted.
    longer = front.model_copy(update={"span": Span(start=0, end=at + 10)})
    assert coverage(TEXT, [], [longer]).sentences == 2


@given(st.text("大桥ab c。.\n长", max_size=80), st.lists(st.integers(0, 79), max_size=5))
def test_covered_and_uncovered_add_up(text: str, places: list[int]) -> None:
    pairs = [
        QAPair(
            question="?",
            answer="!",
            evidence=Evidence(
                match="exact", span=Span(start=at, end=at + 1), quote=text[at : at + 1]
            ),
        )
        for at in places
        if at < len(text)
    ]
    found = coverage(text, pairs)
    assert found.covered + len(found.uncovered) == found.sentences
    for span in found.uncovered:
        assert text[span.start : span.end].strip()
        assert not any(span.start <= at < span.end for at in places if at < len(text))
