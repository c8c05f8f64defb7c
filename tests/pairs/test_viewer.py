"""The page of a list: what is put into it, and that nothing of it can act."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.records import Span
from messages import LANGUAGES, say
from pairs.errors import ExportError
from pairs.records import (
    ChunkOutcome,
    Conflict,
    Duplicate,
    Evidence,
    PairList,
    QAPair,
    Reason,
    Rejected,
    TokenUsage,
)
from pairs.viewer import ViewedText, ViewFacts, write_view
from pairs.viewer.marks import PROVES, UNCOVERED, marks
from pairs.viewer.places import Places, harmless
from pairs.viewer.plots import bar, strip

TEXT = "赵州桥😀由隋朝工匠李春建造。The Forth Bridge was opened in 1890 and crosses the Firth.\n"
HOSTILE = (
    "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>\u202e\u2028&"
)
SPAN = st.builds(
    lambda start, size: Span(start=start, end=start + size), st.integers(0, 60), st.integers(1, 20)
)


def pair(question: str, quote: str, text: str = TEXT, source: str = "a.txt") -> QAPair:
    at = text.index(quote)
    evidence = Evidence(
        match="exact", span=Span(start=at, end=at + len(quote)), page=2, quote=quote, score=1
    )
    return QAPair(
        id=question, question=question, answer=quote, evidence=evidence, source=source,
        chunk_id="c1",
    )  # fmt: skip


def whole(text: str = TEXT, source: str = "a.txt") -> PairList:
    """One of everything."""
    first = pair("谁建造了赵州桥？", "李春", text, source)
    second = pair("When was the Forth Bridge opened?", "1890", text, source)
    third = pair("Which year was it opened in?", "in 1890", text, source)
    again = pair("赵州桥由谁建造？", "李春", text, source)
    wrong = QAPair(question="1891?", answer="1891", evidence=Evidence(match="none"), source=source)
    end = len(text)
    return PairList(
        kept=(first, second, third),
        duplicates=(Duplicate(item=again, duplicate_of=first, score=0.9, kind="semantic"),),
        rejected=(Rejected(item=wrong, reason=Reason(code="rejected.no_evidence")),),
        conflicts=(Conflict(item=third, conflicts_with=second, score=0.9, kind="semantic"),),
        chunks=(
            ChunkOutcome(
                chunk_id="c1", source=source, span=Span(start=0, end=30), state="pairs", parsed=5
            ),
            ChunkOutcome(
                chunk_id="c2", source=source, span=Span(start=30, end=end), state="failed",
                reason=Reason(code="reply.refusal"), raw="抱歉 sorry",
            ),
        ),
        usage=TokenUsage(calls=2, prompt=300, completion=40),
        embeddings="packaged",
    )  # fmt: skip


class Read(HTMLParser):
    """The parts of a page, as a browser takes them apart."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.content = ""
        self.texts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: tuple[str, dict[str, str | None]] = ("", {})
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes the element and opens it."""
        self._open = (tag, dict(attrs))
        self.tags.append(self._open)

    def handle_data(self, data: str) -> None:
        """Keeps what is read, and the content apart."""
        if self._open[0] == "script":
            self.content += data if self._open[1].get("id") == "content" else ""
        elif self._open[0] != "style":
            self.texts.append(data)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the parser's form
        """Closes the element."""
        self._open = ("", {})


def read(file: Path) -> Read:
    return Read(file.read_text("utf-8"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_holds_every_pair_and_every_failed_chunk(tmp_path: Path, language: str) -> None:
    text = ViewedText(source="a.txt", text=TEXT)
    page = read(write_view(whole(), [text], tmp_path / "p.html", language=language))
    content = json.loads(page.content)
    states = [item["state"] for item in content["items"]]
    assert sorted(states) == ["duplicate", "failed", "kept", "kept", "kept", "rejected"]
    assert content["texts"][0]["text"] == TEXT
    shown = TEXT.encode("utf-16-le")
    for item in content["items"]:
        if item["state"] == "kept":
            start, end = item["span"]
            assert shown[2 * start : 2 * end].decode("utf-16-le") == item["answer"]
        if item["state"] == "duplicate":
            assert content["items"][item["same"]]["question"] == "谁建造了赵州桥？"
        if item["state"] == "rejected":
            assert item["reason"] == say("rejected.no_evidence", language)
        if item["state"] == "failed":
            assert item["raw"] == "抱歉 sorry"
    differing = [item["question"] for item in content["items"] if "differs" in item]
    assert sorted(differing) == [
        "When was the Forth Bridge opened?",
        "Which year was it opened in?",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_head_is_the_report_of_the_run(tmp_path: Path, language: str) -> None:
    facts = ViewFacts(
        job="f00d", created=1.6e9, backend="gpt-3.5", model="gpt-3.5-turbo", seconds=3725, cost=0.25
    )
    text = ViewedText(source="a.txt", text=TEXT)
    page = read(write_view(whole(), [text], tmp_path / "p.html", language=language, facts=facts))
    said = " ".join(" ".join(page.texts).split())
    for code, count in (
        ("view.kept", 3), ("view.duplicate", 1), ("view.rejected", 1), ("view.chunk_pairs", 1),
        ("view.chunk_failed", 1), ("view.match_exact", 3), ("view.pairs", 5), ("view.chunks", 2),
    ):  # fmt: skip
        assert f"{say(code, language)} {count}" in said
    assert say("view.tokens", language, calls=2, prompt=300, completion=40) in said
    assert say("view.time", language, time="1:02:05") in said
    assert say("view.cost", language, cost="0.2500") in said
    assert say("view.coverage_of", language, covered=2, sentences=2) in said
    assert "f00d" in said
    assert sum(tag == "svg" for tag, _ in page.tags) == 4


@pytest.mark.parametrize(
    ("language", "objection"), [("zh", "说的是另一座桥"), ("en", "of another bridge")]
)
def test_what_rules_and_model_say_stands_beside_the_pair(
    tmp_path: Path, language: str, objection: str
) -> None:
    made = whole()
    first, second, third = made.kept
    doubted = {"verdict": "proven", "verified": False, "objection": objection}
    judged = made.model_copy(
        update={
            "conflicts": (),
            "kept": (
                first.model_copy(update={"verdict": "open", "verified": True}),
                second,
                third.model_copy(update=doubted),
            ),
        }
    )
    text = ViewedText(source="a.txt", text=TEXT)
    facts = ViewFacts(judge="a judge of worth")
    page = read(write_view(judged, [text], tmp_path / "p.html", language=language, facts=facts))
    items = json.loads(page.content)["items"]
    assert items[0]["question"] == third.question
    assert (items[0]["doubtful"], items[0]["objection"]) == (True, objection)
    assert [item for item in items if item.get("doubtful")] == items[:1]
    (open_,) = (item for item in items if item.get("verdict") == "open")
    assert (open_["question"], open_["verified"]) == (first.question, True)
    said = " ".join(page.texts)
    assert "a judge of worth" in said
    assert say("show.doubtful", language, count=1) in said


def test_nothing_of_a_list_is_markup(tmp_path: Path) -> None:
    text = HOSTILE + TEXT
    found = whole(text, HOSTILE)
    bad = pair(HOSTILE, HOSTILE, text, HOSTILE)
    hostile = found.model_copy(update={"kept": (bad, *found.kept)})
    facts = ViewFacts(job=HOSTILE, backend=HOSTILE, model=HOSTILE, judge=HOSTILE)
    viewed = [ViewedText(source=HOSTILE, text=text)]
    file = write_view(hostile, viewed, tmp_path / "p.html", title=HOSTILE, facts=facts)
    plain = write_view(whole(), [ViewedText(source="a", text=TEXT)], tmp_path / "q.html")
    raw = file.read_text("utf-8")
    assert not re.search("[\u2028\u2029\u202a-\u202e\u2066-\u2069]", raw)
    # The same elements as in a harmless page, save for the lines of what is told of the run.
    kinds = [{tag for tag, _ in read(one).tags} for one in (file, plain)]
    assert kinds[0] == kinds[1]
    scripts = [attributes for tag, attributes in read(file).tags if tag == "script"]
    assert scripts == [{"type": "application/json", "id": "content"}, {}]
    assert not any(name.startswith("on") for _, found in read(file).tags for name in found)
    assert json.loads(read(file).content)["items"][0]["question"] == harmless(HOSTILE)


def test_the_page_asks_nothing_of_any_network(tmp_path: Path) -> None:
    page = read(write_view(whole(), [ViewedText(source="a.txt", text=TEXT)], tmp_path / "p.html"))
    for _, attributes in page.tags:
        assert not {"src", "href", "srcset", "action"} & set(attributes)
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv"))
    assert policy
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy


def test_a_list_without_its_texts_can_be_looked_at(tmp_path: Path) -> None:
    content = json.loads(read(write_view(whole(), [], tmp_path / "p.html")).content)
    kept = [item for item in content["items"] if item["state"] == "kept"]
    assert [item["quote"] for item in kept] == ["李春", "in 1890", "1890"]
    assert {item["source"] for item in content["items"]} == {"a.txt"}
    # A text that is shorter than it was has no such places any more.
    short = [ViewedText(source="a.txt", text="短")]
    content = json.loads(read(write_view(whole(), short, tmp_path / "p.html")).content)
    assert all("span" not in item for item in content["items"])


def test_two_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    texts = [ViewedText(source=name, text=TEXT) for name in ("x/a.txt", "y/a.txt", "b.txt")]
    content = json.loads(read(write_view(PairList(), texts, tmp_path / "p.html")).content)
    assert [text["name"] for text in content["texts"]] == ["x/a.txt", "y/a.txt", "b.txt"]


def test_a_page_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(ExportError) as caught:
        write_view(PairList(), [], tmp_path / "no" / "p.html")
    assert caught.value.code == "export.write"


@given(st.text(max_size=60))
def test_harmless_text_keeps_its_places(text: str) -> None:
    shown = harmless(text)
    assert len(shown) == len(text)
    assert all(a == b for a, b in zip(text, shown, strict=True) if a.isprintable())
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    shown.encode("utf-8")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), st.data())
def test_places_are_counted_as_a_browser_counts(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    place = Places(text)
    units = text.encode("utf-16-le")
    assert units[2 * place(start) : 2 * place(end)].decode("utf-16-le") == text[start:end]


@given(st.lists(SPAN, max_size=8))
def test_marks_cover_what_proves_and_lie_within_each_proof(proofs: list[Span]) -> None:
    found = marks(proofs, [Span(start=100, end=110)])
    assert found[-1] == (100, 110, UNCOVERED)
    proved = found[:-1]
    assert all(kind == PROVES for _, _, kind in proved)
    for (_, end, _), (start, _, _) in pairwise(proved):
        assert end <= start
    covered = {at for start, end, _ in proved for at in range(start, end)}
    assert covered == {at for span in proofs for at in range(span.start, span.end)}
    for start, end, _ in proved:
        for span in proofs:
            assert end <= span.start or span.end <= start or span.start <= start < end <= span.end


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6))
def test_a_bar_is_filled_and_shows_what_is_rare(counts: list[int]) -> None:
    widths = [
        float(width)
        for width in re.findall(
            r'width="([\d.]+)"', bar([("kept", "<k>", count) for count in counts], "桥")
        )
    ]
    assert len(widths) == sum(count > 0 for count in counts)
    if widths:
        assert sum(widths) == pytest.approx(400, abs=0.1)
        assert min(widths) >= 3


@given(st.lists(st.none() | st.floats(0, 1), max_size=30))
def test_a_strip_leaves_out_what_counts_nothing(shares: list[float | None]) -> None:
    drawn = strip(shares, "覆盖")
    assert drawn.count("<rect") == sum(share is not None for share in shares)
    assert drawn.count('"uncovered"') == sum(share == 0 for share in shares)
