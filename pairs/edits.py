"""A person's edits to a list: pairs reworded, excluded, or kept in spite of a rejection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from loaders.characters import whole, whole_characters

from .records import Conflict, Duplicate, Evidence, PairList, QAPair, Reason, Rejected

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

    Duplicates of an excluded pair are excluded with it: it is the question that was left out.

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
    now: dict[str, QAPair] = {}
    for item in pairs.kept:
        pair, fate = _reworded(item, wanted, ground)
        if fate == "left out":
            rejected.append(Rejected(item=pair, reason=LEFT_OUT))
        else:
            kept.append(pair)
            now[item.id] = pair
    duplicates: list[Duplicate] = []
    for one in pairs.duplicates:
        # The same words from the same passage have one id, and what was asked is asked of the
        # kept one.
        same = one.item.id == one.duplicate_of.id
        pair, fate = (one.item, None) if same else _reworded(one.item, wanted, ground)
        stands = now.get(one.duplicate_of.id) if one.duplicate_of.id else one.duplicate_of
        if fate == "kept":
            kept.append(pair)
        elif fate == "left out":
            rejected.append(Rejected(item=pair, reason=LEFT_OUT))
        elif stands is None:
            rejected.append(Rejected(item=pair, reason=STANDS_FOR_LEFT_OUT))
        else:
            duplicates.append(one.model_copy(update={"item": pair, "duplicate_of": stands}))
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
