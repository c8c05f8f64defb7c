"""A person's edits to a list: pairs reworded, excluded, or kept in spite of a rejection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from loaders.characters import whole, whole_characters

from .records import Conflict, Duplicate, Evidence, PairList, QAPair, Reason, Rejected
from .text.normalise import normalise

LEFT_OUT = Reason(code="pair.left_out")
STANDS_FOR_LEFT_OUT = Reason(code="pair.stands_for_left_out")
_NOT_CHECKED = {"verdict": None, "verified": None, "answer_again": "", "objection": ""}
"""What is said of a pair no longer holds when its words are a person's."""


class Edit(BaseModel):
    """One person's edit of one pair; a field of None is left unchanged."""

    model_config = ConfigDict(frozen=True)

    pair: str = Field(description="the pair's id")
    question: str | None = Field(default=None, min_length=1)
    answer: str | None = Field(default=None, min_length=1)
    fate: Literal["kept", "left out"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _whole_characters(cls, given: Any) -> Any:
        return whole(given)


def pair_id(chunk_id: str, question: str, answer: str) -> str:
    """A pair's id, 12 hex digits: the same in every run that yields the pair."""
    said = whole_characters("\0".join((chunk_id, question, answer)))
    return sha256(said.encode()).hexdigest()[:12]


def apply_edits(
    pairs: PairList, edits: Iterable[Edit], ground: Callable[[QAPair], Evidence]
) -> PairList:
    """The list with the edits applied; no pair is lost, but some change their state.

    Where a kept pair is left out, the best of its duplicates takes its place: one a person wants,
    one with evidence, the fullest. The others are duplicates of that one from then on.

    Args:
        pairs: As the run made it.
        edits: At most one per pair; edits of pairs not in the list are ignored.
        ground: Finds the evidence of a reworded pair.
    """
    wanted = {edit.pair: edit for edit in edits}
    if not wanted:
        return pairs
    kept: list[QAPair] = []
    rejected: list[Rejected] = []
    standing: dict[str, QAPair] = {}
    for item in pairs.kept:
        pair, fate = _reworded(item, wanted, ground)
        if fate == "left out":
            rejected.append(Rejected(item=pair, reason=LEFT_OUT))
        else:
            kept.append(pair)
            standing[item.id] = pair
    members = [_member(one, wanted, ground) for one in pairs.duplicates]
    heirs = _heirs(members, standing)
    now = standing | {first: heir.pair for first, heir in heirs.items()}
    duplicates: list[Duplicate] = []
    for one in members:
        first = one.duplicate.duplicate_of
        stands = (standing if one.same else now).get(first.id) if first.id else first
        if one.fate == "kept" or heirs.get(first.id) is one:
            kept.append(one.pair)
        elif one.fate == "left out":
            rejected.append(Rejected(item=one.pair, reason=LEFT_OUT))
        elif stands is None:
            rejected.append(Rejected(item=one.pair, reason=STANDS_FOR_LEFT_OUT))
        else:
            update = {"item": one.pair, "duplicate_of": stands}
            duplicates.append(one.duplicate.model_copy(update=update))
    for out in pairs.rejected:
        pair, fate = _reworded(out.item, wanted, ground)
        if fate == "kept":
            kept.append(pair)
        else:
            rejected.append(out.model_copy(update={"item": pair}))
    return pairs.model_copy(
        update={
            "kept": tuple(_in_order(kept, pairs)),
            "duplicates": tuple(duplicates),
            "rejected": tuple(rejected),
            "conflicts": tuple(_remaining(pairs.conflicts, now)),
        }
    )


@dataclass(frozen=True)
class _Member:
    """A duplicate, its pair with the edit applied, and the state the edit asks for."""

    duplicate: Duplicate
    pair: QAPair
    fate: str | None

    @property
    def same(self) -> bool:
        """Whether it is the kept pair's words from its passage, so that both have one id."""
        return self.duplicate.item.id == self.duplicate.duplicate_of.id

    def rank(self) -> tuple[bool, bool, int]:
        """Sort key: the best comes first."""
        fullness = len(normalise(self.pair.answer))
        return self.fate != "kept", self.pair.evidence.match == "none", -fullness


def _heirs(members: Iterable[_Member], standing: Mapping[str, QAPair]) -> dict[str, _Member]:
    """For each kept pair that was left out the duplicate that takes its place, if any."""
    orphans = [
        member
        for member in members
        if (first := member.duplicate.duplicate_of.id)
        and first not in standing
        and member.fate != "left out"
        and not member.same
    ]
    heirs: dict[str, _Member] = {}
    for member in sorted(orphans, key=_Member.rank):
        heirs.setdefault(member.duplicate.duplicate_of.id, member)
    return heirs


def _member(
    duplicate: Duplicate, wanted: Mapping[str, Edit], ground: Callable[[QAPair], Evidence]
) -> _Member:
    member = _Member(duplicate, duplicate.item, None)
    # What was asked of an id that both have is asked of the kept pair.
    return member if member.same else _Member(duplicate, *_reworded(duplicate.item, wanted, ground))


def _reworded(
    pair: QAPair, wanted: Mapping[str, Edit], ground: Callable[[QAPair], Evidence]
) -> tuple[QAPair, str | None]:
    """The pair with its edit applied, and the state the edit asks for; None for none."""
    edit = wanted.get(pair.id) if pair.id else None
    if edit is None:
        return pair, None
    question, answer = edit.question or pair.question, edit.answer or pair.answer
    if (question, answer) != (pair.question, pair.answer):
        changed = {"question": question, "answer": answer, "edited": True}
        pair = pair.model_copy(update={**changed, **_NOT_CHECKED})
        evidence = ground(pair)
        pair = pair.model_copy(update={"evidence": evidence, "page": evidence.page or pair.page})
    elif edit.fate == "kept" and pair.doubtful:
        pair = pair.model_copy(update={"verified": None, "objection": ""})  # a person knows better
    return pair, edit.fate


def _in_order(kept: list[QAPair], pairs: PairList) -> list[QAPair]:
    """The kept pairs in the order of their chunks."""
    place = {chunk.chunk_id: at for at, chunk in enumerate(pairs.chunks)}
    return sorted(kept, key=lambda pair: place.get(pair.chunk_id, len(place)))


def _remaining(conflicts: Iterable[Conflict], now: Mapping[str, QAPair]) -> Iterable[Conflict]:
    """The conflicts of which both pairs are still kept."""
    for one in conflicts:
        item, other = now.get(one.item.id), now.get(one.conflicts_with.id)
        if item and other:
            yield one.model_copy(update={"item": item, "conflicts_with": other})
