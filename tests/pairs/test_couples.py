"""Pairs that a judge says ask one thing are one, unless a guard knows better."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.records import Span
from pairs.compare.couples import merge_couples
from pairs.records import Conflict, Duplicate, Evidence, PairList, QAPair

SAID = [
    ("a", "赵州桥是谁造的？", "李春"),
    ("b", "哪位工匠建造了赵州桥？", "隋朝工匠李春"),
    ("c", "赵州桥由何人主持修建？", "工匠李春"),
    ("d", "2019年的产量是多少？", "产量为3万吨"),
    ("e", "2020年的产量是多少？", "产量为4万吨"),
    ("f", "Who opened the bridge?", "the mayor of Perth"),
    ("g", "By whom was the bridge opened?", "Perth's mayor opened it"),
    ("h", "What does the X200 weigh?", "12 kg"),
    ("i", "What does the X300 weigh?", "12 kg"),
]
ORDER = {id_: at for at, (id_, _, _) in enumerate(SAID)}


def pair(id_: str) -> QAPair:
    _, question, answer = next(one for one in SAID if one[0] == id_)
    evidence = Evidence(match="exact", span=Span(start=0, end=1), quote=answer, score=1)
    return QAPair(id=id_, question=question, answer=answer, evidence=evidence)


def listed(kept: str, duplicates: str = "", conflicts: str = "") -> PairList:
    """A list with couples such as ``ab``: a is a duplicate of b, or in conflict with it."""
    return PairList(
        kept=tuple(map(pair, kept)),
        duplicates=tuple(
            Duplicate(item=pair(two[0]), duplicate_of=pair(two[1]), score=0.9, kind="semantic")
            for two in duplicates.split()
        ),
        conflicts=tuple(
            Conflict(item=pair(two[0]), conflicts_with=pair(two[1]), score=0.9, kind="semantic")
            for two in conflicts.split()
        ),
    )


def never(one: str, other: str) -> bool:
    del one, other
    return False


def merged(pairs: PairList, *couples: str) -> PairList:
    return merge_couples(pairs, {(two[0], two[1]) for two in couples}, never, ORDER)


def ids(pairs: PairList) -> tuple[str, dict[str, str], set[frozenset[str]]]:
    """The kept ones, what the duplicates stand for, and the conflicts."""
    return (
        "".join(one.id for one in pairs.kept),
        {one.item.id: one.duplicate_of.id for one in pairs.duplicates},
        {frozenset((one.item.id, one.conflicts_with.id)) for one in pairs.conflicts},
    )


def test_a_couple_is_one_and_the_fuller_answer_stays() -> None:
    result = merged(listed("ab"), "ab")
    assert ids(result) == ("b", {"a": "b"}, set())
    assert result.duplicates[0].kind == "judged"
    assert ids(merged(listed("fg"), "fg"))[1] != {}


def test_couples_of_couples_are_one() -> None:
    kept, duplicates, _ = ids(merged(listed("abc"), "ab", "bc"))
    assert len(kept) == 1
    assert set(duplicates.values()) == {kept}


def test_what_stood_for_a_merged_pair_stands_for_the_one_that_stays() -> None:
    assert ids(merged(listed("ab", duplicates="ca"), "ab")) == ("b", {"c": "b", "a": "b"}, set())
    assert ids(merged(listed("ab", duplicates="ca"), "bc")) == ("b", {"c": "b", "a": "b"}, set())
    assert ids(merged(listed("abd", conflicts="ad"), "ab"))[2] == set()


def test_where_a_guard_knows_better_it_is_a_conflict_to_settle() -> None:
    for one, other in (("d", "e"), ("h", "i")):
        kept, duplicates, conflicts = ids(merged(listed(one + other), one + other))
        assert (kept, duplicates) == (one + other, {})
        assert conflicts == {frozenset((one, other))}


def test_answers_that_share_nothing_are_not_merged() -> None:
    for couple in ("ad", "fh", "bg"):
        assert merged(listed(couple), couple) == listed(couple)


def test_an_answer_may_have_a_number_that_the_other_leaves_out() -> None:
    said = (
        "It holds 400 people, and has done so since 1990",
        "the rows and boxes together have some 400 seats",
    )
    for first, second in (said, said[::-1]):
        one = pair("a").model_copy(update={"question": "How many may enter?", "answer": first})
        other = pair("b").model_copy(update={"question": "What is its size?", "answer": second})
        pairs = merged(PairList(kept=(one, other)), "ab")
        assert len(pairs.kept) == 1


def test_couples_of_others_change_nothing() -> None:
    pairs = listed("ab", duplicates="ca")
    assert merged(pairs) == pairs
    assert merged(pairs, "xy", "az", "ca") == pairs


def test_near_ones_said_to_be_apart_are_both_kept_in_their_order() -> None:
    pairs = listed("bd", duplicates="ab cb ed")
    result = merge_couples(pairs, (), lambda one, other: {one, other} == {"a", "b"}, ORDER)
    assert ids(result) == ("abd", {"c": "b", "e": "d"}, set())
    exact = pairs.model_copy(
        update={
            "duplicates": tuple(
                one.model_copy(update={"kind": "exact"}) for one in pairs.duplicates
            )
        }
    )
    assert merge_couples(exact, (), lambda *_: True, ORDER) == exact


COUPLES = st.lists(st.sampled_from(["".join(two) for two in combinations(ORDER, 2)]), max_size=12)


@settings(max_examples=200)
@given(couples=COUPLES, apart=COUPLES, data=st.data())
def test_no_pair_is_lost_and_all_stand_for_kept_ones(
    couples: list[str], apart: list[str], data: st.DataObject
) -> None:
    pairs = listed("abdfghi", duplicates="ca ed")
    said = {frozenset(one) for one in apart}

    def is_apart(one: str, other: str) -> bool:
        return frozenset((one, other)) in said

    result = merge_couples(pairs, [(one[0], one[1]) for one in couples], is_apart, ORDER)
    kept, duplicates, conflicts = ids(result)
    assert sorted([*kept, *duplicates]) == sorted(ORDER)
    assert list(kept) == sorted(kept, key=lambda id_: ORDER[id_])
    assert set(duplicates.values()) <= set(kept)
    assert all(couple <= set(kept) for couple in conflicts)
    assert all(one.duplicate_of in result.kept for one in result.duplicates)
    shuffled = data.draw(st.permutations(couples))
    turned = [data.draw(st.permutations(one)) for one in shuffled]
    again = [(one, other) for one, other in turned]
    assert merge_couples(pairs, again, is_apart, ORDER).kept == result.kept
