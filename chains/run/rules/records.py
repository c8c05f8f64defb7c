"""What is asked of the rules, and their word; as objects and as messages between processes."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pairs.compare.verdicts import Hit
from pairs.records import Evidence

if TYPE_CHECKING:
    import numpy as np

    from ...records import SourceFile

Draft = tuple[str, str]
"""Question and answer, as read from a reply."""
Policy = Literal["strict", "keep"]


class File(NamedTuple):
    """A whole file's text.

    Attributes:
        place: Its index among the files of the run.
        text: As the loader read it.
        pages: ``(first character, page)``, in order; empty without pages.
    """

    place: int
    text: str
    pages: Sequence[tuple[int, int]]

    @classmethod
    def of(cls, place: int, read: SourceFile) -> File:
        """A file of the run, by its index."""
        return cls(place, read.text, read.pages)


@dataclass(frozen=True, slots=True)
class Ruling:
    """The rules' word on one pair.

    Attributes:
        evidence: What was found for its answer.
        code: The reason against it, as ``reason_against`` gives it; empty for none.
        fault: The ``kind`` and ``reason`` of an error of ours that kept it from being checked, and
            its ``trace``; empty for none.
    """

    evidence: Evidence
    code: str = ""
    fault: Mapping[str, str] = field(default_factory=dict)

    @property
    def accepts(self) -> bool:
        """Whether nothing stands against the pair."""
        return not (self.code or self.fault)


@dataclass(frozen=True, slots=True)
class Rulings:
    """The rules' word on the pairs of a chunk, in their order.

    Attributes:
        of: Of each.
        fault: As in ``Ruling``, where there is no word on any of them.
    """

    of: Sequence[Ruling]
    fault: Mapping[str, str] = field(default_factory=dict)


def packed(ruling: Ruling) -> dict[str, Any]:
    """A ruling as a message carries it."""
    evidence = ruling.evidence.model_dump(mode="json", exclude_defaults=True)
    return {"evidence": evidence, "code": ruling.code, "fault": ruling.fault}


def unpacked(message: dict[str, Any]) -> Ruling:
    """The ruling that ``packed`` made the message of."""
    evidence = Evidence.model_validate(message["evidence"])
    return Ruling(evidence, message["code"], message["fault"])


def packed_vectors(vectors: np.ndarray) -> dict[str, Any]:
    """Vectors, shape (n, dimensions), float32, as a message carries them."""
    data = base64.b64encode(vectors.tobytes()).decode("ascii")
    return {"width": vectors.shape[1] if len(vectors) else 0, "vectors": data}


def unpacked_vectors(message: dict[str, Any]) -> np.ndarray:
    """The vectors that ``packed_vectors`` made the message of."""
    import numpy as np

    data = np.frombuffer(base64.b64decode(message["vectors"]), dtype=np.float32)
    return data.reshape(-1, message["width"])


def packed_verdict(number: int, hit: Hit | None) -> list[Any]:
    """What comparing says of a pair, as a message carries it."""
    return [number] if hit is None else [number, hit.of, hit.score, hit.kind, hit.agrees]


def unpacked_verdict(message: list[Any]) -> tuple[int, Hit | None]:
    """The verdict that ``packed_verdict`` made the message of."""
    number, *rest = message
    if not rest:
        return number, None
    of, score, kind, agrees = rest
    return number, Hit(of, score, kind, agrees=agrees)
