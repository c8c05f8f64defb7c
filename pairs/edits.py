"""A person's edits to a list: pairs reworded, excluded, merged, written, or kept after all."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from loaders.characters import whole, whole_characters
from loaders.records import Span

from .records import Conflict, Duplicate, Evidence, PairList, QAPair, Reason, Rejected
from .text.normalise import normalise

LEFT_OUT = Reason(code="pair.left_out")
STANDS_FOR_LEFT_OUT = Reason(code="pair.stands_for_left_out")
_NOT_CHECKED = {"verdict": None, "verified": None, "answer_again": "", "objection": ""}
"""What is said of a pair no longer holds when its words are a person's."""


def _is_none(value: object) -> bool:
    return value is None


class Edit(BaseModel):
    """One person's edit of one pair; a field of None is left unchanged.

    An edit with words and a place whose pair is not in the list adds that pair to it.
    """

    model_config = ConfigDict(frozen=True)

    pair: str = Field(description="the pair's id")
    question: str | None = Field(default=None, min_length=1)
    answer: str | None = Field(default=None, min_length=1)
    fate: Literal["kept", "left out", "duplicate"] | None = None
    of: str | None = Field(
        default=None, exclude_if=_is_none, description="id of the pair that a duplicate repeats"
    )
    source: str | None = Field(
        default=None, exclude_if=_is_none, description="document of a pair that a person wrote"
    )
    place: Span | None = Field(
        default=None, exclude_if=_is_none, description="evidence that a person marked"
    )

    @model_validator(mode="before")
    @classmethod
    def _whole_characters(cls, given: Any) -> Any:
        return whole(given)


_NO_EDIT = Edit(pair="")


def pair_id(chunk_id: str, question: str, answer: str) -> str:
    """A pair's id, 12 hex digits: the same in every run that yields the pair."""
    said = whole_characters("\0".join((chunk_id, question, answer)))
    return sha256(said.encode()).hexdigest()[:12]


Ground = Callable[[QAPair, Span | None], Evidence]
"""The evidence of a pair; within a passage that a person marked, where one is given."""


def apply_edits(pairs: PairList, edits: Iterable[Edit], ground: Ground) -> PairList:
    """The list with the edits applied; no pair is lost, but some change their state.

    Where a kept pair is left out, the best of its duplicates takes its place: one a person wants,
    one with evidence, the fullest. The others are duplicates of that one from then on.

    Args:
        pairs: As the run made it.
        edits: At most one per pair; edits of pairs not in the list are ignored, but for those of
            pairs that a person wrote.
        ground: Finds the evidence of a reworded pair.
    """
    wanted = {edit.pair: edit for edit in edits}
    if not wanted:
        return pairs
    kept: list[QAPair] = []
    rejected: list[Rejected] = []
    members: list[_Member] = []
    written = [_written(edit, pairs) for edit in wanted.values() if edit.source is not None]
    made = [(item, None) for item in (*pairs.kept, *written)]
    for item, out in (*made, *((one.item, one) for one in pairs.rejected)):
        pair, edit = _reworded(item, wanted, ground)
        if edit.fate == "duplicate" and edit.of:
            members.append(_Member(pair, item, edit))
        elif edit.fate == "kept" or not (out or edit.fate):
            kept.append(pair)
        else:
            rejected.append(_rejected(pair, out))
    members += [_member(one, wanted, ground) for one in pairs.duplicates]
    kept += [one.pair for one in members if one.edit.fate == "kept"]
    standing = {pair.id: pair for pair in kept if pair.id}
    settled = {edit.pair for edit in wanted.values() if edit.fate == "kept"}
    return _with_duplicates(pairs, kept, rejected, members, standing, settled)


def _rejected(pair: QAPair, made: Rejected | None) -> Rejected:
    """The record of a rejected pair; the one that the run made where nothing has changed."""
    if made is None:
        return Rejected(item=pair, reason=LEFT_OUT)
    return made if pair is made.item else made.model_copy(update={"item": pair})


def _with_duplicates(
    pairs: PairList,
    kept: list[QAPair],
    rejected: list[Rejected],
    members: Sequence[_Member],
    standing: Mapping[str, QAPair],
    settled: Container[str],
) -> PairList:
    """The list, each duplicate with the pair that stands for it now."""
    merged = {one.item.id: one.edit.of for one in members if one.edit.fate == "duplicate"}
    heirs = _heirs(members, standing, merged)
    now = {**standing, **{first: heir.pair for first, heir in heirs.items()}}
    duplicates: list[Duplicate] = []
    for one in members:
        first = _standing(one.first, merged)
        stands = (standing if one.same else now).get(first) if first else one.was_first
        if one.edit.fate == "kept":
            continue
        if heirs.get(first) is one:
            kept.append(one.pair)
        elif one.edit.fate == "left out":
            rejected.append(Rejected(item=one.pair, reason=LEFT_OUT))
        elif stands is None:
            rejected.append(Rejected(item=one.pair, reason=STANDS_FOR_LEFT_OUT))
        else:
            duplicates.append(one.of(stands))
    return pairs.model_copy(
        update={
            "kept": tuple(_in_order(kept, pairs)),
            "duplicates": tuple(duplicates),
            "rejected": tuple(rejected),
            "conflicts": tuple(_remaining(pairs.conflicts, now, settled)),
        }
    )


