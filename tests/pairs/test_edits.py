"""What a person changes in a list: nothing is lost, and everything can be undone."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.records import Span
from pairs.edits import LEFT_OUT, STANDS_FOR_LEFT_OUT, Edit, apply_edits, pair_id
from pairs.records import (
    ChunkOutcome,
    Conflict,
    Duplicate,
    Evidence,
    PairList,
    QAPair,
    Reason,
    Rejected,
)

WORDS = ["谁建造了赵州桥？", "When was it opened?", "李春", "1890", "2022年"]
FOUND = Evidence(match="exact", span=Span(start=0, end=2), page=7, quote="新的", score=1)


def make(number: int, chunk: int = 0, question: str = "问？") -> QAPair:
    chunk_id = f"c{chunk}"
    question, answer = f"{question}{number}", f"答{number}"
    return QAPair(
        id=pair_id(chunk_id, question, answer),
        question=question,
        answer=answer,
        evidence=Evidence(match="exact", span=Span(start=number, end=number + 1), quote="旧"),
        source="a.txt",
        page=1,
        chunk_id=chunk_id,
    )


@st.composite
def lists(draw: st.DrawFn) -> PairList:
    """A list whose counts add up, in any mixture of states."""
    states = draw(st.lists(st.sampled_from(["kept", "kept", "duplicate", "rejected"]), max_size=12))
    chunks = draw(st.lists(st.integers(0, 3), min_size=len(states), max_size=len(states)))
    kept: list[QAPair] = []
    duplicates: list[Duplicate] = []
    rejected: list[Rejected] = []
    for number, (state, chunk) in enumerate(zip(states, chunks, strict=True)):
        pair = make(number, chunk)
        if state == "duplicate" and kept:
            first = draw(st.sampled_from(kept))
            # The same words from the same passage have one id.
            same = first if draw(st.booleans()) else pair
            duplicates.append(Duplicate(item=same, duplicate_of=first, score=1, kind="exact"))
        elif state == "rejected":
            reason = Reason(code="rejected.no_evidence")
            rejected.append(Rejected(item=pair, reason=reason))
        else:
            kept.append(pair)
    if kept:
        # A run's list stands in the order of its chunks.
        kept.sort(key=lambda pair: pair.chunk_id)
    pairs = [*kept, *(one.item for one in duplicates), *(one.item for one in rejected)]
    parsed = Counter(pair.chunk_id for pair in pairs)
    conflicts = (
        (Conflict(item=kept[1], conflicts_with=kept[0], score=1, kind="exact"),)
        if len(kept) > 1
        else ()
    )
    return PairList(
        kept=tuple(kept),
        duplicates=tuple(duplicates),
        rejected=tuple(rejected),
        conflicts=conflicts,
        chunks=tuple(
            ChunkOutcome(
                chunk_id=f"c{n}", span=Span(start=n, end=n + 1), state="pairs",
                parsed=parsed[f"c{n}"],
            )
            for n in range(4)
        ),
    )  # fmt: skip


@st.composite
def edited(draw: st.DrawFn) -> tuple[PairList, list[Edit]]:
    pairs = draw(lists())
    ids = sorted({pair.id for pair in everything(pairs)} | {"0" * 12})
    chosen = draw(st.lists(st.sampled_from(ids), unique=True, max_size=6))
    words = st.none() | st.sampled_from(WORDS)
    fates = st.sampled_from([None, "kept", "left out", "duplicate"])
    edits = []
    for one in chosen:
        fate = draw(fates)
        # Of itself, of one that is left out, in a ring: a journal may hold anything.
        of = draw(st.sampled_from(ids)) if fate == "duplicate" else None
        place = draw(st.none() | st.just(Span(start=1, end=2)))
        source = draw(st.sampled_from([None, "a.txt"])) if one == "0" * 12 else None
        edits.append(
            Edit(
                pair=one,
                question=draw(words),
                answer=draw(words),
                fate=fate,
                of=of,
                source=source,
                place=place,
            )
        )
    return pairs, edits  # fmt: skip


def everything(pairs: PairList) -> list[QAPair]:
    return [
        *pairs.kept,
        *(one.item for one in pairs.duplicates),
        *(one.item for one in pairs.rejected),
    ]


def ground(pair: QAPair, place: Span | None) -> Evidence:  # noqa: ARG001 - the form of what grounds
    return FOUND


@given(edited())
def test_nothing_is_lost_and_the_counts_add_up(given_: tuple[PairList, list[Edit]]) -> None:
    pairs, edits = given_
    now = apply_edits(pairs, edits, ground)
    added = [edit.pair for edit in edits if edit.source]
    assert Counter(pair.id for pair in everything(now)) == Counter(
        [*(pair.id for pair in everything(pairs)), *added]
    )
    # The list is one that can be written and read again: its own law holds.
    assert PairList.model_validate_json(now.model_dump_json()) == now
    assert now.chunks == pairs.chunks


@given(edited())
def test_a_duplicate_is_always_one_of_a_kept_pair(given_: tuple[PairList, list[Edit]]) -> None:
    pairs, edits = given_
    now = apply_edits(pairs, edits, ground)
    assert all(one.duplicate_of in now.kept for one in now.duplicates)
    assert all(
        one.item in now.kept and one.conflicts_with in now.kept and one.item != one.conflicts_with
        for one in now.conflicts
    )


@given(edited())
def test_what_a_person_wants_is_done(given_: tuple[PairList, list[Edit]]) -> None:
    pairs, edits = given_
    now = apply_edits(pairs, edits, ground)
    for edit in edits:
        held = [pair for pair in everything(now) if pair.id == edit.pair]
        if not held:
            continue
        if edit.fate == "kept":
            assert edit.pair in {pair.id for pair in now.kept}
        if edit.fate == "left out":
            assert edit.pair not in {pair.id for pair in now.kept}
        first = next((one for one in now.kept if one.id == edit.pair), held[0])
        assert first.question == (edit.question or first.question)
        assert first.answer == (edit.answer or first.answer)
    untouched = {edit.pair for edit in edits}
    for pair in pairs.kept:
        if pair.id not in untouched:
            assert pair in now.kept


@given(edited(), st.randoms(use_true_random=False))
def test_the_order_of_edits_does_not_matter(
    given_: tuple[PairList, list[Edit]], random: object
) -> None:
    pairs, edits = given_
    mixed = list(edits)
    random.shuffle(mixed)  # type: ignore[attr-defined]  # of hypothesis
    assert apply_edits(pairs, mixed, ground) == apply_edits(pairs, edits, ground)


@given(lists())
def test_without_edits_the_list_is_what_it_was(pairs: PairList) -> None:
    assert apply_edits(pairs, [], ground) == pairs
    nothing = [Edit(pair=pair.id) for pair in pairs.kept]
    assert apply_edits(pairs, {one.pair: one for one in nothing}.values(), ground) == pairs


def test_new_words_are_proved_anew_and_marked() -> None:
    pair = make(1)
    pairs = PairList(kept=(pair,))
    now = apply_edits(pairs, [Edit(pair=pair.id, answer="新的")], ground)
    (changed,) = now.kept
    assert (changed.answer, changed.evidence, changed.page) == ("新的", FOUND, 7)
    assert (changed.id, changed.question, changed.edited) == (pair.id, pair.question, True)
    # Words given anew that are the old ones change nothing.
    same = Edit(pair=pair.id, question=pair.question, answer=pair.answer, fate="kept")
    assert apply_edits(pairs, [same], ground) == pairs


def group(*others: QAPair) -> tuple[QAPair, PairList]:
    """A kept pair, and a list of it and its duplicates."""
    first = make(1, question="何时？")
    duplicates = [
        Duplicate(item=other, duplicate_of=first, score=0.9, kind="semantic") for other in others
    ]
    return first, PairList(kept=(first,), duplicates=tuple(duplicates))


def test_the_best_duplicate_takes_the_place_of_a_pair_left_out() -> None:
    unproved = make(2, question="When?").model_copy(update={"evidence": Evidence(match="none")})
    fuller, second = make(333, question="When was it?"), make(4, question="几时？")
    first, pairs = group(unproved, second, fuller)
    out = Edit(pair=first.id, fate="left out")
    now = apply_edits(pairs, [out], ground)
    assert now.kept == (fuller,)
    assert [(one.item, one.duplicate_of) for one in now.duplicates] == [
        (unproved, fuller),
        (second, fuller),
    ]
    assert [one.reason for one in now.rejected] == [LEFT_OUT]
    # What is left out as well takes no place; what a person wants takes it before others.
    now = apply_edits(pairs, [out, Edit(pair=fuller.id, fate="left out")], ground)
    assert now.kept == (second,)
    now = apply_edits(pairs, [out, Edit(pair=unproved.id, fate="kept")], ground)
    assert now.kept == (unproved,)
    assert {one.duplicate_of for one in now.duplicates} == {unproved}
    everyone = [Edit(pair=pair.id, fate="left out") for pair in (first, unproved, second, fuller)]
    assert apply_edits(pairs, everyone, ground).kept == ()


def test_the_same_words_again_go_with_the_pair_left_out() -> None:
    first, pairs = group(make(1, question="何时？"))
    now = apply_edits(pairs, [Edit(pair=first.id, fate="left out")], ground)
    assert (now.kept, now.duplicates) == ((), ())
    assert [one.reason for one in now.rejected] == [LEFT_OUT, STANDS_FOR_LEFT_OUT]


def test_a_conflict_is_settled_by_keeping_one_or_both() -> None:
    one, other = make(1, question="何时？"), make(2, question="When?")
    conflict = Conflict(item=other, conflicts_with=one, score=1, kind="semantic")
    pairs = PairList(kept=(one, other), conflicts=(conflict,))
    kept = [Edit(pair=pair.id, fate="kept") for pair in (one, other)]
    assert apply_edits(pairs, kept[:1], ground).conflicts == (conflict,)
    both = apply_edits(pairs, kept, ground)
    assert (both.kept, both.conflicts) == ((one, other), ())
    out = apply_edits(pairs, [Edit(pair=other.id, fate="left out")], ground)
    assert (out.kept, out.conflicts) == ((one,), ())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_person_is_told_why_a_pair_is_out(language: str) -> None:
    assert LEFT_OUT.say(language) != STANDS_FOR_LEFT_OUT.say(language)


@pytest.mark.parametrize("objection", ["答的是另一座桥", "of another bridge"])
def test_a_person_who_keeps_what_the_judge_refused_ends_the_doubt(objection: str) -> None:
    said = {"verdict": "proven", "verified": False, "objection": objection}
    refused, doubted = (make(number).model_copy(update=said) for number in (0, 1))
    reason = Reason(code="rejected.judge", fields={"reason": objection})
    pairs = PairList(kept=(doubted,), rejected=(Rejected(item=refused, reason=reason),))
    assert doubted.doubtful
    assert not doubted.proven
    assert objection in reason.say("zh")
    edits = [Edit(pair=one.id, fate="kept") for one in (refused, doubted)]
    changed = apply_edits(pairs, edits, ground)
    assert not changed.rejected
    assert {pair.id for pair in changed.kept} == {refused.id, doubted.id}
    assert all(pair.proven and not pair.doubtful for pair in changed.kept)


def test_new_words_are_not_what_was_checked() -> None:
    said = {"verdict": "open", "verified": True, "answer_again": "李春"}
    pair = make(0).model_copy(update=said)
    changed = apply_edits(PairList(kept=(pair,)), [Edit(pair=pair.id, answer="新的")], ground)
    (reworded,) = changed.kept
    assert (reworded.verdict, reworded.verified, reworded.answer_again) == (None, None, "")
    assert reworded.proven
