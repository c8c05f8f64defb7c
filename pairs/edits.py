"""What a person changed in a list: pairs reworded, left out, or kept against our judgement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from loaders.characters import whole, whole_characters

from .records import Conflict, Duplicate, Evidence, PairList, QAPair, Reason, Rejected

LEFT_OUT = Reason(code="pair.left_out")
STANDS_FOR_LEFT_OUT = Reason(code="pair.stands_for_left_out")


class Edit(BaseModel):
    """What a person wants of one pair; None leaves a thing as it was made."""

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
    """A pair's id, the same in every run that makes it: 12 hex digits."""
    said = whole_characters("\0".join((chunk_id, question, answer)))
    return sha256(said.encode()).hexdigest()[:12]


def apply_edits(
    pairs: PairList, edits: Iterable[Edit], ground: Callable[[QAPair], Evidence]
) -> PairList:
    """The list as a person wants it; every pair of before is still in it, in one state or other.

    Duplicates follow the pair that stands for them: it is the question that was left out.

    Args:
        pairs: As the run made it.
        edits: At most one a pair; those of pairs the list does not hold are passed over.
        ground: The evidence for a pair's new words.
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
            "conflicts": tuple(_still(pairs.conflicts, now)),
        }
    )


def _reworded(
    pair: QAPair, wanted: Mapping[str, Edit], ground: Callable[[QAPair], Evidence]
) -> tuple[QAPair, str | None]:
    """A pair in a person's words, and what is to become of it."""
    edit = wanted.get(pair.id) if pair.id else None
    if edit is None:
        return pair, None
    question, answer = edit.question or pair.question, edit.answer or pair.answer
    if (question, answer) != (pair.question, pair.answer):
        changed = {"question": question, "answer": answer, "edited": True}
        pair = pair.model_copy(update=changed)
        evidence = ground(pair)
        pair = pair.model_copy(update={"evidence": evidence, "page": evidence.page or pair.page})
    return pair, edit.fate


def _in_order(kept: list[QAPair], pairs: PairList) -> list[QAPair]:
    """The kept pairs in the order of their chunks."""
    place = {chunk.chunk_id: at for at, chunk in enumerate(pairs.chunks)}
    return sorted(kept, key=lambda pair: place.get(pair.chunk_id, len(place)))


def _still(conflicts: Iterable[Conflict], now: Mapping[str, QAPair]) -> Iterable[Conflict]:
    """The conflicts between pairs that are both still kept."""
    for one in conflicts:
        item, other = now.get(one.item.id), now.get(one.conflicts_with.id)
        if item and other:
            yield one.model_copy(update={"item": item, "conflicts_with": other})