@dataclass(frozen=True)
class _Member:
    """A pair that repeats another one, its edit applied.

    Attributes:
        pair: With the edit applied.
        item: As the run made it.
        edit: Empty where there is none.
        made: What the run said of it, where that found it to be a duplicate.
    """

    pair: QAPair
    item: QAPair
    edit: Edit
    made: Duplicate | None = None

    @property
    def first(self) -> str:
        """The id of the pair it repeats."""
        if self.edit.fate == "duplicate" and self.edit.of:
            return self.edit.of
        return self.made.duplicate_of.id if self.made else ""

    @property
    def was_first(self) -> QAPair | None:
        """The pair it repeated when the list was made."""
        return self.made.duplicate_of if self.made else None

    @property
    def same(self) -> bool:
        """Whether it is the kept pair's words from its passage, so that both have one id."""
        return self.made is not None and self.item.id == self.made.duplicate_of.id

    def of(self, stands: QAPair) -> Duplicate:
        """The record of a duplicate of a pair that stands in the list."""
        made = self.made
        if made is None or self.edit.fate == "duplicate":
            return Duplicate(item=self.pair, duplicate_of=stands, score=0, kind="person")
        if self.pair is made.item and stands == made.duplicate_of:
            return made
        return made.model_copy(update={"item": self.pair, "duplicate_of": stands})

    def rank(self) -> tuple[bool, bool, int]:
        """Sort key: the best comes first."""
        fullness = len(normalise(self.pair.answer))
        return self.edit.fate != "kept", self.pair.evidence.match == "none", -fullness


def _standing(first: str, merged: Mapping[str, str | None]) -> str:
    """The pair that stands at the end of a row of merged ones."""
    seen = {first}
    while (further := merged.get(first)) and further not in seen:
        seen.add(further)
        first = further
    return first


def _heirs(
    members: Iterable[_Member],
    standing: Mapping[str, QAPair],
    merged: Mapping[str, str | None],
) -> dict[str, _Member]:
    """For each kept pair that was left out the duplicate that takes its place, if any."""
    orphans = [
        (first, member)
        for member in members
        if (first := _standing(member.first, merged))
        and first not in standing
        and member.edit.fate != "left out"
        and not member.same
    ]
    heirs: dict[str, _Member] = {}
    for first, member in sorted(orphans, key=lambda one: one[1].rank()):
        heirs.setdefault(first, member)
    return heirs


def _member(duplicate: Duplicate, wanted: Mapping[str, Edit], ground: Ground) -> _Member:
    item = duplicate.item
    if item.id == duplicate.duplicate_of.id:
        # What was asked of an id that both have is asked of the kept pair.
        return _Member(item, item, Edit(pair=item.id), duplicate)
    pair, edit = _reworded(item, wanted, ground)
    return _Member(pair, item, edit, duplicate)


def _written(edit: Edit, pairs: PairList) -> QAPair:
    """The pair that a person wrote, without its evidence."""
    at = edit.place.start if edit.place else 0
    chunks = (one for one in pairs.chunks if one.source == edit.source)
    return QAPair(
        id=edit.pair,
        question=edit.question or "?",
        answer=edit.answer or "?",
        evidence=Evidence(match="none"),
        edited=True,
        written=True,
        source=edit.source or "",
        chunk_id=next((one.chunk_id for one in chunks if one.span.start <= at < one.span.end), ""),
    )


def _reworded(pair: QAPair, wanted: Mapping[str, Edit], ground: Ground) -> tuple[QAPair, Edit]:
    """The pair with its edit applied, and that edit; an empty one where there is none."""
    edit = wanted.get(pair.id) if pair.id else None
    if edit is None:
        return pair, _NO_EDIT
    question, answer = edit.question or pair.question, edit.answer or pair.answer
    if edit.place or pair.written or (question, answer) != (pair.question, pair.answer):
        changed = {"question": question, "answer": answer, "edited": True}
        pair = pair.model_copy(update={**changed, **_NOT_CHECKED})
        evidence = ground(pair, edit.place)
        pair = pair.model_copy(update={"evidence": evidence, "page": evidence.page or pair.page})
    elif edit.fate == "kept" and pair.doubtful:
        pair = pair.model_copy(update={"verified": None, "objection": ""})  # a person knows better
    return pair, edit


def _in_order(kept: list[QAPair], pairs: PairList) -> list[QAPair]:
    """The kept pairs in the order of their chunks."""
    place = {chunk.chunk_id: at for at, chunk in enumerate(pairs.chunks)}
    return sorted(kept, key=lambda pair: place.get(pair.chunk_id, len(place)))


def _remaining(
    conflicts: Iterable[Conflict], now: Mapping[str, QAPair], settled: Container[str]
) -> Iterable[Conflict]:
    """The conflicts of which both pairs are still in the list, and not both by a person's word."""
    for one in conflicts:
        item, other = now.get(one.item.id), now.get(one.conflicts_with.id)
        both = one.item.id in settled and one.conflicts_with.id in settled
        if item and other and not both:
            yield one.model_copy(update={"item": item, "conflicts_with": other})
